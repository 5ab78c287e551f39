#include "cli/grep/block_walk.h"

#include <algorithm>

#include "base/ordered_pool.h"
#include "codecs/log/search.h"
#include "codecs/log/streams.h"
#include "container/base_file.h"
#include "container/block.h"
#include "container/catalog.h"

namespace pith::grep {
namespace {

// What a search in a log block may take beside what decoding it takes.
constexpr uint64_t kSearchMemory = uint64_t{64} << 20;

struct BlockRef {
  const StreamInfo* stream;
  FrameInfo frame;
};

// What became of a block.
struct Outcome {
  bool is_decoded = false;
  ByteBuffer raw;
  // If not decoded: no line of it can match but these, which were counted, or those of `found`.
  log::BlockSummary summary;
  uint64_t matching = 0;
  log::Found found;
};

// A thread's working areas.
struct Worker {
  CodecScratch scratch;
  std::shared_ptr<log::Workspace> workspace = log::make_workspace();
};

class BlockWalk {
 public:
  BlockWalk(const RandomAccess& file, const GrepOptions& options, const Matcher& matcher,
            FileSearch& search)
      : file_(file), options_(options), search_(search) {
    query_.alternatives = matcher.required().alternatives;
    query_.fold_case = matcher.folds_case();
    query_.exact = matcher.is_required_exact();
  }

  // Finds the blocks; false if none can be passed over.
  Result<bool> open() {
    for (const auto& strings : query_.alternatives) {
      if (strings.empty()) return false;
    }
    // What is selected must be known from what matches, and without looking at lines.
    counts_ = query_.exact && !options_.prints_lines() && options_.max_count == UINT64_MAX;
    query_.counts = counts_;
    if (options_.invert && !counts_) return false;
    auto catalog = read_catalog(file_);
    if (!catalog) return false;  // whoever reads it from the front tells where it is damaged
    PITH_TRY(check_base(file_, *catalog, nullptr));
    streams_ = std::move(catalog->streams);
    bool has_log = false;
    for (const StreamInfo& stream : streams_) {
      auto frames = read_frames(file_, stream);
      if (!frames || !check_codecs(file_, stream, *frames)) return false;
      for (const FrameInfo& frame : *frames) {
        if (!frame.is_data()) continue;
        has_log = has_log || frame.entry.codec == static_cast<uint16_t>(CodecId::kLog);
        blocks_.push_back({&stream, frame});
      }
    }
    return has_log;
  }

  // Fewer threads first, then kLimit.
  Result<unsigned> threads_for(unsigned threads, uint64_t memory_limit) const {
    uint64_t largest = 1;
    for (const StreamInfo& stream : streams_) {
      largest = std::max(largest, stream.header.max_memory_kib() * 1024 +
                                      2 * stream.header.max_block() + kSearchMemory);
    }
    const uint64_t fit = memory_limit / largest;
    if (fit == 0) return fail(ErrorCode::kLimit, "a search needs more memory (--memlimit)");
    return static_cast<unsigned>(std::min<uint64_t>(threads, fit));
  }

  Result<void> run(unsigned threads) {
    std::vector<Worker> workers(threads + 1);
    OrderedPool<size_t, Result<Outcome>> pool(
        threads, [&](size_t&& i, unsigned worker) { return look_at(i, workers[worker]); });
    size_t next = 0;
    for (size_t i = 0; i < blocks_.size() && !search_.is_done(); ++i) {
      while (next < blocks_.size() && !pool.full()) pool.submit(next++);
      PITH_ASSIGN(const Outcome outcome, pool.take());
      PITH_TRY(take(i, outcome, workers.back()));
    }
    return {};
  }

 private:
  Result<Outcome> look_at(size_t i, Worker& worker) const {
    const BlockRef& block = blocks_[i];
    if (block.frame.entry.codec != static_cast<uint16_t>(CodecId::kLog)) {
      return decoded(i, worker);
    }
    Outcome outcome;
    ByteBuffer front(std::min<size_t>(log::kSummaryBytes, block.frame.entry.payload_size));
    PITH_TRY(file_.read_at(block.frame.file_offset + kFrameHeaderSize, front));
    const auto summary = log::summarise(front, query_);
    // Damage is told by whoever checks the payload.
    if (!summary || (summary->has_nul && !options_.text) ||
        (query_.fold_case && !summary->is_ascii)) {
      return decoded(i, worker);
    }
    outcome.summary = *summary;
    if (!summary->may_match) return outcome;
    PITH_ASSIGN(const FrameHeader header, read_frame_header(file_, *block.stream, block.frame));
    PITH_ASSIGN(const ByteBuffer payload, read_payload(file_, block.frame));
    MemoryBudget budget(uint64_t{header.memory_kib} * 1024 + kSearchMemory);
    auto found = log::search_block(payload, header.raw_size, query_, budget, *worker.workspace);
    if (!found) return decoded(header, payload, worker);
    switch (found->kind) {
      case log::Found::Kind::kNone:
        return outcome;
      case log::Found::Kind::kCount:
        outcome.matching = found->lines;
        return outcome;
      case log::Found::Kind::kLines:
        // What stands around them may be printed too.
        if (options_.has_context) break;
        outcome.found = std::move(*found);
        return outcome;
      case log::Found::Kind::kMaybe:
        break;
    }
    return decoded(header, payload, worker);
  }

  static Result<Outcome> decoded(const FrameHeader& header, ByteView payload, Worker& worker) {
    Outcome outcome;
    outcome.is_decoded = true;
    PITH_ASSIGN(outcome.raw, decode_block(header, payload, worker.scratch));
    return outcome;
  }
  Result<Outcome> decoded(size_t i, Worker& worker) const {
    const BlockRef& block = blocks_[i];
    PITH_ASSIGN(const FrameHeader header, read_frame_header(file_, *block.stream, block.frame));
    PITH_ASSIGN(const ByteBuffer payload, read_payload(file_, block.frame));
    return decoded(header, payload, worker);
  }

  Result<void> take(size_t i, const Outcome& outcome, Worker& worker) {
    if (!outcome.is_decoded) {
      const bool whole_lines =
          search_.is_at_line_start() && (outcome.summary.ends_with_lf || i + 1 == blocks_.size());
      if (whole_lines && !search_.wants_context()) {
        if (!outcome.found.numbers.empty()) return take_lines(i, outcome);
        const uint64_t lines = outcome.summary.lines;
        search_.pass(blocks_[i].frame.entry.raw_size, lines,
                     options_.invert ? lines - outcome.matching : outcome.matching);
        ++passed_;
        return {};
      }
      PITH_ASSIGN(const Outcome again, decoded(i, worker));
      passed_ = 0;
      return search_.feed(as_text(again.raw));
    }
    if (passed_ > 0 && options_.before > 0) PITH_TRY(catch_up(i, worker));
    passed_ = 0;
    return search_.feed(as_text(outcome.raw));
  }

  // Some lines of a block are searched, the others are passed.
  Result<void> take_lines(size_t i, const Outcome& outcome) {
    const auto pass = [&](uint64_t bytes, uint64_t lines) {
      search_.pass(bytes, lines, options_.invert ? lines : 0);
    };
    const std::string_view text = outcome.found.text;
    uint64_t line = 0;
    size_t at = 0;
    for (const uint32_t number : outcome.found.numbers) {
      if (search_.is_done()) return {};
      if (number > line) pass(0, number - line);
      const size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
      PITH_TRY(search_.feed(text.substr(at, end - at)));
      at = end;
      line = uint64_t{number} + 1;
    }
    pass(blocks_[i].frame.entry.raw_size -
             std::min<uint64_t>(blocks_[i].frame.entry.raw_size, text.size()),
         outcome.summary.lines - line);
    passed_ = 0;
    return {};
  }

  // The last lines of the blocks that were passed over just now may be context of what follows.
  Result<void> catch_up(size_t i, Worker& worker) {
    std::string tail;
    for (size_t k = i; passed_ > 0; --passed_) {
      PITH_ASSIGN(const Outcome before, decoded(--k, worker));
      tail.insert(0, as_text(before.raw));
      const auto lines = static_cast<uint64_t>(std::count(tail.begin(), tail.end(), '\n'));
      if (lines >= options_.before) break;
    }
    search_.remember(tail);
    return {};
  }

  const RandomAccess& file_;
  const GrepOptions& options_;
  FileSearch& search_;
  log::Query query_;
  bool counts_ = false;
  std::vector<StreamInfo> streams_;
  std::vector<BlockRef> blocks_;
  size_t passed_ = 0;  // blocks in a row, up to now
};

}  // namespace

Result<bool> search_blocks(const RandomAccess& file, const GrepOptions& options,
                           const Matcher& matcher, unsigned threads, uint64_t memory_limit,
                           FileSearch& search) {
  BlockWalk walk(file, options, matcher, search);
  PITH_ASSIGN(const bool useful, walk.open());
  if (!useful) return false;
  PITH_ASSIGN(const unsigned fitting, walk.threads_for(threads, memory_limit));
  PITH_TRY(walk.run(fitting));
  return true;
}

}  // namespace pith::grep

#include "container/recover.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <new>

#include "base/ordered_pool.h"
#include "container/block.h"
#include "container/reader.h"
#include "container/recover_plan.h"

namespace pith {
namespace {

constexpr const char* kNoIntactBlock = "no intact block holds these bytes";

uint64_t decode_memory(const FrameHeader& header) {
  return uint64_t{header.memory_kib} * 1024 + header.raw_size;
}

// The number of threads for which the memory suffices: each has a block in work and one waiting.
unsigned affordable_threads(const ScannedFile& file, const RecoveryPlan& plan,
                            const RecoverOptions& options) {
  uint64_t largest = 1;
  for (const PlannedStream& stream : plan.streams) {
    for (const uint64_t block : stream.blocks) {
      const FrameHeader header = file.frame({.position = block, .salt = stream.salt});
      const uint64_t memory = decode_memory(header);
      if (memory <= options.memory_limit) largest = std::max(largest, memory + header.raw_size);
    }
  }
  const uint64_t affordable = std::max<uint64_t>(1, options.memory_limit / largest);
  return static_cast<unsigned>(std::min<uint64_t>(std::max(1U, options.threads), affordable));
}

std::vector<CodecScratch> scratch_for(unsigned threads, const BaseFile* base) {
  std::vector<CodecScratch> scratch;
  for (unsigned i = 0; i < threads; ++i) scratch.emplace_back(content_of(base));
  return scratch;
}

// kUsage if one of the streams is coded against a base that is not there. Where the record of the
// base is lost, the blocks' hashes tell whether it is the right one.
Result<void> check_bases(const ScannedFile& file, const RecoveryPlan& plan, const BaseFile* base) {
  const auto is_planned = [&](uint32_t salt) {
    return std::any_of(plan.streams.begin(), plan.streams.end(), [&](const auto& stream) {
      return stream.salt == salt && !stream.blocks.empty();
    });
  };
  for (const Record& record : file.records) {
    if (!is_planned(record.salt)) continue;
    if (record.type == RecordType::kFrame && record.kind == FrameKind::kMetadata) {
      const auto records = parse_metadata(file.payload(record));
      const auto wanted = records ? BaseIdentity::find(*records) : std::nullopt;
      if (!wanted || !*wanted) continue;
      PITH_TRY(check_base(**wanted, base == nullptr ? nullptr : &base->identity()));
    }
  }
  for (const Record& record : file.records) {
    if (base != nullptr || record.type != RecordType::kStreamHeader || !is_planned(record.salt) ||
        !file.stream_header(record).needs_base()) {
      continue;
    }
    return fail(ErrorCode::kUsage, "is coded against a base, which --base must name");
  }
  return {};
}

// Decodes the planned blocks on several threads; writes them and the holes between them in order.
class Restorer {
 public:
  Restorer(const ScannedFile& file, const RecoverOptions& options, unsigned threads, Sink& out)
      : file_(file),
        options_(options),
        out_(out),
        scratch_(scratch_for(threads, options.base)),
        pool_(threads,
              [this](FrameJob&& job, unsigned worker) { return decode(job, scratch_[worker]); }) {}

  Result<RecoverReport> run(const RecoveryPlan& plan) {
    report_.duplicates = plan.duplicates;
    report_.candidates_skipped = file_.candidates_skipped;
    for (const PlannedStream& stream : plan.streams) PITH_TRY(restore(stream));
    PITH_TRY(out_.finish());
    return std::move(report_);
  }

  // Why no block came back, if it was the codecs.
  const std::optional<std::string>& unsupported() const { return unsupported_; }

 private:
  struct FrameJob {
    FrameHeader header;
    ByteView payload;
  };

  Result<ByteBuffer> decode(const FrameJob& job, CodecScratch& scratch) const {
    const uint64_t memory = decode_memory(job.header);
    if (memory > options_.memory_limit) {
      return fail(ErrorCode::kLimit,
                  fmt::format("a block needs {} bytes of memory, more than allowed", memory));
    }
    return decode_block(job.header, job.payload, scratch);
  }

  Result<void> restore(const PlannedStream& stream) {
    const uint64_t recovered_before = report_.blocks_recovered;
    const uint64_t lost_before = report_.blocks_lost;
    position_ = 0;
    for (const uint64_t block : stream.blocks) {
      if (options_.stop.stop_requested()) return fail(ErrorCode::kCancelled, "cancelled");
      while (pool_.full()) PITH_TRY(write_next());
      const Record record{.position = block, .salt = stream.salt};
      const FrameJob job{file_.frame(record), file_.payload(record)};
      waiting_.push_back(job.header);
      pool_.submit(job);
    }
    while (!pool_.empty()) PITH_TRY(write_next());
    PITH_TRY(lose_up_to(stream.raw_size));
    if (!stream.size_known()) {
      report_.lost.push_back({report_.raw_size, 0, false, stream.open_end});
      ++report_.blocks_lost;
    }
    if (stream.all_blocks) {
      const uint64_t recovered = report_.blocks_recovered - recovered_before;
      report_.blocks_lost =
          lost_before + (*stream.all_blocks > recovered ? *stream.all_blocks - recovered : 0);
    }
    if (stream.is_stream) ++report_.streams;
    return {};
  }

  // Writes the oldest block in the pool and the hole in front of it.
  Result<void> write_next() {
    const FrameHeader header = waiting_.front();
    waiting_.pop_front();
    const Result<ByteBuffer> raw = pool_.take();
    PITH_TRY(lose_up_to(header.raw_offset));
    if (!raw) {
      if (raw.error().code == ErrorCode::kUnsupported) unsupported_ = raw.error().message;
      return lose(header.raw_size, raw.error().message);
    }
    PITH_TRY(out_.write(*raw));
    position_ += raw->size();
    report_.raw_size += raw->size();
    report_.recovered += raw->size();
    ++report_.blocks_recovered;
    return {};
  }

  Result<void> lose_up_to(uint64_t raw_offset) {
    return raw_offset > position_ ? lose(raw_offset - position_, kNoIntactBlock) : Result<void>();
  }

  Result<void> lose(uint64_t size, const std::string& reason) {
    const bool continues =
        !report_.lost.empty() && report_.lost.back().size_known &&
        report_.lost.back().reason == reason &&
        report_.lost.back().offset + report_.lost.back().size == report_.raw_size;
    if (continues) {
      report_.lost.back().size += size;
    } else {
      report_.lost.push_back({report_.raw_size, size, true, reason});
    }
    ++report_.blocks_lost;
    position_ += size;
    report_.raw_size += size;
    return options_.fill_holes ? write_zeros(size) : Result<void>();
  }

  Result<void> write_zeros(uint64_t size) {
    static constexpr std::array<std::byte, size_t{1} << 16> kZeros{};
    while (size > 0) {
      const auto piece = static_cast<size_t>(std::min<uint64_t>(size, kZeros.size()));
      PITH_TRY(out_.write(ByteView(kZeros).first(piece)));
      size -= piece;
    }
    return {};
  }

  const ScannedFile& file_;
  const RecoverOptions& options_;
  Sink& out_;
  RecoverReport report_;
  uint64_t position_ = 0;  // raw offset in the stream
  std::optional<std::string> unsupported_;
  std::deque<FrameHeader> waiting_;  // of the blocks in the pool
  std::vector<CodecScratch> scratch_;
  OrderedPool<FrameJob, Result<ByteBuffer>> pool_;  // last: its threads use the others
};

Result<void> check_size(const RecoveryPlan& plan, uint64_t max_output) {
  uint64_t left = max_output;
  for (const PlannedStream& stream : plan.streams) {
    if (stream.raw_size > left) {
      return fail(ErrorCode::kLimit, "the output would be larger than allowed");
    }
    left -= stream.raw_size;
  }
  return {};
}

Result<RecoverReport> recover_checked(ByteView file, Sink& out, const RecoverOptions& options) {
  ScanBudget budget(file.size());
  const ScannedFile scanned = scan_records(file, budget, options.stop);
  if (options.stop.stop_requested()) return fail(ErrorCode::kCancelled, "cancelled");
  const RecoveryPlan plan = plan_recovery(scanned, budget);
  const bool intact_if_empty = std::all_of(
      plan.streams.begin(), plan.streams.end(),
      [](const PlannedStream& stream) { return stream.size_known() && stream.raw_size == 0; });
  const bool any_block = std::any_of(plan.streams.begin(), plan.streams.end(),
                                     [](const auto& stream) { return !stream.blocks.empty(); });
  if (!any_block && scanned.unsupported) {
    return fail(ErrorCode::kUnsupported, *scanned.unsupported);
  }
  if (plan.streams.empty() || (!any_block && !intact_if_empty)) {
    return fail(ErrorCode::kDamaged, "no intact block was found");
  }
  PITH_TRY(check_bases(scanned, plan, options.base));
  PITH_TRY(check_size(plan, options.max_output));
  Restorer restorer(scanned, options, affordable_threads(scanned, plan, options), out);
  PITH_ASSIGN(RecoverReport report, restorer.run(plan));
  if (report.blocks_recovered == 0 && !report.complete()) {
    if (restorer.unsupported()) return fail(ErrorCode::kUnsupported, *restorer.unsupported());
    return fail(ErrorCode::kDamaged, "no block could be decoded: " + report.lost.front().reason);
  }
  return report;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + '"';
}

}  // namespace

Result<RecoverReport> recover(ByteView file, Sink& out, const RecoverOptions& options) {
  try {
    return recover_checked(file, out, options);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kLimit, "not enough memory to list what is in the file");
  }
}

std::string to_json(const RecoverReport& report) {
  std::string out = fmt::format(
      "{{\n  \"complete\": {},\n  \"raw_size\": {},\n  \"recovered\": {},\n  \"streams\": {},\n"
      "  \"blocks_recovered\": {},\n  \"blocks_lost\": {},\n  \"duplicates\": {},\n  \"lost\": [",
      report.complete(), report.raw_size, report.recovered, report.streams, report.blocks_recovered,
      report.blocks_lost, report.duplicates);
  const char* separator = "\n";
  for (const LostRange& range : report.lost) {
    out += fmt::format("{}    {{\"offset\": {}, \"size\": {}, \"reason\": {}}}", separator,
                       range.offset, range.size_known ? fmt::format("{}", range.size) : "null",
                       json_string(range.reason));
    separator = ",\n";
  }
  return out + (report.lost.empty() ? "]\n}\n" : "\n  ]\n}\n");
}

}  // namespace pith

#include "container/recover_streams.h"

#include <algorithm>

#include "container/reader.h"
#include "container/recover_chains.h"

namespace pith {
namespace {

// A file made to hurt could ask for work that grows with the square of its size.
constexpr uint64_t kMaxComparisons = uint64_t{1} << 20;

constexpr size_t kNearFrames = 4;          // searched for nested records, in either direction
constexpr uint64_t kUsualRatio = 256;      // original to compressed, at most
constexpr uint64_t kUsualMetadata = 4096;  // bytes between a stream header and the first block

class StreamFinder {
 public:
  StreamFinder(const ScannedFile& file, ScanBudget& budget)
      : file_(file), records_(file.records), budget_(budget), chains_(file) {}

  std::vector<FoundStream> run() {
    while (next_ < records_.size()) take(outermost());
    note_stretch(file_.bytes.size());
    return std::move(streams_);
  }

 private:
  // ---- Which stream is the next record part of, or nested in?

  Sighting outermost() {
    Sighting best = chains_.sight(chains_.link_from(records_[next_].salt, next_));
    if (begins_here(best) && !best.is_lone_frame()) return best;
    const std::vector<size_t>& headless = chains_.headless();
    for (auto later = std::upper_bound(headless.begin(), headless.end(), next_);
         later != headless.end() && comparisons_ < kMaxComparisons; ++later, ++comparisons_) {
      const uint32_t salt = records_[*later].salt;
      const size_t first = chains_.link_from(salt, next_);
      if (salt == best.salt || chains_.record(first) != *later) continue;
      const Sighting other = chains_.sight(first);
      if (!encloses(other, best)) continue;
      best = other;
      if (begins_here(best)) break;
    }
    return best;
  }

  // True if the stream begins exactly where the one before it ended, or at the start of the file.
  bool begins_here(const Sighting& seen) const { return boundary_ && seen.start == boundary_; }

  // True if `inner` lies in blocks of `outer` that were destroyed. No record of `outer` precedes
  // those of `inner`.
  bool encloses(const Sighting& outer, const Sighting& inner) {
    if (begins_here(outer)) return true;
    if (!outer.has_frame || outer.is_lone_frame()) return false;
    const uint64_t position = inner.position;
    if (outer.start ? *outer.start >= position : !could_reach(outer, position)) return false;
    if (inner.is_lone_frame()) return true;
    if (frames_hold(inner, outer)) return false;
    if (frames_hold(outer, inner)) return true;
    if (outer.start) return true;
    if (inner.start) {
      // Two explanations for the bytes in front of `inner`: they are the lost beginning of `outer`,
      // or a stream that was lost as a whole, and then `outer` lost its beginning as well. The
      // first is the simpler one, if `inner` fits into a block.
      return boundary_ && inner.complete_size <= outer.largest_block;
    }
    return outer.covered > inner.covered;
  }

  // True if what a headless stream lost in front of its first record may begin before `position`.
  static bool could_reach(const Sighting& headless, uint64_t position) {
    const uint64_t raw = headless.first_raw_offset;
    const uint64_t blocks = (raw >> kMinBlockLog) + 1;
    const uint64_t distance = headless.position - position;
    return raw >= distance || blocks * kFrameOverhead + kUsualMetadata >= distance - raw;
  }

  // True if a frame of `a` holds records of `b`: an intact one near the first record of `b`, or a
  // broken one that claims the place of all of them.
  bool frames_hold(const Sighting& a, const Sighting& b) {
    const size_t split = std::min(chains_.link_from(a.salt, chains_.record(b.first)), a.last + 1);
    const size_t begin = split - std::min(kNearFrames, split - a.first);
    const size_t end = std::min(split + kNearFrames, a.last + 1);
    const uint64_t last = file_.sure_end(chains_.at(b.last));
    for (size_t link = begin; link < end; ++link) {
      const Record& record = chains_.at(link);
      if (record.type == RecordType::kBrokenFrame && link < split && file_.end(record) > last) {
        return true;
      }
      if (record.type == RecordType::kFrame &&
          mention_salt(file_.payload(record), b.salt, budget_)) {
        return true;
      }
    }
    return false;
  }

  // A trailer or a frame alone makes a stream only where nothing else explains it. Nothing confirms
  // their fields: a raw size or offset that is far too large for its place is damage.
  bool believable(const Sighting& seen) const {
    if (seen.has_header) return true;
    if (!seen.has_frame) {
      if (!seen.has_trailer || !(begins_here(seen) || follows_loosely(seen))) return false;
      const Trailer trailer = file_.trailer(chains_.at(seen.last));
      return trailer.raw_size / kUsualRatio <= trailer.stream_size;
    }
    if (!seen.is_lone_frame()) return true;
    if (boundary_) return seen.first_raw_offset / kUsualRatio <= seen.position;
    return seen.first_raw_offset == 0 &&
           seen.position >= explained_ + kTrailerSize + kStreamHeaderSize;
  }

  // True if the stream that this trailer ends has room behind the stream before, whose end is not
  // known, and is followed by another one or by the end of the file.
  bool follows_loosely(const Sighting& seen) const {
    const size_t next = chains_.record(seen.last) + 1;
    const uint64_t end = file_.end(records_[next - 1]);
    const bool bounded =
        end == file_.bytes.size() || (next < records_.size() && records_[next].position == end &&
                                      records_[next].type == RecordType::kStreamHeader);
    return bounded && !boundary_ && seen.start && *seen.start >= explained_ + kTrailerSize;
  }

  // ---- Which records of the chain are part of that stream?

  // A stream that is being taken.
  struct Taking {
    FoundStream stream{};
    std::optional<StreamHeader> header{};
    std::optional<size_t> index_link{};  // of the stream's own index, if that is sure
    std::optional<BlockList> listed{};   // by that index
    uint64_t expected = 0;               // raw offset of the next frame
    uint64_t reached = 0;                // the largest `expected` so far
    uint64_t claimed = 0;                // end of the last record, also of a broken frame
    size_t last = 0;                     // index of the last record
    bool index_seen = false;
    bool ended = false;
  };
  enum class Verdict : uint8_t { kTake, kSkip, kOver };

  void take(const Sighting& seen) {
    if (!believable(seen)) {
      ++next_;
      return;
    }
    Taking taking;
    if (seen.start) taking.index_link = chains_.index_of_stream(seen.first, *seen.start);
    if (taking.index_link) taking.listed = file_.listed_blocks(chains_.at(*taking.index_link));
    for (size_t link = seen.first; !taking.ended && !chains_.ends(link, seen.salt); ++link) {
      const Verdict verdict = judge(taking, link);
      if (verdict == Verdict::kOver) break;
      if (verdict == Verdict::kTake) add(taking, link);
    }
    note_stretch(seen.start ? *seen.start : explained_);
    streams_.push_back(std::move(taking.stream));
    go_behind(taking);
  }

  Verdict judge(const Taking& taking, size_t link) const {
    const Record& record = chains_.at(link);
    const size_t index = chains_.record(link);
    if (taking.stream.records.empty()) return Verdict::kTake;
    if (taking.index_link && link <= *taking.index_link) {
      // The stream reaches up to its index, and what that does not list is nested.
      const bool ours = record.is_data() ? taking.listed->has(file_.frame(record))
                                         : link == *taking.index_link || !tells_size(record);
      return ours && record.is_frame() ? Verdict::kTake : Verdict::kSkip;
    }
    if (record.type == RecordType::kStreamHeader) return Verdict::kOver;
    if (record.is_frame() && !fits(file_.frame(record), taking.header)) return Verdict::kSkip;
    // Behind the index there is only the trailer; with room for that, a new stream begins.
    if (taking.index_seen && record.is_frame() &&
        record.position >= taking.claimed + kTrailerSize) {
      return Verdict::kOver;
    }
    const uint64_t raw_offset =
        record.is_frame() ? file_.frame(record).raw_offset : file_.trailer(record).raw_size;
    // Records of other streams in between are nested in destroyed blocks of this one, or else
    // this stream is over.
    if (index > taking.last + 1 && records_[index - 1].position >= taking.claimed) {
      const std::optional<uint64_t> start = chains_.start_of(link);
      const bool later =
          start ? *start > records_[taking.last + 1].position : raw_offset < taking.expected;
      if (later) return Verdict::kOver;
    }
    if (tells_size(record) && raw_offset < taking.reached &&
        begins_in_frame(link, taking.stream.records)) {
      return Verdict::kSkip;  // of a nested stream that begins with the same block
    }
    return Verdict::kTake;
  }

  static bool tells_size(const Record& record) {
    return record.is_index() || record.type == RecordType::kTrailer;
  }

  void add(Taking& taking, size_t link) const {
    const Record& record = chains_.at(link);
    taking.last = chains_.record(link);
    taking.claimed = file_.end(record);
    taking.stream.records.push_back(taking.last);
    if (record.type == RecordType::kStreamHeader) taking.header = file_.stream_header(record);
    taking.ended = record.type == RecordType::kTrailer;
    taking.index_seen = taking.index_seen || record.is_index();
    if (!record.is_frame()) return;
    const FrameHeader frame = file_.frame(record);
    taking.expected = frame.raw_offset + (frame.is_data() ? frame.raw_size : 0);
    taking.reached = std::max(taking.reached, taking.expected);
  }

  // True if the stream of this trailer or index frame begins, by what that says, inside one of
  // these records.
  bool begins_in_frame(size_t link, const std::vector<size_t>& records) const {
    const std::optional<uint64_t> start = chains_.start_of(link);
    if (!start) return false;
    const auto behind = std::partition_point(
        records.begin(), records.end(), [&](size_t i) { return records_[i].position < *start; });
    if (behind == records.begin()) return false;
    const Record& record = records_[*(behind - 1)];
    return record.type == RecordType::kFrame && file_.end(record) > *start;
  }

  bool fits(const FrameHeader& frame, const std::optional<StreamHeader>& header) const {
    if (!header) return true;
    if (frame.raw_offset > largest_raw_offset(file_.bytes.size(), header->max_block()))
      return false;
    const Result<void> valid = frame.validate(*header);
    return valid || valid.error().code == ErrorCode::kUnsupported;
  }

  // ---- What comes behind that stream?

  void go_behind(const Taking& taking) {
    next_ = taking.last + 1;
    // What lies inside the frame that the last, broken record claims is nested in it, unless it
    // goes on behind that frame.
    while (next_ < records_.size() && records_[next_].position < taking.claimed &&
           !goes_on_behind(next_, taking.claimed)) {
      ++next_;
    }
    explained_ = taking.claimed;
    if (next_ < records_.size()) explained_ = std::min(explained_, records_[next_].position);
    boundary_.reset();
    if (taking.ended) {
      boundary_ = taking.claimed;
    } else if (records_[taking.last].is_index()) {
      boundary_ = taking.claimed + kTrailerSize;
    }
  }

  // True if the stream of this record has more records at or behind `position`.
  bool goes_on_behind(size_t index, uint64_t position) const {
    const auto behind = std::partition_point(
        records_.begin(), records_.end(), [&](const Record& r) { return r.position < position; });
    const uint32_t salt = records_[index].salt;
    const size_t link = chains_.link_from(salt, static_cast<size_t>(behind - records_.begin()));
    return !chains_.ends(link, salt) && chains_.at(link).type != RecordType::kStreamHeader &&
           chains_.at(link - 1).type != RecordType::kTrailer;
  }

  // Notes a stretch without a stream in front of `end`. Where the stream before has lost its end,
  // it is not known where such a stretch would begin.
  void note_stretch(uint64_t end) {
    if (!boundary_ || *boundary_ >= end || is_padding(*boundary_, end)) return;
    streams_.push_back({.stretch_position = *boundary_, .stretch_size = end - *boundary_});
  }

  bool is_padding(uint64_t begin, uint64_t end) const {
    if (end != file_.bytes.size() || begin == 0 || end - begin > kMaxPadding) return false;
    const ByteView stretch = file_.bytes.subspan(static_cast<size_t>(begin));
    return std::all_of(stretch.begin(), stretch.end(),
                       [](std::byte byte) { return byte == std::byte{0}; });
  }

  const ScannedFile& file_;
  const std::vector<Record>& records_;
  ScanBudget& budget_;
  RecordChains chains_;
  uint64_t comparisons_ = 0;

  size_t next_ = 0;                       // index of the next record
  uint64_t explained_ = 0;                // the bytes before this belong to streams that were found
  std::optional<uint64_t> boundary_ = 0;  // where the next stream begins, if that is known
  std::vector<FoundStream> streams_;
};

}  // namespace

std::vector<FoundStream> find_streams(const ScannedFile& file, ScanBudget& budget) {
  return StreamFinder(file, budget).run();
}

}  // namespace pith

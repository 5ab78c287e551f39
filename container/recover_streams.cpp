#include "container/recover_streams.h"

#include <algorithm>

#include "container/reader.h"

namespace pith {
namespace {

// Real files need neither: hostile ones could ask for work that grows with the square of their size.
constexpr uint64_t kMaxComparisons = uint64_t{1} << 24;  // of streams, to find the outer one
constexpr uint64_t kShortSighting = 64;                  // records, once the work is used up

constexpr size_t kNearFrames = 4;          // looked at for nested records, in either direction
constexpr uint64_t kUsualMetadata = 4096;  // bytes that may lie between a stream header and its blocks

// What the records of one salt, from one of them up to a trailer or to the next stream header, tell
// about the stream that they come from.
struct Sighting {
  uint32_t salt = 0;
  size_t first = 0;  // positions in the chain, both inclusive
  size_t last = 0;
  uint64_t position = 0;          // of the first record
  std::optional<uint64_t> start{};  // of the stream, if anything tells it
  uint64_t first_raw_offset = 0;
  uint64_t covered = 0;        // bytes of its intact frames
  uint64_t largest_block = 0;  // raw size
  uint64_t complete_size = 0;  // if header and trailer are as far apart as the trailer says
  bool has_header = false;
  bool has_trailer = false;
  bool has_frame = false;

  // One frame and nothing else of its salt: often a frame whose header was damaged.
  bool is_lone_frame() const { return !has_header && !has_trailer && first == last; }
};

// A trailer or an index frame, and where its stream begins by what it says.
struct Evidence {
  size_t chain = 0;
  uint64_t begin = 0;
};

class StreamFinder {
 public:
  StreamFinder(const ScannedFile& file, ScanBudget& budget)
      : file_(file), records_(file.records), budget_(budget) {
    chain_.resize(records_.size());
    for (size_t i = 0; i < chain_.size(); ++i) chain_[i] = i;
    std::sort(chain_.begin(), chain_.end(), [&](size_t a, size_t b) {
      return std::pair(records_[a].salt, a) < std::pair(records_[b].salt, b);
    });
    for (size_t c = 0; c < chain_.size(); ++c) {
      if (const auto extent = file_.implied_extent(at(c))) evidence_.push_back({c, extent->begin});
      const bool begins = c == 0 || at(c - 1).salt != at(c).salt || chain_[c - 1] + 1 != chain_[c] ||
                          at(c - 1).type == RecordType::kTrailer;
      if (begins && at(c).type != RecordType::kStreamHeader) headless_.push_back(chain_[c]);
    }
    std::sort(headless_.begin(), headless_.end());
    sighting_work_ = 16 * records_.size();
  }

  std::vector<FoundStream> run() {
    while (next_ < records_.size()) take(outermost());
    note_stretch(file_.bytes.size());
    return std::move(streams_);
  }

 private:
  const Record& at(size_t chain) const { return records_[chain_[chain]]; }

  // The chain position of the first record of `salt` with an index of at least `index`.
  size_t chain_from(uint32_t salt, size_t index) const {
    const auto place = std::lower_bound(
        chain_.begin(), chain_.end(), std::pair(salt, index),
        [&](size_t i, const auto& key) { return std::pair(records_[i].salt, i) < key; });
    return static_cast<size_t>(place - chain_.begin());
  }
  bool chain_ends(size_t chain, uint32_t salt) const {
    return chain >= chain_.size() || at(chain).salt != salt;
  }

  Sighting sight(size_t first) {
    Sighting seen{.salt = at(first).salt, .first = first, .last = first};
    seen.position = at(first).position;
    std::optional<uint64_t> implied;
    for (size_t c = first; !chain_ends(c, seen.salt); ++c) {
      const Record& record = at(c);
      if (record.type == RecordType::kStreamHeader && c != first) break;
      if (sighting_work_ > 0) {
        --sighting_work_;
      } else if (c - first >= kShortSighting) {
        break;
      }
      seen.last = c;
      if (record.type == RecordType::kStreamHeader) {
        seen.has_header = true;
        continue;
      }
      if (record.is_index() || record.type == RecordType::kTrailer) {
        const Evidence* evidence = next_evidence(c);
        if (evidence != nullptr && evidence->chain == c) implied = evidence->begin;
      }
      if (record.type == RecordType::kTrailer) {
        seen.has_trailer = true;
        break;
      }
      const FrameHeader frame = file_.frame(record);
      if (c == first) seen.first_raw_offset = frame.raw_offset;
      if (record.type != RecordType::kFrame) continue;
      seen.has_frame = true;
      seen.covered += frame.frame_size();
      if (frame.is_data()) seen.largest_block = std::max<uint64_t>(seen.largest_block,
                                                                   frame.raw_size);
    }
    set_start(seen, implied);
    return seen;
  }

  void set_start(Sighting& seen, std::optional<uint64_t> implied) const {
    if (seen.has_header) {
      seen.start = seen.position;
      if (seen.has_trailer && implied == seen.start) {
        seen.complete_size = file_.end(at(seen.last)) - seen.position;
      }
    } else if (at(seen.first).type != RecordType::kTrailer && seen.first_raw_offset == 0 &&
               seen.position >= kStreamHeaderSize) {
      seen.start = seen.position - kStreamHeaderSize;
    } else if (implied && *implied < seen.position) {
      seen.start = implied;
    }
  }

  // The stream to which the next record belongs, or in which it is nested.
  Sighting outermost() {
    Sighting best = sight(chain_from(records_[next_].salt, next_));
    if (begins_here(best) && !best.is_lone_frame()) return best;
    for (auto later = std::upper_bound(headless_.begin(), headless_.end(), next_);
         later != headless_.end() && comparisons_ < kMaxComparisons; ++later, ++comparisons_) {
      const uint32_t salt = records_[*later].salt;
      const size_t first = chain_from(salt, next_);
      if (salt == best.salt || chain_[first] != *later) continue;
      const Sighting other = sight(first);
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
    const size_t split = std::min(chain_from(a.salt, chain_[b.first]), a.last + 1);
    const size_t begin = split - std::min(kNearFrames, split - a.first);
    const size_t end = std::min(split + kNearFrames, a.last + 1);
    const uint64_t last = file_.sure_end(at(b.last));
    for (size_t c = begin; c < end; ++c) {
      const Record& record = at(c);
      if (record.type == RecordType::kBrokenFrame && c < split && file_.end(record) > last) {
        return true;
      }
      if (record.type == RecordType::kFrame &&
          file_.mentions(file_.payload(record), b.salt, budget_)) {
        return true;
      }
    }
    return false;
  }

  // A trailer or a frame alone makes a stream only where nothing else explains it.
  bool believable(const Sighting& seen) const {
    if (seen.has_header) return true;
    if (!seen.has_frame) return seen.has_trailer && (begins_here(seen) || follows_loosely(seen));
    if (!seen.is_lone_frame() || boundary_) return true;
    return seen.first_raw_offset == 0 &&
           seen.position >= explained_ + kTrailerSize + kStreamHeaderSize;
  }

  // True if the stream that this trailer ends has room behind the stream before, whose end is not
  // known, and is followed by another one or by the end of the file.
  bool follows_loosely(const Sighting& seen) const {
    const size_t trailer = chain_[seen.last];
    const uint64_t end = file_.end(records_[trailer]);
    const bool bounded = end == file_.bytes.size() ||
                         (trailer + 1 < records_.size() && records_[trailer + 1].position == end &&
                          records_[trailer + 1].type == RecordType::kStreamHeader);
    return bounded && !boundary_ && seen.start && *seen.start >= explained_ + kTrailerSize;
  }

  void take(const Sighting& seen) {
    if (!believable(seen)) {
      ++next_;
      return;
    }
    const uint64_t begin = seen.start ? *seen.start : explained_;
    note_stretch(std::max(begin, explained_));

    FoundStream stream;
    std::optional<StreamHeader> header;
    uint64_t expected = 0;   // raw offset of the next frame
    uint64_t reached = 0;    // raw offset, the largest so far
    uint64_t claimed = 0;    // end of the last record, also if it is a broken frame
    size_t last = 0;
    bool index_seen = false;
    bool ended = false;
    for (size_t c = seen.first; !ended && !chain_ends(c, seen.salt); ++c) {
      const Record& record = at(c);
      const bool first = stream.records.empty();
      // Records of other streams in between: nested ones, or else this stream is over.
      const bool others = !first && chain_[c] > last + 1 &&
                          records_[chain_[c] - 1].position >= claimed;
      if (record.type == RecordType::kStreamHeader) {
        if (!first) break;
        header = file_.stream_header(record);
      } else if (record.type == RecordType::kTrailer) {
        if (others && *start_of(c) > records_[last + 1].position) break;
        if (file_.trailer(record).raw_size < reached && begins_in_frame(c, stream.records)) continue;
        ended = true;
      } else {
        const FrameHeader frame = file_.frame(record);
        if (!fits(frame, header)) continue;
        // Behind the index there is only the trailer; with room for that, a new stream begins.
        if (index_seen && record.position >= claimed + kTrailerSize) break;
        if (others) {
          const auto start = start_of(c);
          if (start ? *start > records_[last + 1].position : frame.raw_offset < expected) break;
        }
        if (record.is_index() && frame.raw_offset < reached && begins_in_frame(c, stream.records)) {
          continue;
        }
        expected = frame.raw_offset + (frame.is_data() ? frame.raw_size : 0);
        reached = std::max(reached, expected);
        index_seen = index_seen || record.is_index();
      }
      stream.records.push_back(chain_[c]);
      last = chain_[c];
      claimed = file_.end(record);
    }
    if (stream.records.empty()) {
      ++next_;
      return;
    }
    streams_.push_back(std::move(stream));
    next_ = last + 1;
    // What lies inside the frame that the last, broken record claims is nested in it, unless it
    // goes on behind that frame.
    while (next_ < records_.size() && records_[next_].position < claimed &&
           !goes_on_behind(next_, claimed)) {
      ++next_;
    }
    explained_ = next_ < records_.size() ? std::min(claimed, records_[next_].position) : claimed;
    boundary_.reset();
    if (ended) {
      boundary_ = claimed;
    } else if (records_[last].is_index()) {
      boundary_ = claimed + kTrailerSize;
    }
  }

  // Where the stream of this record begins, if anything tells it.
  std::optional<uint64_t> start_of(size_t chain) const {
    const Record& record = at(chain);
    if (record.is_frame() && file_.frame(record).raw_offset == 0 &&
        record.position >= kStreamHeaderSize) {
      return record.position - kStreamHeaderSize;
    }
    const Evidence* evidence = next_evidence(chain);
    if (evidence == nullptr || evidence->begin >= record.position) return {};
    return evidence->begin;
  }

  // The first trailer or index frame of the same salt from `chain` on.
  const Evidence* next_evidence(size_t chain) const {
    const auto next =
        std::lower_bound(evidence_.begin(), evidence_.end(), chain,
                         [](const Evidence& evidence, size_t c) { return evidence.chain < c; });
    return next == evidence_.end() || at(next->chain).salt != at(chain).salt ? nullptr : &*next;
  }

  // True if the stream of this trailer or index frame begins, by what that says, inside an intact
  // frame of another one.
  bool begins_in_frame(size_t chain, const std::vector<size_t>& records) const {
    const std::optional<uint64_t> start = start_of(chain);
    if (!start) return false;
    const auto behind = std::partition_point(records.begin(), records.end(), [&](size_t i) {
      return records_[i].position < *start;
    });
    if (behind == records.begin()) return false;
    const Record& record = records_[*(behind - 1)];
    return record.type == RecordType::kFrame && file_.end(record) > *start;
  }

  bool fits(const FrameHeader& frame, const std::optional<StreamHeader>& header) const {
    const uint64_t max_block = header ? header->max_block() : uint64_t{1} << kMaxBlockLog;
    if (frame.raw_offset > largest_raw_offset(file_.bytes.size(), max_block)) return false;
    if (!header) return true;
    const Result<void> valid = frame.validate(*header);
    return valid || valid.error().code == ErrorCode::kUnsupported;
  }

  // True if the stream of this record has more records at or behind `position`.
  bool goes_on_behind(size_t index, uint64_t position) const {
    const auto behind = std::partition_point(
        records_.begin(), records_.end(), [&](const Record& r) { return r.position < position; });
    const uint32_t salt = records_[index].salt;
    const size_t c = chain_from(salt, static_cast<size_t>(behind - records_.begin()));
    return !chain_ends(c, salt) && at(c).type != RecordType::kStreamHeader &&
           at(c - 1).type != RecordType::kTrailer;
  }

  // Notes a stretch without a stream in front of `end`. Where the stream before has lost its end,
  // it is not known where such a stretch would begin.
  void note_stretch(uint64_t end) {
    if (!boundary_) return;
    const uint64_t begin = *boundary_;
    if (begin >= end || is_padding(begin, end)) return;
    streams_.push_back({.stretch_position = begin, .stretch_size = end - begin});
  }

  bool is_padding(uint64_t begin, uint64_t end) const {
    const ByteView stretch = file_.bytes.subspan(static_cast<size_t>(begin),
                                                 static_cast<size_t>(end - begin));
    return end == file_.bytes.size() && begin > 0 && stretch.size() <= kMaxPadding &&
           std::all_of(stretch.begin(), stretch.end(), [](std::byte b) { return b == std::byte{0}; });
  }

  const ScannedFile& file_;
  const std::vector<Record>& records_;
  ScanBudget& budget_;
  std::vector<size_t> chain_;     // indices of records, by salt, then by position
  std::vector<size_t> headless_;  // indices of records where a stream without its header may begin
  std::vector<Evidence> evidence_;  // by chain position
  uint64_t comparisons_ = 0;
  uint64_t sighting_work_ = 0;  // records that sightings may still look at

  size_t next_ = 0;            // the next record
  uint64_t explained_ = 0;     // the bytes before this belong to streams that were found
  std::optional<uint64_t> boundary_ = 0;  // where the next stream begins, if that is known
  std::vector<FoundStream> streams_;
};

}  // namespace

std::vector<FoundStream> find_streams(const ScannedFile& file, ScanBudget& budget) {
  return StreamFinder(file, budget).run();
}

uint64_t largest_raw_offset(uint64_t file_size, uint64_t max_block) {
  const uint64_t frames = file_size / kFrameOverhead + 1500;
  return frames >= UINT64_MAX / 2 / max_block ? UINT64_MAX / 2 : frames * max_block;
}

}  // namespace pith

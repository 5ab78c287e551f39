#include "container/recover_plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "container/recover_streams.h"

namespace pith {
namespace {

// Contradictions within a stream that are followed up. More of them are in files made to hurt only.
constexpr int kMaxConflicts = 64;

// A data frame on its way to its place.
struct Block {
  uint64_t raw_offset = 0;
  uint64_t raw_hash = 0;
  uint32_t raw_size = 0;
  size_t order = 0;  // in the part

  uint64_t raw_end() const { return raw_offset + raw_size; }
  bool same_as(const Block& other) const {
    return raw_offset == other.raw_offset && raw_size == other.raw_size &&
           raw_hash == other.raw_hash;
  }
};

using Part = std::span<const size_t>;  // records of one stream

class Planner {
 public:
  explicit Planner(const ScannedFile& file) : file_(file) {}

  RecoveryPlan run(const std::vector<FoundStream>& found) {
    for (const FoundStream& stream : found) {
      if (stream.records.empty()) {
        plan_.streams.push_back(
            {.is_stream = false,
             .open_end =
                 fmt::format("no readable stream in the {} bytes of the file from byte {} on",
                             stream.stretch_size, stream.stretch_position)});
      } else {
        separate(stream.records);
      }
    }
    return std::move(plan_);
  }

 private:
  const Record& at(size_t index) const { return file_.records[index]; }

  // Bytes in front of part[k] that no record of the part surely holds.
  uint64_t gap_before(Part part, size_t k) const {
    const uint64_t end = file_.sure_end(at(part[k - 1]));
    const uint64_t position = at(part[k]).position;
    return position > end ? position - end : 0;
  }
  bool has_room_for_header(Part part, size_t k) const {
    return k > 0 && gap_before(part, k) >= kStreamHeaderSize;
  }

  std::optional<FrameHeader> data_frame(size_t index) const {
    if (!at(index).is_data()) return {};
    return file_.frame(at(index));
  }
  // The raw size of the whole stream, if the record is an index frame. Its header is enough.
  std::optional<uint64_t> indexed_size(size_t index) const {
    if (!at(index).is_index()) return {};
    return file_.frame(at(index)).raw_offset;
  }

  // Streams that begin with the same block have the same salt. Where such streams follow each
  // other and the trailer and the header between them are lost, only this separates them.
  void separate(Part records) {
    std::vector<bool> begins(records.size(), false);
    size_t last_evidence = 0;
    int checks_left = kMaxConflicts;
    for (size_t k = 0; k < records.size(); ++k) {
      const auto extent = file_.implied_extent(at(records[k]));
      if (!extent) continue;
      last_evidence = k;
      if (checks_left == 0) continue;
      const auto behind = std::partition_point(records.begin(), records.end(), [&](size_t i) {
        return at(i).position <= extent->begin;
      });
      const auto b = static_cast<size_t>(behind - records.begin());
      if (b > k || !has_room_for_header(records, b)) continue;
      const uint64_t position = at(records[b]).position;
      if (extent->begin >= position - gap_before(records, b) &&
          extent->begin + kStreamHeaderSize <= position && checks_left-- > 0 &&
          !continues(records.first(b), records.subspan(b), *extent, at(records[k]))) {
        begins[b] = true;
      }
    }
    size_t begin = 0;
    uint64_t reached = 0;  // raw end of the part so far
    for (size_t k = 0; k < records.size(); ++k) {
      const auto frame = data_frame(records[k]);
      if (k > begin && (begins[k] || (frame && frame->raw_offset < reached && last_evidence < k &&
                                      starts_over(records, k, *frame)))) {
        place(records.subspan(begin, k - begin), kMaxConflicts);
        begin = k;
        reached = 0;
      }
      if (frame) reached = std::max(reached, frame->raw_offset + frame->raw_size);
    }
    place(records.subspan(begin), kMaxConflicts);
  }

  // A trailer or index (`evidence`) behind the gap between two parts says that its stream begins in
  // the gap. True if they are one stream all the same, into which bytes were inserted.
  bool continues(Part before, Part behind, const Extent& extent, const Record& evidence) const {
    uint64_t reached = 0;
    for (const size_t i : before) {
      if (const auto frame = data_frame(i)) {
        reached = std::max(reached, frame->raw_offset + frame->raw_size);
      }
    }
    for (const size_t i : behind) {
      const auto frame = data_frame(i);
      if (!frame) continue;
      if (frame->raw_offset < reached) return false;
      break;
    }
    // More bytes in front than the stream has itself: rather a copy of it than an insertion.
    const Record& first = at(before.front());
    if (first.type == RecordType::kStreamHeader &&
        extent.begin - first.position >= extent.end - extent.begin) {
      return false;
    }
    return !evidence.is_index() || index_lists(evidence, before);
  }

  // True if the index has all blocks of the part; of broken ones the header is enough.
  bool index_lists(const Record& index, Part part) const {
    const auto blocks = file_.listed_blocks(index);
    return !blocks || std::all_of(part.begin(), part.end(), [&](size_t i) {
      const auto frame = data_frame(i);
      return !frame || blocks->has(*frame);
    });
  }

  // True if this data frame, which goes back in the raw offsets, must be of a new stream though
  // nothing says where that begins: blocks that are there twice follow the frame before at once,
  // and blocks that changed places do not go on in order.
  bool starts_over(Part records, size_t k, const FrameHeader& frame) const {
    if (gap_before(records, k) < kTrailerSize + kStreamHeaderSize) return false;
    if (frame.raw_offset == 0) return true;
    const auto next = k + 1 < records.size() ? data_frame(records[k + 1]) : std::nullopt;
    return next && next->raw_offset == frame.raw_offset + frame.raw_size;
  }

  // Plans the records as one stream; frames that contradict each other make it two.
  void place(Part part, int conflicts_left) {
    PlannedStream stream{.salt = at(part.front()).salt};
    std::vector<Block> blocks;
    std::optional<uint64_t> size;
    uint64_t reached = 0;  // raw end of the frames, broken ones included
    for (size_t k = 0; k < part.size(); ++k) {
      const Record& record = at(part[k]);
      if (record.type == RecordType::kTrailer) size = believed_size(file_.trailer(record).raw_size);
      if (const auto indexed = indexed_size(part[k])) {
        if (!size) size = believed_size(*indexed);
        if (const auto listed = file_.listed_blocks(record)) stream.all_blocks = listed->size();
      }
      const auto frame = data_frame(part[k]);
      if (!frame) continue;
      const Block block{frame->raw_offset, frame->raw_hash, frame->raw_size, k};
      reached = std::max(reached, block.raw_end());
      if (record.type == RecordType::kFrame) blocks.push_back(block);
    }
    const auto by_offset = [](const Block& a, const Block& b) {
      return std::pair(a.raw_offset, a.order) < std::pair(b.raw_offset, b.order);
    };
    if (!std::is_sorted(blocks.begin(), blocks.end(), by_offset)) {
      std::sort(blocks.begin(), blocks.end(), by_offset);
    }
    if (const auto k = conflict(part, blocks); k && conflicts_left > 0) {
      place(part.first(*k), conflicts_left - 1);
      return place(part.subspan(*k), conflicts_left - 1);
    }
    uint64_t end = 0;
    const Block* before = nullptr;
    for (const Block& block : blocks) {
      if (block.raw_offset >= end) {
        stream.blocks.push_back(at(part[block.order]).position);
        end = block.raw_end();
        before = &block;
      } else if (block.same_as(*before)) {
        ++plan_.duplicates;
      }
    }
    stream.raw_size = std::max(reached, size.value_or(0));
    if (!size) stream.open_end = "the end of the stream is lost, and how much it held is not known";
    plan_.streams.push_back(std::move(stream));
  }

  // The first record of the part that contradicts an earlier one and may begin a stream.
  std::optional<size_t> conflict(Part part, const std::vector<Block>& sorted) const {
    std::optional<size_t> first;
    for (size_t i = 1; i < sorted.size(); ++i) {
      const Block& a = sorted[i - 1];
      const Block& b = sorted[i];
      if (b.raw_offset >= a.raw_end() || b.same_as(a)) continue;
      // The new stream begins with the later one of the two, or before it.
      size_t k = std::max(a.order, b.order);
      const size_t earlier = std::min(a.order, b.order);
      while (k > earlier && !has_room_for_header(part, k)) --k;
      if (k > earlier && (!first || k < *first)) first = k;
    }
    return first;
  }

  std::optional<uint64_t> believed_size(uint64_t raw_size) const {
    if (raw_size > largest_raw_offset(file_.bytes.size(), uint64_t{1} << kMaxBlockLog)) return {};
    return raw_size;
  }

  const ScannedFile& file_;
  RecoveryPlan plan_;
};

}  // namespace

RecoveryPlan plan_recovery(const ScannedFile& file, ScanBudget& budget) {
  return Planner(file).run(find_streams(file, budget));
}

}  // namespace pith

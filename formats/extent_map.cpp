#include "formats/extent_map.h"

#include <algorithm>
#include <array>

#include "base/layout.h"
#include "base/tensor.h"

namespace pith {
namespace {

// No file is larger. Far below where sums of offsets and sizes overflow.
constexpr uint64_t kMaxFile = uint64_t{1} << 60;

// Where a piece of the first `there` bytes of the segment may end.
uint64_t part_end(const Segment& segment, uint64_t there, bool last) {
  if (there == segment.size) return there;
  const Layout& layout = segment.layout;
  if (layout.deflate != nullptr) return 0;
  const uint64_t unit = last ? unit_size(layout) : cut_size(layout);
  const uint64_t end = layout.offset + there;
  return std::max(layout.offset, end - end % unit) - layout.offset;
}

// Sorts the parts and drops those that begin before `begin` or inside another one, or end behind
// `limit`. Where the last one ends.
uint64_t drop_overlaps(std::vector<ExtentMap::Part>& parts, uint64_t begin, uint64_t limit) {
  using Part = ExtentMap::Part;
  std::stable_sort(parts.begin(), parts.end(),
                   [](const Part& a, const Part& b) { return a.begin < b.begin; });
  uint64_t end = begin;
  std::erase_if(parts, [&](const Part& part) {
    if (part.begin < end || part.begin > limit || part.segment.size > limit - part.begin) {
      return true;
    }
    end = part.begin + part.segment.size;
    return false;
  });
  return end;
}

class MapSegmenter : public Segmenter {
 public:
  explicit MapSegmenter(ExtentMap map) : map_(std::move(map)) {}
  void feed(ByteView data, bool last, std::vector<Segment>& out) override {
    end_ += data.size();
    map_.advance(end_, last, out);
  }
  uint64_t skippable() const override { return UINT64_MAX; }
  void skip(uint64_t size, std::vector<Segment>& out) override {
    end_ += size;
    map_.advance(end_, false, out);
  }

 private:
  ExtentMap map_;
  uint64_t end_ = 0;  // bytes fed
};

}  // namespace

void ExtentMap::add(uint64_t offset, uint64_t size, TensorLayout tensor) {
  if (size == 0 || size > kMaxFile || offset > kMaxFile) return;
  if (tensor_size(tensor) != size) return;
  tensor.size = size;
  if (tensor.name.empty()) {
    tensor.name = container_.empty() ? "array" : container_;
  } else if (!container_.empty()) {
    tensor.name = container_ + ":" + tensor.name;
  }
  Segment segment{.size = size, .type = segment_type_of(tensor.element), .layout = {}};
  segment.layout.tensor = std::make_shared<const TensorLayout>(std::move(tensor));
  add(offset, std::move(segment));
}

void ExtentMap::add(uint64_t offset, Segment segment) {
  if (segment.size == 0 || segment.size > kMaxFile || offset > kMaxFile) return;
  extents_.push_back({.begin = offset, .segment = std::move(segment)});
}

void ExtentMap::add_records(uint64_t offset, uint64_t stride, uint64_t count,
                            std::vector<Part> parts) {
  if (stride == 0 || stride > kMaxFile || offset > kMaxFile) return;
  records_ = {.offset = offset,
              .stride = stride,
              .left = std::min(count, (kMaxFile - offset) / stride),
              .parts = std::move(parts)};
}

void ExtentMap::seal(uint64_t header_size) {
  header_size_ = header_size;
  const uint64_t end = drop_overlaps(extents_, header_size, kMaxFile + kMaxFile);
  drop_overlaps(records_.parts, 0, records_.stride);
  if (records_.offset < end || records_.parts.empty()) records_.left = 0;
}

// The next record's extents take the place of those that are behind.
bool ExtentMap::begin_record() {
  if (records_.left == 0) return false;
  extents_ = records_.parts;
  next_ = 0;
  for (Extent& extent : extents_) extent.begin += records_.offset;
  for (Extent& part : records_.parts) part.segment.layout.offset += part.segment.size;
  records_.offset += records_.stride;
  --records_.left;
  return true;
}

void ExtentMap::append_gap(uint64_t end, std::vector<Segment>& out) {
  const uint64_t header_end = std::clamp(header_size_, position_, end);
  append_segment(out, header_end - position_, SegmentType::kMetadata);
  append_segment(out, end - header_end, SegmentType::kBytes);
  position_ = end;
}

void ExtentMap::advance(uint64_t end, bool last, std::vector<Segment>& out) {
  while (position_ < end) {
    if (next_ == extents_.size() && !begin_record()) return append_gap(end, out);
    Extent& extent = extents_[next_];
    if (position_ < extent.begin) {
      append_gap(std::min(end, extent.begin), out);
      continue;
    }
    const uint64_t from = position_ - extent.begin;
    const uint64_t to =
        part_end(extent.segment, std::min(end - extent.begin, extent.segment.size), last);
    if (to > from) {
      Segment part = extent.segment;
      part.size = to - from;
      part.layout.offset += from;
      append_part(out, part);
    }
    position_ = extent.begin + std::max(from, to);
    if (to == extent.segment.size) {
      extent.segment.layout = {};
      ++next_;
    } else {
      if (last) append_gap(end, out);
      return;
    }
  }
}

std::unique_ptr<Segmenter> make_map_segmenter(ExtentMap map) {
  return std::make_unique<MapSegmenter>(std::move(map));
}

std::span<const SegmentType> tensor_file_types() {
  static constexpr std::array kTypes = {
      SegmentType::kBytes, SegmentType::kMetadata, SegmentType::kF32, SegmentType::kF16,
      SegmentType::kBf16,  SegmentType::kF64,      SegmentType::kF8,  SegmentType::kIntegers};
  return kTypes;
}

}  // namespace pith

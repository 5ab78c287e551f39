#include "formats/tensor_map.h"

#include <algorithm>
#include <array>

#include "base/tensor.h"

namespace pith {
namespace {

// No file is larger. Far below where sums of offsets and sizes overflow.
constexpr uint64_t kMaxFile = uint64_t{1} << 60;

class MapSegmenter : public Segmenter {
 public:
  explicit MapSegmenter(TensorMap map) : map_(std::move(map)) {}
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
  TensorMap map_;
  uint64_t end_ = 0;  // bytes fed
};

}  // namespace

void TensorMap::add(uint64_t offset, uint64_t size, TensorLayout tensor) {
  if (size == 0 || size > kMaxFile || offset > kMaxFile) return;
  if (tensor_size(tensor) != size) return;
  tensor.size = size;
  if (tensor.name.empty()) {
    tensor.name = container_.empty() ? "array" : container_;
  } else if (!container_.empty()) {
    tensor.name = container_ + ":" + tensor.name;
  }
  extents_.push_back(
      {.begin = offset, .tensor = std::make_shared<const TensorLayout>(std::move(tensor))});
}

void TensorMap::seal(uint64_t header_size) {
  header_size_ = header_size;
  std::stable_sort(extents_.begin(), extents_.end(),
                   [](const Extent& a, const Extent& b) { return a.begin < b.begin; });
  uint64_t end = header_size;
  std::erase_if(extents_, [&](const Extent& extent) {
    if (extent.begin < end) return true;
    end = extent.begin + extent.tensor->size;
    return false;
  });
}

void TensorMap::append_gap(uint64_t end, std::vector<Segment>& out) {
  const uint64_t header_end = std::clamp(header_size_, position_, end);
  append_segment(out, header_end - position_, SegmentType::kMetadata);
  append_segment(out, end - header_end, SegmentType::kBytes);
  position_ = end;
}

void TensorMap::advance(uint64_t end, bool last, std::vector<Segment>& out) {
  while (position_ < end) {
    if (next_ == extents_.size()) return append_gap(end, out);
    Extent& extent = extents_[next_];
    if (position_ < extent.begin) {
      append_gap(std::min(end, extent.begin), out);
      continue;
    }
    const TensorLayout& tensor = *extent.tensor;
    const uint64_t from = position_ - extent.begin;
    uint64_t to = tensor.size;
    if (end - extent.begin < tensor.size) {
      to = end - extent.begin;
      to -= to % (last ? unit_size(tensor) : cut_size(tensor));
    }
    if (to > from) append_tensor(out, extent.tensor, from, to - from);
    position_ = extent.begin + std::max(from, to);
    if (to == tensor.size) {
      extent.tensor.reset();
      ++next_;
    } else {
      if (last) append_gap(end, out);
      return;
    }
  }
}

std::unique_ptr<Segmenter> make_map_segmenter(TensorMap map) {
  return std::make_unique<MapSegmenter>(std::move(map));
}

std::span<const SegmentType> tensor_file_types() {
  static constexpr std::array kTypes = {
      SegmentType::kBytes, SegmentType::kMetadata, SegmentType::kF32, SegmentType::kF16,
      SegmentType::kBf16,  SegmentType::kF64,      SegmentType::kF8,  SegmentType::kIntegers};
  return kTypes;
}

}  // namespace pith

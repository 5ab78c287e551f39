#include "formats/format.h"

#include <cassert>

#include "base/tensor.h"

namespace pith {

void Segmenter::skip([[maybe_unused]] uint64_t size, std::vector<Segment>&) { assert(size == 0); }

void append_segment(std::vector<Segment>& out, uint64_t size, SegmentType type) {
  if (size == 0) return;
  if (!out.empty() && out.back().type == type && out.back().layout.is_plain()) {
    out.back().size += size;
    return;
  }
  out.push_back({.size = size, .type = type, .layout = {}});
}

void append_tensor(std::vector<Segment>& out, const std::shared_ptr<const TensorLayout>& tensor,
                   uint64_t offset, uint64_t size) {
  if (size == 0) return;
  if (!out.empty()) {
    Segment& before = out.back();
    if (before.layout.tensor == tensor && before.layout.tensor_offset + before.size == offset) {
      before.size += size;
      return;
    }
  }
  Segment segment{.size = size, .type = segment_type_of(tensor->element), .layout = {}};
  segment.layout.tensor = tensor;
  segment.layout.tensor_offset = offset;
  out.push_back(std::move(segment));
}

}  // namespace pith

#include "base/layout.h"

#include <functional>
#include <numeric>

#include "base/tensor.h"

namespace pith {
namespace {

// Slices of an array up to this size are not cut.
constexpr uint64_t kLongSlice = uint64_t{4} << 20;

bool is_part(const Layout& layout) {
  return layout.tensor != nullptr || layout.points != nullptr || layout.array != nullptr;
}

uint64_t product(const std::vector<uint64_t>& axes) {
  return std::accumulate(axes.begin(), axes.end(), uint64_t{1}, std::multiplies<>());
}

// Sizes of all slices divide that of the whole, so a damaged shape cannot make nonsense of them.
uint64_t cut_size_of_array(const ArrayLayout& array) {
  const uint64_t element = number_size(array.type);
  if (!array.tile.empty()) return std::max<uint64_t>(1, product(array.tile) * element);
  uint64_t slice = array.size;
  for (const uint64_t axis : array.shape) {
    if (slice <= kLongSlice || axis == 0 || slice % axis != 0) break;
    slice /= axis;
  }
  return slice == 0 || slice > kLongSlice ? element : slice;
}

}  // namespace

uint64_t whole_size(const Segment& segment) {
  const Layout& layout = segment.layout;
  if (layout.tensor != nullptr) return layout.tensor->size;
  if (layout.points != nullptr && layout.points->count == 0) return UINT64_MAX;
  if (layout.points != nullptr) return layout.points->count * layout.points->record_size;
  if (layout.array != nullptr) return layout.array->size;
  return segment.size;
}

uint64_t cut_size(const Layout& layout) {
  if (layout.tensor != nullptr) return cut_size(*layout.tensor);
  if (layout.points != nullptr) return layout.points->record_size;
  if (layout.array != nullptr) return cut_size_of_array(*layout.array);
  return 1;
}

bool goes_on(const Segment& segment, const Segment& next) {
  const Layout& a = segment.layout;
  const Layout& b = next.layout;
  return is_part(a) && segment.type == next.type && a.tensor == b.tensor && a.points == b.points &&
         a.array == b.array && a.offset + segment.size == b.offset;
}

}  // namespace pith

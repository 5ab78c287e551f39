#include "base/layout.h"

#include <algorithm>
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

// The product of the factors if it is at most kMaxArray.
std::optional<uint64_t> bounded_product(std::initializer_list<uint64_t> factors) {
  uint64_t result = 1;
  for (const uint64_t factor : factors) {
    if (factor != 0 && result > kMaxArray / factor) return std::nullopt;
    result *= factor;
  }
  return result;
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

std::optional<uint64_t> array_size(const ArrayLayout& array) {
  if (array.shape.empty() || array.shape.size() > kMaxArrayAxes) return std::nullopt;
  if (!array.tile.empty() && array.tile.size() != array.shape.size()) return std::nullopt;
  if (std::count(array.shape.begin(), array.shape.end(), 0) > 0) return 0;
  uint64_t rest = number_size(array.type);  // of the axes behind the first
  for (size_t i = array.shape.size(); i-- > 0;) {
    const uint64_t tile = array.tile.empty() ? 1 : array.tile[i];
    if (tile == 0) return std::nullopt;
    const uint64_t tiles = array.shape[i] / tile + (array.shape[i] % tile != 0 ? 1 : 0);
    const uint64_t filter_byte = i == 0 && array.filter == ArrayFilter::kPng ? 1 : 0;
    const auto product = bounded_product({rest + filter_byte, tiles, tile});
    if (!product) return std::nullopt;
    rest = *product;
  }
  return rest;
}

uint64_t whole_size(const Segment& segment) {
  const Layout& layout = segment.layout;
  if (layout.tensor != nullptr) return layout.tensor->size;
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

uint64_t unit_size(const Layout& layout) {
  if (layout.tensor != nullptr) return unit_size(*layout.tensor);
  if (layout.points != nullptr) return layout.points->record_size;
  if (layout.array == nullptr) return 1;
  const ArrayLayout& array = *layout.array;
  if (!array.tile.empty()) return cut_size_of_array(array);
  return array.shape.empty() || array.shape[0] == 0
             ? number_size(array.type)
             : std::max<uint64_t>(1, array.size / array.shape[0]);
}

bool goes_on(const Segment& segment, const Segment& next) {
  const Layout& a = segment.layout;
  const Layout& b = next.layout;
  return is_part(a) && segment.type == next.type && a.tensor == b.tensor && a.points == b.points &&
         a.array == b.array && a.offset + segment.size == b.offset;
}

}  // namespace pith

#include "formats/array_attributes.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <optional>

#include "base/layout.h"

namespace pith {
namespace {

std::optional<double> real_value(NumberType type, uint64_t bits) {
  double value = 0;
  if (type == NumberType::kF64) {
    value = std::bit_cast<double>(bits);
  } else if (type == NumberType::kF32) {
    value = std::bit_cast<float>(static_cast<uint32_t>(bits));
  } else {
    return std::nullopt;
  }
  return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

}  // namespace

void note_attribute(std::string_view name, NumberType type, uint64_t bits, ArrayLayout& array) {
  if (name == "_FillValue" || name == "missing_value") {
    const bool known = std::find(array.fills.begin(), array.fills.end(), bits) != array.fills.end();
    if (type == array.type && !known) array.fills.push_back(bits);
  } else if (name == "scale_factor") {
    array.scale = real_value(type, bits).value_or(array.scale);
  } else if (name == "add_offset") {
    array.add = real_value(type, bits).value_or(array.add);
  }
}

void merge_axes(ArrayLayout& array) {
  while (array.shape.size() > kMaxArrayAxes) {
    // Where the product does not fit, the array is too large in any case.
    const uint64_t first = array.shape[1];
    const uint64_t second = array.shape[2];
    array.shape[1] = second != 0 && first > UINT64_MAX / second ? UINT64_MAX : first * second;
    array.shape.erase(array.shape.begin() + 2);
  }
}

}  // namespace pith

#include "base/segment.h"

#include <array>

namespace pith {

std::string_view segment_type_name(SegmentType type) {
  static constexpr std::array<std::string_view, kSegmentTypes> kNames = {
      "bytes", "text",   "log",    "f32",   "f16",      "bf16",       "f64",     "f8",
      "ints",  "points", "points", "array", "metadata", "compressed", "deflated"};
  const auto index = static_cast<size_t>(type);
  return index < kNames.size() ? kNames[index] : "unknown";
}

uint32_t number_size(NumberType type) {
  static constexpr std::array<uint8_t, kNumberTypes> kSizes = {1, 1, 2, 2, 4, 4, 8, 8, 2, 4, 8};
  return kSizes[static_cast<size_t>(type)];
}

}  // namespace pith

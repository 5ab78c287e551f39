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

}  // namespace pith

// One stored number as a double, and back: for what looks at values, not for codecs.
#pragma once

#include <cstddef>

#include "base/segment.h"

namespace pith {

struct NumberFormat {
  NumberType type = NumberType::kF32;
  bool big_endian = false;
  bool bfloat = false;  // the type is kF16, and means bf16

  uint32_t size() const { return number_size(type); }
  bool is_float() const { return type >= NumberType::kF16; }
  bool operator==(const NumberFormat&) const = default;
};

// The value of the number that begins at `at`. Exact, but for integers beyond 2^53: the nearest.
double load_number(const std::byte* at, const NumberFormat& format);

// Stores the value of the type that is nearest to `value`, ties to even. An integer must be in the
// range of its type.
void store_number(std::byte* at, const NumberFormat& format, double value);

// The bit pattern of the number, in the low bits.
uint64_t load_bits(const std::byte* at, const NumberFormat& format);

}  // namespace pith

// The elements of a tensor as the codec sees them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/segment.h"

namespace pith::tensor {

// What a piece of a block is made of. The numbers stand in payloads.
enum class Kind : uint8_t {
  kPlain = 0,  // bytes without a type
  kF64 = 1,
  kF32 = 2,
  kF16 = 3,
  kBf16 = 4,
  kF8 = 5,  // either kind: a byte is a symbol
  kInt64 = 6,
  kInt32 = 7,
  kInt16 = 8,
  kInt8 = 9,
  kGgml = 10,  // blocks of a ggml type
};
inline constexpr uint8_t kKinds = 11;

// The bits of a number: a sign above the exponent above the mantissa.
struct NumberFormat {
  uint8_t width = 1;          // bytes
  uint8_t exponent_bits = 0;  // 0: a byte without structure
  uint8_t mantissa_bits = 0;
};

constexpr NumberFormat number_format(Kind kind) {
  switch (kind) {
    case Kind::kF64:
      return {8, 11, 52};
    case Kind::kF32:
      return {4, 8, 23};
    case Kind::kF16:
      return {2, 5, 10};
    case Kind::kBf16:
      return {2, 8, 7};
    default:
      return {1, 0, 0};
  }
}

constexpr bool is_float(Kind kind) { return kind >= Kind::kF64 && kind <= Kind::kF8; }
constexpr bool is_integer(Kind kind) { return kind >= Kind::kInt64 && kind <= Kind::kInt8; }

constexpr size_t integer_width(Kind kind) {
  return size_t{8} >> (static_cast<int>(kind) - static_cast<int>(Kind::kInt64));
}

// The kind of a segment's elements. `ggml_type` is set for kGgml.
Kind kind_of(const Segment& segment, uint8_t& ggml_type);

}  // namespace pith::tensor

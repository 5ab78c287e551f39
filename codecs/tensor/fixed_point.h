// Floats as ordered integers and as fixed-point numbers, for prediction. All in integers.
#pragma once

#include <bit>
#include <cstdint>

#include "codecs/tensor/element.h"

namespace pith::tensor {

// Fixed-point numbers stay below 2^44, so that weighted sums of a few fit into 64 bits.
inline constexpr int kFixedBits = 44;

class FixedPoint {
 public:
  // Numbers of exponent `highest` fill all bits; larger ones are cut off.
  FixedPoint(const NumberFormat& format, uint32_t highest)
      : mantissa_(format.mantissa_bits),
        bits_(8 * format.width),
        highest_(highest),
        shift_(kFixedBits - 1 - static_cast<int>(format.mantissa_bits)) {}

  uint64_t sign_bit() const { return uint64_t{1} << (bits_ - 1); }
  uint32_t highest() const { return highest_; }
  uint64_t all() const { return ~uint64_t{0} >> (64 - bits_); }

  // Greater floats are greater integers; the greatest below zero comes before zero.
  uint64_t ordered(uint64_t word) const {
    return (word & sign_bit()) != 0 ? ~word & all() : word | sign_bit();
  }
  uint64_t word(uint64_t ordered) const {
    return (ordered & sign_bit()) != 0 ? ordered & ~sign_bit() : ~ordered & all();
  }
  uint32_t exponent(uint64_t word) const {
    return static_cast<uint32_t>((word & ~sign_bit()) >> mantissa_);
  }

  // Infinities and NaNs, which cannot be predicted from, count as zero.
  int64_t value(uint64_t word) const {
    const uint64_t magnitude = word & ~sign_bit();
    const auto exponent = static_cast<uint32_t>(magnitude >> mantissa_);
    if (exponent > highest_) return 0;
    uint64_t mantissa = magnitude & ((uint64_t{1} << mantissa_) - 1);
    if (exponent > 0) mantissa |= uint64_t{1} << mantissa_;
    // A denormal has the scale of exponent 1.
    const int down = static_cast<int>(highest_ - (exponent > 0 ? exponent : 1)) - shift_;
    if (down >= 64) return 0;
    const auto scaled = static_cast<int64_t>(down >= 0 ? mantissa >> down : mantissa << -down);
    return (word & sign_bit()) != 0 ? -scaled : scaled;
  }

  // The word nearest to zero's side of `value`.
  uint64_t nearest(int64_t value) const {
    const uint64_t sign = value < 0 ? sign_bit() : 0;
    auto magnitude = static_cast<uint64_t>(value < 0 ? -value : value);
    const uint64_t most = (uint64_t{1} << kFixedBits) - 1;
    if (magnitude > most) magnitude = most;
    if (magnitude == 0) return sign;
    const int top = static_cast<int>(std::bit_width(magnitude)) - 1;
    const int exponent = static_cast<int>(highest_) - (kFixedBits - 1 - top);
    if (exponent < 1) return sign;
    const int down = top - mantissa_;
    const uint64_t mantissa = down >= 0 ? magnitude >> down : magnitude << -down;
    return sign | static_cast<uint64_t>(exponent) << mantissa_ |
           (mantissa & ((uint64_t{1} << mantissa_) - 1));
  }

 private:
  int mantissa_;
  int bits_;
  uint32_t highest_;
  int shift_;
};

}  // namespace pith::tensor

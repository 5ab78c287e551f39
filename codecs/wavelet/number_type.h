// Stored numbers as doubles and back, by their bit patterns; for any double the nearest number that
// the type has.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cfloat>
#include <cmath>
#include <cstdint>

#include "base/number.h"

namespace pith::wavelet {

// Integers beyond it would not come back from a double.
inline constexpr double kMostInteger = 4503599627370496.0;  // 2^52

class Numbers {
 public:
  explicit Numbers(NumberType type) : type_(type), is_float_(type >= NumberType::kF16) {
    const int bits = static_cast<int>(8 * number_size(type));
    const bool is_signed = type == NumberType::kInt8 || type == NumberType::kInt16 ||
                           type == NumberType::kInt32 || type == NumberType::kInt64;
    if (is_float_) {
      highest_ = type == NumberType::kF64 ? DBL_MAX : type == NumberType::kF32 ? FLT_MAX : 65504;
      lowest_ = -highest_;
    } else {
      highest_ = std::min(kMostInteger, std::ldexp(1, is_signed ? bits - 1 : bits) - 1);
      lowest_ = is_signed ? std::max(-kMostInteger, -std::ldexp(1, bits - 1)) : 0;
    }
  }

  double value(uint64_t bits) const {
    switch (type_) {
      case NumberType::kF32:
        return static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(bits)));
      case NumberType::kF64:
        return std::bit_cast<double>(bits);
      case NumberType::kInt16:
        return static_cast<double>(static_cast<int16_t>(static_cast<uint16_t>(bits)));
      default: {
        const auto bytes = std::bit_cast<std::array<std::byte, 8>>(bits);
        return load_number(bytes.data(), {.type = type_});
      }
    }
  }

  // True if the value may be restored as a near one.
  bool is_plain(double value) const {
    return is_float_ ? std::isfinite(value) : std::fabs(value) <= kMostInteger;
  }

  uint64_t nearest(double value) const {
    const double inside = !(value > lowest_) ? lowest_ : value < highest_ ? value : highest_;
    switch (type_) {
      case NumberType::kF32:
        return std::bit_cast<uint32_t>(static_cast<float>(inside));
      case NumberType::kF64:
        return std::bit_cast<uint64_t>(inside);
      case NumberType::kInt16:
        return static_cast<uint16_t>(static_cast<int16_t>(std::nearbyint(inside)));
      default: {
        std::array<std::byte, 8> bytes{};
        store_number(bytes.data(), {.type = type_}, inside);
        return std::bit_cast<uint64_t>(bytes);
      }
    }
  }

 private:
  NumberType type_;
  bool is_float_;
  double lowest_ = 0;
  double highest_ = 0;
};

}  // namespace pith::wavelet

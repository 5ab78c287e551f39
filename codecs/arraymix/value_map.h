// What the keys of a grid stand for: a key is the whole number that is coded (codecs/array/
// transform.h), its value the number that predictions are made of. Values never fall as keys rise,
// and are finite.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>

namespace pith::arraymix {

enum class MapKind : uint8_t {
  kLinear,   // value = (key + base) · step
  kRanked,   // value = table[key]
  kFloat32,  // the float with the place key + base in the order of bits, shifted, times `step`
  kFloat64,  // likewise
};

// The map of one slice.
struct ValueMap {
  MapKind kind = MapKind::kLinear;
  uint8_t shift = 0;
  double step = 1;
  uint64_t base = 0;                // of kLinear: two's complement
  std::span<const double> table{};  // not empty if kRanked

  double value(uint64_t key) const {
    switch (kind) {
      case MapKind::kLinear:
        return static_cast<double>(static_cast<int64_t>(key + base)) * step;
      case MapKind::kRanked:
        return table[std::min<size_t>(static_cast<size_t>(key), table.size() - 1)];
      case MapKind::kFloat32:
        return float32(key + base) * step;
      case MapKind::kFloat64:
        break;
    }
    return float64(key + base) * step;
  }

  // The number between the values of `key - 1` and `key`.
  double boundary(uint64_t key) const {
    if (kind == MapKind::kLinear) {
      return (static_cast<double>(static_cast<int64_t>(key + base)) - 0.5) * step;
    }
    return value(key - 1) * 0.5 + value(key) * 0.5;
  }

  // What is added to keys so that round numbers stand for round values.
  uint64_t origin() const {
    return kind == MapKind::kLinear   ? base + (uint64_t{1} << 63)
           : kind == MapKind::kRanked ? 0
                                      : base;
  }

  // Of floats: the sign and what follows the decimal point of the key's value, in 2^-40.
  uint64_t fraction(uint64_t key) const {
    const int bits = kind == MapKind::kFloat32 ? 32 : 64;
    const int mantissa = bits == 32 ? 23 : 52;
    const uint64_t top = uint64_t{1} << (bits - 1) >> shift;
    const uint64_t all = ~uint64_t{0} >> (64 - bits) >> shift;
    const uint64_t place = (key + base) & all;
    const bool negative = (place & top) == 0;
    // Boundaries of negative numbers lie behind the number that they are named after.
    const uint64_t magnitude = (negative ? (place ^ all) + 1 : place ^ top) << shift;
    const auto exponent = static_cast<int>(magnitude >> mantissa & (bits == 32 ? 0xFF : 0x7FF)) -
                          (bits == 32 ? 127 : 1023);
    const uint64_t one = uint64_t{1} << mantissa;
    const uint64_t digits = (magnitude & (one - 1)) | one;
    const int by = exponent - mantissa + 40;
    const uint64_t fixed = by >= 64 || by <= -64 ? 0 : by >= 0 ? digits << by : digits >> -by;
    return (fixed & ((uint64_t{1} << 40) - 1)) << 1 | (negative ? 1 : 0);
  }

  // A key of 0 to `highest` with a value near to this one.
  uint64_t key_of(double wanted, uint64_t highest) const {
    if (!(wanted > value(0))) return 0;
    if (!(wanted < value(highest))) return highest;
    uint64_t key = 0;
    switch (kind) {
      case MapKind::kLinear: {
        const double k = wanted / step;
        if (!(k > -9e18 && k < 9e18)) return k > 0 ? highest : 0;
        key = static_cast<uint64_t>(static_cast<int64_t>(k < 0 ? k - 0.5 : k + 0.5)) - base;
        // Beyond the ends by rounding only.
        if (key > highest) key = wanted < boundary(1) ? 0 : highest;
        break;
      }
      case MapKind::kRanked: {
        const auto last = table.begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(
                                              static_cast<size_t>(highest), table.size() - 1));
        auto at = std::upper_bound(table.begin(), last, wanted);
        if (at != table.begin() && wanted - *(at - 1) < *at - wanted) --at;
        key = static_cast<uint64_t>(at - table.begin());
        break;
      }
      case MapKind::kFloat32: {
        const auto near = static_cast<float>(std::clamp(wanted / step, -3.4e38, 3.4e38));
        const uint32_t bits = std::bit_cast<uint32_t>(near) >> shift;
        const uint32_t top = 0x80000000U >> shift;
        key = ((bits & top) != 0 ? bits ^ (0xFFFFFFFFU >> shift) : bits ^ top) - base;
        break;
      }
      case MapKind::kFloat64: {
        const auto bits = std::bit_cast<uint64_t>(wanted / step) >> shift;
        const uint64_t top = (uint64_t{1} << 63) >> shift;
        key = ((bits & top) != 0 ? bits ^ (~uint64_t{0} >> shift) : bits ^ top) - base;
        break;
      }
    }
    // A damaged base may have led anywhere.
    return std::min(key, highest);
  }

 private:
  // What is no number lies beyond the largest ones.
  double float32(uint64_t place) const {
    const uint32_t top = 0x80000000U >> shift;
    const auto order = static_cast<uint32_t>(place) & (0xFFFFFFFFU >> shift);
    const uint32_t bits = ((order & top) != 0 ? order ^ top : order ^ (0xFFFFFFFFU >> shift))
                          << shift;
    if ((bits & 0x7F800000U) == 0x7F800000U) return (bits >> 31) != 0 ? -4e38 : 4e38;
    return static_cast<double>(std::bit_cast<float>(bits));
  }
  double float64(uint64_t place) const {
    const uint64_t top = (uint64_t{1} << 63) >> shift;
    const uint64_t order = place & (~uint64_t{0} >> shift);
    const uint64_t bits = ((order & top) != 0 ? order ^ top : order ^ (~uint64_t{0} >> shift))
                          << shift;
    constexpr uint64_t kExponent = uint64_t{0x7FF} << 52;
    if ((bits & kExponent) == kExponent) return (bits >> 63) != 0 ? -1.7e308 : 1.7e308;
    return std::bit_cast<double>(bits);
  }
};

}  // namespace pith::arraymix

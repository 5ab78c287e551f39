// What the keys of a grid stand for: a key is the whole number that is coded, its value the number
// that predictions are made of. Values rise with keys.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <span>

namespace pith::arraymix {

enum class MapKind : uint8_t {
  kLinear = 0,  // value = key · step
  kRanked = 1,  // value = table[key]
  kFloat32 = 2,  // value = the float whose bits the key is, put in order
  kFloat64 = 3,
};

class ValueMap {
 public:
  MapKind kind = MapKind::kLinear;
  double step = 1;
  std::span<const double> table;

  double value(int64_t key) const {
    switch (kind) {
      case MapKind::kLinear:
        return static_cast<double>(key) * step;
      case MapKind::kRanked:
        return table[static_cast<size_t>(key)];
      case MapKind::kFloat32:
        return static_cast<double>(std::bit_cast<float>(unordered32(static_cast<int32_t>(key))));
      case MapKind::kFloat64:
        break;
    }
    return std::bit_cast<double>(unordered64(key)) * step;
  }

  // The number between the values of `key - 1` and `key`; both must be keys.
  double boundary(int64_t key) const {
    if (kind == MapKind::kLinear) return (static_cast<double>(key) - 0.5) * step;
    return (value(key - 1) + value(key)) * 0.5;
  }

  // A key in [low, high] whose value is near.
  int64_t key_of(double value, int64_t low, int64_t high) const {
    if (!(value > this->value(low))) return low;
    if (!(value < this->value(high))) return high;
    switch (kind) {
      case MapKind::kLinear: {
        const double k = value / step;
        return std::clamp(static_cast<int64_t>(k < 0 ? k - 0.5 : k + 0.5), low, high);
      }
      case MapKind::kRanked: {
        const auto first = table.begin() + low;
        const auto last = table.begin() + high + 1;
        auto at = std::upper_bound(first, last, value);
        if (at == last) return high;
        if (at != first && value - *(at - 1) < *at - value) --at;
        return at - table.begin();
      }
      case MapKind::kFloat32: {
        const auto bits = std::bit_cast<uint32_t>(static_cast<float>(value));
        return std::clamp<int64_t>(ordered32(bits), low, high);
      }
      case MapKind::kFloat64:
        break;
    }
    return std::clamp(ordered64(std::bit_cast<uint64_t>(value / step)), low, high);
  }

  // Between the bits of a float and a signed number that rises with it. Negative zero comes right
  // below zero.
  static int32_t ordered32(uint32_t bits) {
    return static_cast<int32_t>((bits >> 31) != 0 ? ~bits ^ 0x80000000U : bits);
  }
  static uint32_t unordered32(int32_t key) {
    return key < 0 ? ~(static_cast<uint32_t>(key) ^ 0x80000000U) : static_cast<uint32_t>(key);
  }
  static int64_t ordered64(uint64_t bits) {
    return static_cast<int64_t>((bits >> 63) != 0 ? ~bits ^ (uint64_t{1} << 63) : bits);
  }
  static uint64_t unordered64(int64_t key) {
    const auto bits = static_cast<uint64_t>(key);
    return key < 0 ? ~(bits ^ (uint64_t{1} << 63)) : bits;
  }
};

}  // namespace pith::arraymix

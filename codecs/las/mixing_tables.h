// Tables and numbers that the mixing of all SIMD targets shares.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "codecs/model/logistic.h"

namespace pith::las {

inline constexpr size_t kInputs = 4;  // of a mixer
inline constexpr int16_t kUnitWeight = 4096;

using Counter = uint32_t;
inline constexpr Counter kUnknownHalf = 0x80000000;
inline constexpr uint32_t kCountMask = 1023;

// Rates 1 / (n + 1.5), in 1/65536.
inline constexpr auto kRates = [] {
  std::array<int32_t, kCountMask + 1> table{};
  for (int32_t n = 0; n <= static_cast<int32_t>(kCountMask); ++n) {
    table[static_cast<size_t>(n)] = 65536 * 2 / (2 * n + 3);
  }
  return table;
}();

// stretch of the probability whose upper 12 bits are the index.
inline constexpr auto kStretched = [] {
  std::array<int16_t, 4096> table{};
  for (uint32_t i = 0; i < 4096; ++i) {
    table[i] = static_cast<int16_t>(model::stretch(i * 16 + 8));
  }
  return table;
}();

}  // namespace pith::las

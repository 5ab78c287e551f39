// Logarithms for prices, in integers: the same on every machine.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace pith::entropy {

namespace log2_detail {

// log2(1 + i / 256) in 1/4096, by squaring: the integer part of a number's 2^k-th power gives the
// bits of its logarithm one after another.
constexpr auto make_table() {
  std::array<uint16_t, 257> table{};
  for (uint32_t i = 0; i <= 256; ++i) {
    uint64_t x = (uint64_t{256} + i) << 22;  // 1.0 = 2^30
    uint32_t result = i == 256 ? 1 : 0;
    if (i == 256) x >>= 1;
    for (int bit = 0; bit < 13; ++bit) {
      x = (x * x) >> 30;
      result <<= 1;
      if (x >= (uint64_t{1} << 31)) {
        x >>= 1;
        result |= 1;
      }
    }
    table[i] = static_cast<uint16_t>((result + 1) >> 1);
  }
  return table;
}
inline constexpr auto kTable = make_table();

}  // namespace log2_detail

// log2(value) in 1/4096 bit, for a positive value.
constexpr uint32_t log2_fixed(uint64_t value) {
  const auto whole = static_cast<uint32_t>(std::bit_width(value)) - 1;
  // The 20 bits after the leading one: 8 choose an entry, 12 interpolate.
  const uint64_t rest = whole >= 20 ? value >> (whole - 20) : value << (20 - whole);
  const auto fraction = static_cast<uint32_t>(rest & 0xFFFFF);
  const uint32_t low = log2_detail::kTable[fraction >> 12];
  const uint32_t high = log2_detail::kTable[(fraction >> 12) + 1];
  return (whole << 12) + low + (((high - low) * (fraction & 0xFFF)) >> 12);
}

}  // namespace pith::entropy

// The symbols of deflate (RFC 1951, 3.2.5): which symbol stands for a match length or distance, and
// how many extra bits follow it.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace pith::deflated {

inline constexpr int kEndOfBlock = 256;
inline constexpr int kFirstLength = 257;
inline constexpr int kLiteralSymbols = 286;
inline constexpr int kFixedLiteralSymbols = 288;  // the last two have a code but no meaning
inline constexpr int kDistanceSymbols = 30;

enum class BlockType : uint8_t { kStored = 0, kFixed = 1, kDynamic = 2 };

// A symbol, and the value that its extra bits are added to.
struct SymbolRange {
  int symbol;
  uint32_t base;
  uint32_t extra_bits;
};

// `length` is 3 to 258.
constexpr SymbolRange length_symbol(uint32_t length) {
  const uint32_t offset = length - 3;
  if (offset < 8) return {kFirstLength + static_cast<int>(offset), length, 0};
  if (offset == 255) return {kFirstLength + 28, 258, 0};
  const auto extra = static_cast<uint32_t>(std::bit_width(offset)) - 3;
  const uint32_t step = offset >> extra;  // 4 to 7
  return {kFirstLength + static_cast<int>(4 * extra + step), (step << extra) + 3, extra};
}

// `distance` is 1 to 32768.
constexpr SymbolRange distance_symbol(uint32_t distance) {
  const uint32_t offset = distance - 1;
  if (offset < 4) return {static_cast<int>(offset), distance, 0};
  const auto extra = static_cast<uint32_t>(std::bit_width(offset)) - 2;
  const uint32_t step = offset >> extra;  // 2 or 3
  return {static_cast<int>(2 * extra + step), (step << extra) + 1, extra};
}

constexpr SymbolRange length_range(int symbol) {
  const auto index = static_cast<uint32_t>(symbol - kFirstLength);
  if (index < 8) return {symbol, index + 3, 0};
  if (index == 28) return {symbol, 258, 0};
  const uint32_t extra = index / 4 - 1;
  return {symbol, ((4 + index % 4) << extra) + 3, extra};
}

constexpr SymbolRange distance_range(int symbol) {
  const auto index = static_cast<uint32_t>(symbol);
  if (index < 4) return {symbol, index + 1, 0};
  const uint32_t extra = index / 2 - 1;
  return {symbol, ((2 + index % 2) << extra) + 1, extra};
}

constexpr std::array<uint8_t, kFixedLiteralSymbols> fixed_literal_lengths() {
  std::array<uint8_t, kFixedLiteralSymbols> lengths{};
  for (int i = 0; i < kFixedLiteralSymbols; ++i) {
    lengths[static_cast<size_t>(i)] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
  }
  return lengths;
}
inline constexpr uint8_t kFixedDistanceLength = 5;

// Code lengths of a dynamic block's header (3.2.7): 0 to 15 are lengths, the others are runs.
inline constexpr int kLengthSymbols = 19;
inline constexpr int kRepeatPrevious = 16;  // 3 to 6 times, 2 extra bits
inline constexpr int kRepeatZero = 17;      // 3 to 10 times, 3 extra bits
inline constexpr int kRepeatZeroLong = 18;  // 11 to 138 times, 7 extra bits
inline constexpr std::array<uint8_t, kLengthSymbols> kLengthOrder = {
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};

}  // namespace pith::deflated

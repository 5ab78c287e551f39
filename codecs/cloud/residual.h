// How residuals become symbols: sign and size class in the symbol, the other bits raw.
//
// 0 has a class of its own, so have ±1, ±2 and ±3; above them each power of two is halved. The
// symbol of 0 is 0, else 2 · class - 1 for positive and 2 · class for negative residuals.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace pith::cloud {

// What else a walk knows of a number beside its context: for coders that mix (adaptive.h).
struct Hints {
  uint32_t slot = 0;  // the number's meaning, below 8
  uint32_t a = 0;     // below 256
  uint32_t b = 0;     // below 256
  int bits = 8;       // of the largest symbol
};

// What `make` gives, if the coder has a use for it.
template <class Coder, class Make>
Hints hints_of(Make&& make) {
  if constexpr (Coder::kMixes) {
    return make();
  } else {
    return {};
  }
}

// Two small numbers in one hint.
constexpr uint32_t pair_hint(uint32_t a, uint32_t b) {
  return (a < 15 ? a : 15) * 16 + (b < 15 ? b : 15);
}

struct Split {
  uint8_t symbol;
  uint8_t raw_bits;
  uint64_t raw;
};

inline constexpr uint32_t kResidualSymbols = 255;

constexpr Split split_residual(int64_t residual) {
  const auto sign = static_cast<uint64_t>(residual >> 63);
  const uint64_t size = (static_cast<uint64_t>(residual) ^ sign) - sign;
  // Without branches, as above: sizes below 4 stand for their own class.
  const auto octave = static_cast<uint32_t>(std::bit_width(size | 2)) - 1;
  const uint32_t bits = octave - 1;
  const uint64_t small = 0 - static_cast<uint64_t>(size < 4);
  const uint64_t size_class = (size & small) | ((2 * octave + (size >> bits & 1)) & ~small);
  const uint64_t symbol = 2 * size_class - (1 & ~sign & (0 - static_cast<uint64_t>(size != 0)));
  const auto raw_bits = static_cast<uint32_t>(bits & ~small);
  return {static_cast<uint8_t>(symbol), static_cast<uint8_t>(raw_bits),
          size & ((uint64_t{1} << raw_bits) - 1)};
}

// Raw bits of a symbol; symbols are at most 254.
constexpr uint32_t raw_bits_of(uint32_t symbol) {
  const uint32_t size_class = (symbol + 1) / 2;
  return size_class < 4 ? 0 : size_class / 2 - 1;
}

constexpr int64_t join_residual(uint32_t symbol, uint64_t raw) {
  const uint32_t size_class = (symbol + 1) / 2;
  uint64_t size = size_class;
  if (size_class >= 4) {
    const uint32_t bits = size_class / 2 - 1;
    size = (uint64_t{2 + (size_class & 1)} << bits) | raw;
  }
  return static_cast<int64_t>((symbol & 1) != 0 ? size : 0 - size);
}

// The same by a table, without branches: whether a residual is small cannot be foreseen.
struct SymbolMeaning {
  uint64_t least = 0;  // size, to which the raw bits are added
  uint64_t sign = 0;   // all ones for negative residuals
  uint32_t raw_bits = 0;
};
inline constexpr auto kSymbolMeanings = [] {
  std::array<SymbolMeaning, kResidualSymbols> all{};
  for (uint32_t symbol = 0; symbol < all.size(); ++symbol) {
    const int64_t least = join_residual(symbol, 0);
    const bool negative = symbol > 0 && (symbol & 1) == 0;
    all[symbol] = {
        .least = negative ? 0 - static_cast<uint64_t>(least) : static_cast<uint64_t>(least),
        .sign = negative ? ~uint64_t{0} : 0,
        .raw_bits = raw_bits_of(symbol)};
  }
  return all;
}();

}  // namespace pith::cloud

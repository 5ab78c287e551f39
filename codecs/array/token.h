// Numbers as tokens: one symbol for the size, with the bits after the leading one that matter most,
// and the bits below as they are.
//
// 0 to 15 are tokens themselves. A number of e bits, e at least 5, is token 16 + 4 (e - 5) plus the
// two bits after its leading one; its e - 3 lowest bits are raw. So tokens grow with the logarithm
// of the number, and those of 64 bits fit into a byte.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace pith::array {

inline uint8_t token_of(uint64_t value) {
  if (value < 16) return static_cast<uint8_t>(value);
  const auto e = static_cast<int>(std::bit_width(value));
  return static_cast<uint8_t>(16 + 4 * (e - 5) + static_cast<int>(value >> (e - 3) & 3));
}

// How many bits of such a number are raw.
constexpr int raw_bits_of(uint8_t token) { return token < 16 ? 0 : (token - 16) / 4 + 2; }

inline uint64_t number_of(uint8_t token, uint64_t raw) {
  if (token < 16) return token;
  return uint64_t{4U + (token & 3U)} << raw_bits_of(token) | raw;
}

// The same for all tokens: what they are without their raw bits, and how many these are.
struct TokenSize {
  uint64_t least = 0;
  uint64_t mask = 0;  // of the raw bits
  uint64_t bits = 0;
};
inline constexpr auto kTokenSizes = [] {
  std::array<TokenSize, 256> sizes{};
  for (size_t t = 0; t < sizes.size(); ++t) {
    const auto token = static_cast<uint8_t>(t);
    const int bits = raw_bits_of(token);
    sizes[t] = {token < 16 ? token : uint64_t{4U + (token & 3U)} << bits, (uint64_t{1} << bits) - 1,
                static_cast<uint64_t>(bits)};
  }
  return sizes;
}();

// Differences of words, modulo 2^bits, with their signs in the lowest bit.
template <class Word>
constexpr Word fold(Word difference) {
  constexpr int kTop = 8 * sizeof(Word) - 1;
  return static_cast<Word>(difference << 1) ^ static_cast<Word>(Word{0} - (difference >> kTop));
}
template <class Word>
constexpr Word unfold(Word folded) {
  return (folded >> 1) ^ static_cast<Word>(Word{0} - (folded & 1));
}

}  // namespace pith::array

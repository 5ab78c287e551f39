// A word of a tensor as a symbol, which rANS codes, and raw bits.
//
// A float is rotated left by one bit, so that the exponent comes first and the sign last (where the
// sign is constant it is left out instead). The raw bits are the lowest of the result, the symbol
// is what lies above them, less a base: the exponent and the first bits of the mantissa together.
// With `zero`, symbol 0 stands for the word zero and others begin at 1. Words without a symbol are
// escapes: they count as symbol 0 with raw bits 0, and are put in place afterwards.
//
// Raw bits of a run follow each other from the lowest bit of each byte up; the last byte is filled
// with zeros.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "codecs/entropy/kernel.h"

namespace pith::tensor {

using entropy::Kernel;

enum class Sign : uint8_t { kMixed = 0, kPositive = 1, kNegative = 2 };

struct Split {
  uint8_t width = 1;  // bytes of a word: 1, 2, 4 or 8; little-endian
  uint8_t raw_bits = 0;
  bool rotated = false;  // else the word is taken as it is
  bool zero = false;
  Sign sign = Sign::kMixed;  // of rotated words only
  uint32_t base = 0;

  bool operator==(const Split&) const = default;
};

// The most raw bits: a window of eight bytes holds them wherever they begin.
inline constexpr int kMaxRawBits = 56;

struct Escape {
  uint32_t position = 0;  // in words from the beginning of the run
  uint64_t word = 0;
};

constexpr size_t raw_bytes(const Split& split, size_t count) {
  return (count * split.raw_bits + 7) / 8;
}

// `raw` has room for raw_bytes() and 16 more, which may be overwritten. False, with the results
// unfinished, once there are more than `most` escapes.
bool split_words(const Split& split, ByteView words, uint8_t* symbols, std::byte* raw,
                 std::vector<Escape>& escapes, size_t most, Kernel kernel);

// The words, but for escapes. `raw` begins with the raw bits of the first word, at a byte's lowest
// bit, and holds at least raw_bytes().
void merge_words(const Split& split, std::span<const uint8_t> symbols, ByteView raw,
                 std::byte* words, Kernel kernel);

}  // namespace pith::tensor

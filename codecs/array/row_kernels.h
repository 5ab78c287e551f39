// What is done to all cells of a row at once, by loops that the compiler vectorises for each target
// (hwy/foreach_target.h): residuals of fixed predictors, tokens, the sizes around them, and what
// residuals would cost. Integers only, so that all targets give the same numbers.
#pragma once

#include <span>

#include "codecs/array/predictors.h"

namespace pith::array {

// Cells of a row that a mode is tried on.
template <class Word>
struct Window {
  Rows<Word> rows;
  const uint8_t* classes = nullptr;  // null if all cells have keys
  ptrdiff_t begin = 0;
  ptrdiff_t end = 0;
};
inline constexpr uint64_t kWindowCols = 32;

// The folded residuals of a fixed mode and their tokens; cells without a key get any. `highest`: of
// the keys, to which predictions are limited.
void fold_row(const Rows<uint32_t>& rows, Mode mode, size_t ref, uint32_t highest, size_t cols,
              uint32_t* folded, uint8_t* tokens);

// What the residuals of a fixed mode cost, in 1/4096 bit (cost_of_residual()).
uint64_t cost_of_windows(std::span<const Window<uint32_t>> windows, Mode mode, size_t ref,
                         uint32_t highest);

// The levels of contexts: of all tokens of a row, `n` and `p` those above and in the reference.
void levels_of_row(const uint8_t* t, const uint8_t* n, const uint8_t* p, size_t cols,
                   uint8_t* levels);

// sums[c] = 2 n[c] + n[c - 1] + n[c + 1] + 2 p[c]. Either may be null: it counts as zeros.
void sizes_around(const uint8_t* n, const uint8_t* p, size_t cols, uint16_t* sums);

// Finely where tokens are small.
constexpr unsigned level_of(unsigned sum) { return sum < 128 ? sum : 120 + sum / 16; }
inline constexpr size_t kSums = 8 * 255 + 1;

// What a residual costs: about the logarithm of its magnitude, by the bits of a float.
inline uint32_t cost_of_residual(uint32_t folded) {
  const auto size = static_cast<float>(static_cast<int32_t>((folded >> 1) + 1));
  return (std::bit_cast<uint32_t>(size) - (uint32_t{127} << 23)) >> 11;
}
inline uint32_t cost_of_residual(uint64_t folded) {
  const auto size = static_cast<double>(static_cast<int64_t>(folded >> 1)) + 1;
  return static_cast<uint32_t>((std::bit_cast<uint64_t>(size) - (uint64_t{1023} << 52)) >> 40);
}

}  // namespace pith::array

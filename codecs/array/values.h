// The numbers of a variable as grids of rows, and back.
//
// Byte order, shuffle, tiles and the filters of PNG are undone; a number becomes its bit pattern in
// a word of 32 or (for numbers of 8 bytes) 64 bits. All of a variable's cells lie in one row of
// words: grid after grid, each with its rows back to back. A grid is made of whole rows; what is
// left of cut rows, cells of tiles beyond the shape, and PNG's filter bytes are grids of one row.
//
// Where the last axis is short (bands, channels) a row of the grid has the numbers of one band:
// row r of an image becomes the rows (r, band 0), (r, band 1) and so on.
#pragma once

#include <cstdint>
#include <vector>

#include "codecs/array/plan.h"

namespace pith::array {

struct Grid {
  NumberType type = NumberType::kUint8;
  uint64_t cols = 1;
  uint64_t rows = 1;
  // The row above is `up` rows before (0: there is none), unless the row is one of the first `up`
  // of its slice. Row r of the grid is row (first_row + r) % slice_rows of its slice.
  uint64_t up = 0;
  uint64_t slice_rows = 1;
  uint64_t first_row = 0;
  // Distances in rows at which the same place of an earlier slice or band may be found.
  std::vector<uint64_t> back{};

  uint64_t cells() const { return rows * cols; }
};

// The grids of a variable, in the order of its cells; none is empty.
std::vector<Grid> grids_of(const Variable& variable);

// Numbers of a variable (filter bytes of PNG count as well).
uint64_t cell_count(const Variable& variable);

inline bool needs_wide_words(const Variable& variable) { return number_size(variable.type) == 8; }

// `Word`: uint64_t if needs_wide_words(), else uint32_t. Sizes: variable.size and cell_count().
// Each takes room for as many bytes again, and for as many words again.
template <class Word>
void take_apart(const Variable& variable, ByteView bytes, std::span<Word> cells);
template <class Word>
void put_together(const Variable& variable, std::span<const Word> cells, MutableBytes bytes);

extern template void take_apart<uint32_t>(const Variable&, ByteView, std::span<uint32_t>);
extern template void take_apart<uint64_t>(const Variable&, ByteView, std::span<uint64_t>);
extern template void put_together<uint32_t>(const Variable&, std::span<const uint32_t>,
                                            MutableBytes);
extern template void put_together<uint64_t>(const Variable&, std::span<const uint64_t>,
                                            MutableBytes);

}  // namespace pith::array

// The keys of a row from its symbols, the common case: the row has a row above and all its cells
// have keys of 32 bits. Tokens, raw bits and predictions in one loop, so that what each of them
// waits for overlaps.
#pragma once

#include <array>

#include "codecs/array/blocks.h"
#include "codecs/array/row_kernels.h"
#include "codecs/array/symbols.h"

namespace pith::array {

// Where decoding stands.
struct TokenStream {
  SymbolCursor symbols;
  BitReader raw;
  std::array<const SymbolTable*, kSums> tables{};  // of the sums of what is around

  // True if cells may be read without looking where the stream ends.
  bool has_room(size_t cells) const { return symbols.has_room(cells) && raw.is_quick(); }
};

// What is known of the cells from `begin` on before they are read.
struct RowAhead {
  const Rows<uint32_t>& rows;
  const BandMode& band;
  const Place& place;
  uint32_t highest = 0;              // of the keys
  const uint8_t* classes = nullptr;  // null if all cells have keys
  const uint16_t* sums;              // of the sizes around the cells, but for those on their left
  bool has_ref = false;              // these have those of a reference in them
};

// Reads `count` cells; the stream must have room for them.
void decode_cells(TokenStream& stream, const RowAhead& row, size_t begin, size_t count,
                  uint8_t* tokens, uint32_t* keys);

}  // namespace pith::array

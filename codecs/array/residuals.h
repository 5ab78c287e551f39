// The keys of a grid as residuals of predictors, coded in the context of their neighbours' sizes.
//
// A block is some lines of a grid (a line: the rows of all bands of a row) with the same
// surroundings; each band of a block has a mode. The folded difference to the prediction becomes a
// token and raw bits (token.h). The context of a token follows from the tokens around it.
#pragma once

#include "base/memory_budget.h"
#include "codecs/array/transform.h"

namespace pith::array {

// How hard the encoder looks.
struct Effort {
  bool time = true;             // tries modes that take references
  bool linear = false;          // and weights by least squares
  size_t contexts = 8;          // at most
  uint64_t block_cells = 4096;  // of a band of a block, about
};
inline constexpr uint64_t kMostBlockCells = uint64_t{1} << 20;

// Returns what reading them takes beside the keys.
template <class Word>
uint64_t write_residuals(const Grid& grid, const Keys<Word>& keys, const Effort& effort,
                         ByteWriter& out);

// Fills `keys.keys`; the classes must be known.
template <class Word>
Result<void> read_residuals(ByteReader& in, const Grid& grid, MemoryBudget& budget,
                            Keys<Word>& keys);

extern template uint64_t write_residuals<uint32_t>(const Grid&, const Keys<uint32_t>&,
                                                   const Effort&, ByteWriter&);
extern template uint64_t write_residuals<uint64_t>(const Grid&, const Keys<uint64_t>&,
                                                   const Effort&, ByteWriter&);
extern template Result<void> read_residuals<uint32_t>(ByteReader&, const Grid&, MemoryBudget&,
                                                      Keys<uint32_t>&);
extern template Result<void> read_residuals<uint64_t>(ByteReader&, const Grid&, MemoryBudget&,
                                                      Keys<uint64_t>&);

}  // namespace pith::array

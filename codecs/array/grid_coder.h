// One grid of numbers: its transform, classes, exceptions and residuals.
#pragma once

#include "base/memory_budget.h"
#include "codecs/array/residuals.h"
#include "codecs/array/transform_search.h"

namespace pith::array {

struct GridEffort {
  Effort effort;
  bool thorough = false;  // of the search for transforms
  size_t transforms = 1;  // so many of those found are coded, the smallest result is kept
};

// Returns what reading the grid takes beside its cells.
template <class Word>
uint64_t write_grid(const Grid& grid, std::span<const Word> cells, const Variable& hints,
                    const GridEffort& effort, ByteBuffer& out);
template <class Word>
Result<void> read_grid(ByteReader& in, const Grid& grid, MemoryBudget& budget,
                       std::span<Word> cells);

extern template uint64_t write_grid<uint32_t>(const Grid&, std::span<const uint32_t>,
                                              const Variable&, const GridEffort&, ByteBuffer&);
extern template uint64_t write_grid<uint64_t>(const Grid&, std::span<const uint64_t>,
                                              const Variable&, const GridEffort&, ByteBuffer&);
extern template Result<void> read_grid<uint32_t>(ByteReader&, const Grid&, MemoryBudget&,
                                                 std::span<uint32_t>);
extern template Result<void> read_grid<uint64_t>(ByteReader&, const Grid&, MemoryBudget&,
                                                 std::span<uint64_t>);

}  // namespace pith::array

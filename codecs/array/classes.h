// The classes of a grid's cells (transform.h): which have keys, which are fill values.
//
// A class is a symbol in the context of five cells before it: left, above left, above, above right,
// and the same place of an earlier slice; each of them has a key or not.
#pragma once

#include "base/memory_budget.h"
#include "codecs/array/symbols.h"
#include "codecs/array/values.h"

namespace pith::array {

// Returns what reading them takes beside the classes themselves.
uint64_t write_classes(const Grid& grid, std::span<const uint8_t> classes, ByteWriter& out);

// Fails if a class is above `highest`.
Result<void> read_classes(ByteReader& in, const Grid& grid, uint8_t highest, MemoryBudget& budget,
                          std::span<uint8_t> classes);

}  // namespace pith::array

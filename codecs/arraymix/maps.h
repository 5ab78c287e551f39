// From the transform of a grid to what the model sees of it.
#pragma once

#include <vector>

#include "codecs/array/transform.h"
#include "codecs/arraymix/grid.h"
#include "codecs/arraymix/parts.h"

namespace pith::arraymix {

// The maps of a transform. Values are scaled by a power of two where they would be very large or
// small. The maps refer to `table`.
template <class Word>
struct Maps {
  Maps(const array::Transform<Word>& transform, uint64_t highest);

  std::vector<ValueMap> maps;
  std::vector<double> table;

  // Bytes that it takes.
  static uint64_t memory(const array::Transform<Word>& transform) {
    return transform.table.size() * sizeof(double) + transform.slices.size() * sizeof(ValueMap);
  }
};

// The number of the map of each row of a part; none if there is one map for all.
template <class Word>
std::vector<uint32_t> maps_of_rows(const array::Transform<Word>& transform, const Part& part);

// What the model sees of a table of `count` places in order, as distances from the first one. Long
// tables are folded; the last row is filled up with the last entry.
GridSpec spec_of_table(NumberType type, uint64_t first, uint64_t last, size_t count);

extern template struct Maps<uint32_t>;
extern template struct Maps<uint64_t>;
extern template std::vector<uint32_t> maps_of_rows(const array::Transform<uint32_t>&, const Part&);
extern template std::vector<uint32_t> maps_of_rows(const array::Transform<uint64_t>&, const Part&);

}  // namespace pith::arraymix

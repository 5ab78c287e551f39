// How a grid (codecs/array/values.h) falls into the parts that are modelled one after the other.
//
// Rows of bands, which alternate in a grid, are put into planes of one band each, so that a band
// knows all of the one before it. Long lines are folded into rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "codecs/array/values.h"
#include "codecs/arraymix/grid.h"

namespace pith::arraymix {

struct Part {
  size_t first = 0;  // cell of the grid
  GridShape shape;   // without references
  size_t bands = 1;
  // Distances in rows at which references may lie, the most promising first.
  std::vector<size_t> back{};
};

std::vector<Part> parts_of(const array::Grid& grid);

// Puts the rows of a part from their order in the grid into that of planes, or back. Needs a copy
// of as many cells. Nothing to do for parts of one band.
template <class Cell>
void order_planes(const Part& part, std::span<Cell> cells, bool forward);

extern template void order_planes(const Part&, std::span<uint8_t>, bool);
extern template void order_planes(const Part&, std::span<uint32_t>, bool);
extern template void order_planes(const Part&, std::span<uint64_t>, bool);

// The cell of the grid at which a row of the part begins, or one of the same slice.
size_t place_of_row(const Part& part, size_t row);

}  // namespace pith::arraymix

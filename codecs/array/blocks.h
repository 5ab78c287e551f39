// How the lines of a grid make up blocks; and the modes of a block's bands.
#pragma once

#include <vector>

#include "codecs/array/linear_fit.h"
#include "codecs/array/volume.h"

namespace pith::array {

// What the rows of one band of a block are predicted with.
struct BandMode {
  Mode mode = kLeft;
  uint8_t ref = 0;  // of modes that take one
  Weights weights{};
};

struct Block {
  uint64_t first = 0;  // row
  uint64_t lines = 0;
};

// Calls f(block, places of its bands) for all blocks, in order; f returns false to stop. All lines
// of a block have the same rows above and references as its first one.
template <class F>
bool for_each_block(const Grid& grid, uint64_t block_cells, F&& f) {
  const Surroundings around(grid);
  const uint64_t phases = around.phases();
  const uint64_t lines = grid.rows / phases;
  const uint64_t most = std::max<uint64_t>(1, block_cells / grid.cols);
  std::vector<Place> places(static_cast<size_t>(phases));
  for (uint64_t line = 0; line < lines;) {
    for (size_t p = 0; p < places.size(); ++p) places[p] = around.of(line * phases + p);
    uint64_t end = line + 1;
    const auto goes_on = [&] {
      for (size_t p = 0; p < places.size(); ++p) {
        Place place = around.of(end * phases + p);
        place.up2 = places[p].up2;
        if (place != places[p]) return false;
      }
      return true;
    };
    while (end < lines && end - line < most && goes_on()) ++end;
    if (!f(Block{.first = line * phases, .lines = end - line}, std::as_const(places))) return false;
    line = end;
  }
  return true;
}

}  // namespace pith::array

// A grid of keys as the model sees it: rows of cells, which other rows lie near, and what the keys
// stand for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "codecs/arraymix/value_map.h"

namespace pith::arraymix {

struct GridShape {
  size_t rows = 1;
  size_t width = 1;
  // Row r is row (first + r) % height of its plane; what lies above is of the same plane.
  size_t height = 1;
  size_t first = 0;
  // Rows back to the same place of two references, planes before; 0: none. At least `height`.
  size_t near = 0;
  size_t far = 0;

  size_t cells() const { return rows * width; }
};

struct GridSpec {
  GridShape shape;
  uint64_t highest = 0;  // of the keys, below 2^64 - 1
  uint32_t kinds = 1;    // of cells; 1: all have keys
  std::vector<ValueMap> maps;
  // The map of each row; empty: the first one for all.
  std::span<const uint32_t> map_of_row{};
};

}  // namespace pith::arraymix

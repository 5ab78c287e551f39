// A grid of numbers as the model codes it: planes of rows of keys, and how to find the cells that
// lie near in the planes before.
#pragma once

#include <cstddef>
#include <cstdint>

#include "codecs/arraymix/value_map.h"

namespace pith::arraymix {

struct GridShape {
  size_t planes = 1;
  size_t height = 1;  // rows of a plane
  size_t width = 1;
  // Rows back to the same row of the two references, 0: none. A multiple of the height where they
  // are planes; less than that where rows repeat.
  size_t near = 0;
  size_t far = 0;

  size_t rows() const { return planes * height; }
  size_t cells() const { return rows() * width; }
};

struct GridSpec {
  GridShape shape;
  ValueMap map;
  int64_t lowest = 0;  // keys; lowest <= highest
  int64_t highest = 0;
};

}  // namespace pith::arraymix

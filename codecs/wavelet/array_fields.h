// How the numbers of an array (codecs/array/values.h) fall into fields.
#pragma once

#include <vector>

#include "codecs/array/values.h"
#include "codecs/wavelet/field.h"

namespace pith::wavelet {

struct ArrayField {
  size_t first = 0;  // of its cells in the part
  FieldShape shape;
};

// The fields of a part of a grid, in the order of its cells: whole planes together, planes that the
// block cuts by themselves. `part`: one of arraymix::parts_of(grid), its planes in order.
struct PartFields {
  size_t first = 0;  // cell of the variable
  size_t bands = 1;
  size_t width = 1;
  size_t rows = 1;
  size_t height = 1;  // of the planes
  std::vector<ArrayField> fields;

  size_t cells() const { return rows * width; }
};

std::vector<PartFields> fields_of(const array::Variable& variable);

}  // namespace pith::wavelet

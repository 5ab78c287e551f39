#include "codecs/wavelet/array_fields.h"

#include <algorithm>

#include "codecs/arraymix/parts.h"

namespace pith::wavelet {
namespace {

// The axes along which whole planes are neighbours.
std::vector<Axis> axes_of(const array::Grid& grid, const arraymix::Part& part, size_t planes) {
  std::vector<size_t> strides;
  if (part.bands > 1) strides.push_back(1);
  for (const uint64_t distance : grid.back) {
    if (distance < grid.slice_rows || distance % part.shape.height != 0) continue;
    strides.push_back(static_cast<size_t>(distance) / part.shape.height);
  }
  std::sort(strides.begin(), strides.end());
  std::vector<Axis> axes;
  for (const size_t stride : strides) {
    if (stride >= planes || axes.size() == kMaxAxes) break;
    if (axes.empty()) {
      if (stride != 1) break;
    } else {
      if (stride % axes.back().stride != 0 || stride == axes.back().stride) continue;
      axes.back().length = stride / axes.back().stride;
    }
    axes.push_back({.stride = stride});
  }
  if (!axes.empty()) {
    axes.back().length = (planes + axes.back().stride - 1) / axes.back().stride;
  }
  return axes;
}

void add_part(const array::Grid& grid, const arraymix::Part& part, size_t first,
              std::vector<PartFields>& found) {
  PartFields fields{.first = first + part.first,
                    .bands = part.bands,
                    .width = part.shape.width,
                    .rows = part.shape.rows,
                    .height = part.shape.height,
                    .fields = {}};
  const size_t height = part.shape.height;
  const size_t width = part.shape.width;
  size_t row = 0;
  const auto add = [&](size_t planes, size_t rows, std::vector<Axis> axes) {
    fields.fields.push_back(
        {.first = row * width,
         .shape = {.planes = planes, .height = rows, .width = width, .axes = std::move(axes)}});
    row += planes * rows;
  };
  if (part.shape.first != 0) add(1, std::min(part.shape.rows, height - part.shape.first), {});
  const size_t planes = (part.shape.rows - row) / height;
  if (planes > 0) add(planes, height, axes_of(grid, part, planes));
  if (row < part.shape.rows) add(1, part.shape.rows - row, {});
  found.push_back(std::move(fields));
}

}  // namespace

std::vector<PartFields> fields_of(const array::Variable& variable) {
  std::vector<PartFields> found;
  size_t first = 0;
  for (const array::Grid& grid : array::grids_of(variable)) {
    for (const arraymix::Part& part : arraymix::parts_of(grid)) {
      add_part(grid, part, first, found);
    }
    first += static_cast<size_t>(grid.cells());
  }
  return found;
}

}  // namespace pith::wavelet

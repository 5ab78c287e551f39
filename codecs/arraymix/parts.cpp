#include "codecs/arraymix/parts.h"

#include <algorithm>

#include "codecs/arraymix/surroundings.h"

namespace pith::arraymix {
namespace {

constexpr size_t kLongLine = 8192;           // longer ones are folded
constexpr size_t kFold = 1024;               // into rows of this length
constexpr size_t kWidest = size_t{1} << 18;  // rows that are longer are taken for lines
constexpr size_t kMostKept = size_t{7}
                             << 19;  // cells, with margins, that the model may have to keep

void add_lines(std::vector<Part>& parts, size_t first, size_t cells) {
  const size_t rows = cells > kLongLine ? cells / kFold : 0;
  if (rows > 0) {
    parts.push_back({.first = first, .shape = {.rows = rows, .width = kFold, .height = rows}});
  }
  const size_t rest = cells - rows * kFold;
  if (rest > 0) parts.push_back({.first = first + rows * kFold, .shape = {.width = rest}});
}

void add_back(Part& part, size_t distance) {
  if (distance == 0 || distance >= part.shape.rows) return;
  if (distance + 3 > kMostKept / Surroundings::stride_of(part.shape)) return;
  if (std::find(part.back.begin(), part.back.end(), distance) != part.back.end()) return;
  part.back.push_back(distance);
}

// Planes of single bands. `slices`: whole ones, or one that is cut.
Part banded(const array::Grid& grid, size_t first_row, size_t rows, size_t slice_rows) {
  const auto bands = static_cast<size_t>(grid.up);
  const auto width = static_cast<size_t>(grid.cols);
  Part part;
  part.first = first_row * width;
  part.bands = bands;
  part.shape = {.rows = rows, .width = width, .height = slice_rows / bands};
  add_back(part, part.shape.height);
  for (const uint64_t distance : grid.back) {
    if (distance >= grid.slice_rows) add_back(part, static_cast<size_t>(distance));
  }
  add_back(part, 2 * part.shape.height);
  return part;
}

}  // namespace

std::vector<Part> parts_of(const array::Grid& grid) {
  std::vector<Part> parts;
  const auto width = static_cast<size_t>(grid.cols);
  const auto rows = static_cast<size_t>(grid.rows);
  if (rows == 1 || width > kWidest) {
    add_lines(parts, 0, rows * width);
    return parts;
  }
  const auto slice_rows = static_cast<size_t>(grid.slice_rows);
  const auto first_row = static_cast<size_t>(grid.first_row);
  if (grid.up > 1) {
    // Slices that are cut have fewer rows of each band.
    const size_t head = std::min(rows, first_row == 0 ? 0 : slice_rows - first_row);
    const size_t body = (rows - head) / slice_rows * slice_rows;
    const size_t tail = rows - head - body;
    if (head > 0) parts.push_back(banded(grid, 0, head, head));
    if (body > 0) parts.push_back(banded(grid, head, body, slice_rows));
    if (tail > 0) parts.push_back(banded(grid, head + body, tail, tail));
    return parts;
  }
  Part part;
  part.shape = {.rows = rows, .width = width, .height = 1};
  if (grid.up == 1) {
    part.shape.height = slice_rows;
    part.shape.first = first_row;
  }
  for (const uint64_t distance : grid.back) add_back(part, static_cast<size_t>(distance));
  if (!grid.back.empty()) add_back(part, 2 * static_cast<size_t>(grid.back.front()));
  parts.push_back(std::move(part));
  return parts;
}

template <class Cell>
void order_planes(const Part& part, std::span<Cell> cells, bool forward) {
  if (part.bands == 1) return;
  const size_t width = part.shape.width;
  const size_t height = part.shape.height;
  const size_t slice = height * part.bands * width;
  std::vector<Cell> copy(slice);
  for (size_t at = 0; at + slice <= cells.size(); at += slice) {
    std::copy_n(cells.begin() + static_cast<std::ptrdiff_t>(at), slice, copy.begin());
    for (size_t y = 0; y < height; ++y) {
      for (size_t b = 0; b < part.bands; ++b) {
        const size_t mixed = (y * part.bands + b) * width;
        const size_t apart = (b * height + y) * width;
        std::copy_n(copy.data() + (forward ? mixed : apart), width,
                    cells.data() + at + (forward ? apart : mixed));
      }
    }
  }
}

template void order_planes(const Part&, std::span<uint8_t>, bool);
template void order_planes(const Part&, std::span<uint32_t>, bool);
template void order_planes(const Part&, std::span<uint64_t>, bool);

size_t place_of_row(const Part& part, size_t row) {
  const size_t slice = part.shape.height * part.bands;
  const size_t same = part.bands == 1 ? row : row / slice * slice;
  return part.first + same * part.shape.width;
}

}  // namespace pith::arraymix

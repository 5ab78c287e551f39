#include "codecs/array/classes.h"

#include <algorithm>

#include "codecs/array/plan.h"
#include "codecs/array/volume.h"

namespace pith::array {
namespace {

constexpr size_t kContexts = 32;

struct ClassRows {
  const uint8_t* x = nullptr;
  const uint8_t* n = nullptr;
  const uint8_t* p = nullptr;

  size_t context(ptrdiff_t c) const {
    const auto known = [](uint8_t kind) { return static_cast<size_t>(kind != 0); };
    return known(x[c - 1]) | known(n[c - 1]) << 1 | known(n[c]) << 2 | known(n[c + 1]) << 3 |
           known(p[c]) << 4;
  }
};

ClassRows around(const Volume<uint8_t>& volume, uint64_t row, const Place& place, uint64_t up) {
  ClassRows rows;
  rows.x = volume.row(row);
  rows.n = place.up ? volume.row(row - up) : volume.zeros();
  rows.p = place.refs > 0 ? volume.row(row - place.distance[0]) : volume.zeros();
  return rows;
}

uint64_t classes_memory(const Grid& grid) {
  return Volume<uint8_t>::memory(grid.rows, grid.cols) + SymbolReader::memory(kContexts);
}

}  // namespace

uint64_t write_classes(const Grid& grid, std::span<const uint8_t> classes, ByteWriter& out) {
  Volume<uint8_t> volume(grid.rows, grid.cols);
  const Surroundings surroundings(grid);
  std::vector<uint8_t> contexts(classes.size());
  const auto cols = static_cast<size_t>(grid.cols);
  for (uint64_t row = 0; row < grid.rows; ++row) {
    const Place place = surroundings.of(row);
    const size_t first = static_cast<size_t>(row) * cols;
    volume.open(row, place, grid.up);
    std::copy_n(classes.data() + first, cols, volume.row(row));
    volume.close(row);
    const ClassRows rows = around(volume, row, place, grid.up);
    for (size_t c = 0; c < cols; ++c) {
      contexts[first + c] = static_cast<uint8_t>(rows.context(static_cast<ptrdiff_t>(c)));
    }
  }
  write_symbols(classes, contexts, kContexts, out);
  return classes_memory(grid);
}

Result<void> read_classes(ByteReader& in, const Grid& grid, uint8_t highest, MemoryBudget& budget,
                          std::span<uint8_t> classes) {
  const uint64_t room = Volume<uint8_t>::memory(grid.rows, grid.cols);
  if (!budget.reserve(room)) return damaged("it takes more memory than declared");
  PITH_ASSIGN(auto symbols, SymbolReader::open(in, kContexts, budget));
  Volume<uint8_t> volume(grid.rows, grid.cols);
  const Surroundings surroundings(grid);
  const auto cols = static_cast<ptrdiff_t>(grid.cols);
  uint8_t largest = 0;
  for (uint64_t row = 0; row < grid.rows; ++row) {
    const Place place = surroundings.of(row);
    volume.open(row, place, grid.up);
    const ClassRows rows = around(volume, row, place, grid.up);
    uint8_t* x = volume.row(row);
    for (ptrdiff_t c = 0; c < cols; ++c) {
      x[c] = symbols.next(rows.context(c));
      largest = std::max(largest, x[c]);
    }
    volume.close(row);
    std::copy_n(x, grid.cols, classes.data() + static_cast<size_t>(row * grid.cols));
  }
  budget.release(classes_memory(grid));
  if (largest > highest || !symbols.finished()) return damaged("its classes");
  return {};
}

}  // namespace pith::array

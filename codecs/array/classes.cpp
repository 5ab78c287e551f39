#include "codecs/array/classes.h"

#include <algorithm>
#include <array>

#include "codecs/array/plan.h"
#include "codecs/array/volume.h"

namespace pith::array {
namespace {

constexpr size_t kContexts = 2 * 2 * 3 * 3 * 3;

// Rows around a row of classes.
struct ClassRows {
  const uint8_t* n = nullptr;
  const uint8_t* p = nullptr;
};

ClassRows around(const Volume<uint8_t>& volume, uint64_t row, const Place& place, uint64_t up) {
  ClassRows rows;
  rows.n = place.up ? volume.row(row - up) : volume.zeros();
  rows.p = place.refs > 0 ? volume.row(row - place.distance[0]) : volume.zeros();
  return rows;
}

constexpr unsigned state_of(uint8_t kind) { return kind < 2 ? kind : 2; }
// What the state of the cell on the left adds to a context.
constexpr unsigned kPerState = 4;

// The contexts of the cells as far as they do not depend on the cells on their left.
void contexts_above(const ClassRows& rows, size_t cols, uint8_t* contexts) {
  const uint8_t* const n = rows.n;
  const uint8_t* const p = rows.p;
  for (size_t i = 0; i < cols; ++i) {
    const auto c = static_cast<ptrdiff_t>(i);
    const unsigned corners = (n[c - 1] != 0 ? 1U : 0U) + (n[c + 1] != 0 ? 2U : 0U);
    contexts[i] =
        static_cast<uint8_t>(corners + 3 * kPerState * (state_of(n[c]) + 3 * state_of(p[c])));
  }
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
    uint8_t* const context = contexts.data() + first;
    contexts_above(around(volume, row, place, grid.up), cols, context);
    const uint8_t* const left = volume.row(row) - 1;
    for (size_t c = 0; c < cols; ++c) {
      context[c] = static_cast<uint8_t>(context[c] + kPerState * state_of(left[c]));
    }
  }
  write_symbols(classes, contexts, kContexts, out);
  return classes_memory(grid);
}

Result<void> read_classes(ByteReader& in, const Grid& grid, uint8_t highest, MemoryBudget& budget,
                          std::span<uint8_t> classes) {
  const uint64_t room = Volume<uint8_t>::memory(grid.rows, grid.cols);
  if (!budget.reserve(room)) return damaged("it takes more memory than declared");
  PITH_ASSIGN(const auto reader, SymbolReader::open(in, kContexts, budget));
  SymbolCursor symbols = reader.begin();
  Volume<uint8_t> volume(grid.rows, grid.cols);
  const Surroundings surroundings(grid);
  const auto cols = static_cast<size_t>(grid.cols);
  std::array<const SymbolTable*, kContexts> tables{};
  for (size_t i = 0; i < kContexts; ++i) tables[i] = &reader.table(reader.table_of(i));
  uint8_t largest = 0;
  for (uint64_t row = 0; row < grid.rows; ++row) {
    const Place place = surroundings.of(row);
    volume.open(row, place, grid.up);
    uint8_t* const x = volume.row(row);
    // The contexts stand where the classes will be.
    contexts_above(around(volume, row, place, grid.up), cols, x);
    SymbolCursor cursor = symbols;
    uint8_t kind = x[-1];
    for (size_t c = 0; c < cols; ++c) {
      // Most cells are like the one before.
      kind = cursor.next_expected(*tables[x[c] + kPerState * state_of(kind)], kind);
      x[c] = kind;
    }
    symbols = cursor;
    volume.close(row);
    uint8_t* const to = classes.data() + static_cast<size_t>(row) * cols;
    for (size_t c = 0; c < cols; ++c) {
      to[c] = x[c];
      largest = std::max(largest, x[c]);
    }
  }
  budget.release(classes_memory(grid));
  if (largest > highest || !symbols.finished()) return damaged("its classes");
  return {};
}

}  // namespace pith::array

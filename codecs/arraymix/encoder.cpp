#include <algorithm>
#include <limits>

#include "base/byte_writer.h"
#include "base/varint.h"
#include "codecs/array/plan.h"
#include "codecs/array/transform_search.h"
#include "codecs/array/values.h"
#include "codecs/arraymix/block.h"
#include "codecs/arraymix/decoder.h"
#include "codecs/arraymix/grid_coder.h"
#include "codecs/arraymix/maps.h"
#include "codecs/arraymix/parts.h"
#include "codecs/tensor/payload.h"

namespace pith::arraymix {
namespace {

using array::Transform;

constexpr int kPlainEffort = 19;  // of Zstandard
constexpr uint64_t kTooHigh = std::numeric_limits<uint64_t>::max();
constexpr size_t kMostTried = 3;                 // transforms of a grid
constexpr size_t kTriedCells = size_t{1} << 16;  // that a transform is judged by

// A grid after one transform, its parts in the order in which they are coded.
template <class Word>
struct Numbered {
  Transform<Word> transform;
  array::Keys<Word> keys;
};

template <class Word>
class GridEncoder {
 public:
  GridEncoder(const array::Grid& grid, std::span<const Word> cells, Level level)
      : cells_(cells), level_(level), parts_(parts_of(grid)) {}

  // Tries the transforms that were found and writes what suits best; false if nothing does.
  Result<bool> write(std::vector<array::FoundTransform<Word>> found, ByteWriter& out) {
    std::vector<Numbered<Word>> numbered;
    uint64_t least = std::numeric_limits<uint64_t>::max();
    for (auto& f : found) {
      if (numbered.size() == kMostTried) break;
      // What is estimated to be much larger will not win.
      if (!numbered.empty() && f.cost / 2 > least) continue;
      Numbered<Word> n{.transform = std::move(f.transform), .keys = {}};
      n.transform.exceptions = false;
      if (!array::apply(n.transform, cells_, most_exceptions(n.transform), n.keys)) continue;
      n.transform.exceptions = !n.keys.exceptions.empty();
      // The model counts one further.
      if (uint64_t{n.keys.highest} == kTooHigh) continue;
      const auto& table = n.transform.table;
      if (!table.empty() && uint64_t{table.back()} - table.front() == kTooHigh) continue;
      for (const Part& part : parts_) {
        order_planes(part, span_of(n.keys.keys, part), true);
        if (!n.keys.classes.empty()) order_planes(part, span_of(n.keys.classes, part), true);
      }
      least = std::min(least, f.cost);
      numbered.push_back(std::move(n));
    }
    if (numbered.empty()) return false;
    size_t best = 0;
    if (numbered.size() > 1) {
      uint64_t smallest = std::numeric_limits<uint64_t>::max();
      for (size_t i = 0; i < numbered.size(); ++i) {
        PITH_ASSIGN(const uint64_t size, judge(numbered[i]));
        if (size < smallest) {
          smallest = size;
          best = i;
        }
      }
    }
    Numbered<Word> chosen = std::move(numbered[best]);
    numbered.clear();
    numbered.shrink_to_fit();
    return write_numbered(chosen, out);
  }

 private:
  uint64_t most_exceptions(const Transform<Word>& t) const {
    // Integers in order reach every bit pattern; so nothing is left over if all else fails.
    return t.kind == array::TransformKind::kOrder ? cells_.size()
                                                  : array::most_exceptions(cells_.size());
  }

  template <class Cell>
  static std::span<Cell> span_of(std::vector<Cell>& cells, const Part& part) {
    return std::span(cells).subspan(part.first, part.shape.cells());
  }

  static void choose_references(const Part& part, GridShape& shape) {
    if (!part.back.empty()) shape.near = part.back[0];
    if (part.back.size() > 1) shape.far = part.back[1];
  }

  static GridSpec spec_of(const Numbered<Word>& n, const Maps<Word>& maps) {
    GridSpec spec;
    spec.highest = n.keys.highest;
    spec.kinds = kinds_of(n.transform, !n.keys.classes.empty());
    spec.maps = maps.maps;
    return spec;
  }

  // The size of the grid as the fastest model sees some of its rows, and of the transform.
  Result<uint64_t> judge(Numbered<Word>& n) {
    ByteBuffer head;
    ByteWriter writer(head);
    PITH_ASSIGN(const bool written, write_head(n.transform, writer));
    if (!written) return std::numeric_limits<uint64_t>::max();
    const Part& part = *std::max_element(
        parts_.begin(), parts_.end(),
        [](const Part& a, const Part& b) { return a.shape.cells() < b.shape.cells(); });
    const Maps<Word> maps(n.transform, n.keys.highest);
    GridSpec spec = spec_of(n, maps);
    const auto map_of_row = maps_of_rows(n.transform, part);
    GridShape whole = part.shape;
    choose_references(part, whole);
    uint64_t seen = 0;
    uint64_t size = 0;
    for (const auto& [from, rows] : samples_of(whole)) {
      spec.shape = whole;
      spec.shape.first = (whole.first + from) % whole.height;
      spec.shape.rows = rows;
      if (whole.near >= rows) spec.shape.near = 0;
      if (whole.far >= rows) spec.shape.far = 0;
      if (!map_of_row.empty()) spec.map_of_row = std::span(map_of_row).subspan(from, rows);
      const size_t first = part.first + from * whole.width;
      const size_t cells = spec.shape.cells();
      const auto keys = std::span<const Word>(n.keys.keys).subspan(first, cells);
      std::span<const uint8_t> classes(n.keys.classes);
      if (!classes.empty()) classes = classes.subspan(first, cells);
      ByteBuffer code(code_room(cells));
      PITH_ASSIGN(const size_t coded, encode_grid(spec, kFirstShape, keys, classes, code));
      size += coded == 0 ? code.size() : coded;
      seen += cells;
    }
    return head.size() + n.keys.exceptions.size() * sizeof(Word) + size * part.shape.cells() / seen;
  }

  struct Rows {
    size_t from = 0;
    size_t count = 0;
  };

  // Whole planes with some to refer to, from the beginning, the middle and the end, or of a few
  // planes from the middle; or rows from the middle; or all.
  static std::vector<Rows> samples_of(const GridShape& shape) {
    const size_t wanted = std::max<size_t>(1, kTriedCells / shape.width);
    if (shape.near < shape.height) {
      if (shape.rows < 2 * wanted) return {{0, shape.rows}};
      return {{(shape.rows - wanted) / 2, wanted}};
    }
    const size_t rows = (std::max(wanted / 4, shape.near) / shape.height + 1) * shape.height;
    if (shape.rows < 2 * rows) return {{0, shape.rows}};
    const size_t middle = shape.rows / shape.height / 2 * shape.height;
    if (shape.rows < 4 * rows) return {{std::min(middle, shape.rows - rows), rows}};
    return {{0, rows}, {middle, rows}, {shape.rows - rows, rows}};
  }

  static size_t code_room(size_t cells) { return cells * (sizeof(Word) + 2) + 1024; }

  // The transform. Of a table, only the first entry is in it; the others are modelled. False if
  // that makes the table larger.
  Result<bool> write_head(Transform<Word>& t, ByteWriter& out) const {
    if (t.kind != array::TransformKind::kRank) {
      array::write_transform(t, out);
      return true;
    }
    std::vector<Word> table = {t.table.front()};
    std::swap(t.table, table);
    array::write_transform(t, out);
    std::swap(t.table, table);
    write_varint(out, t.table.size());
    const GridSpec spec = spec_of_table(t.type, t.table.front(), t.table.back(), t.table.size());
    write_varint(out, spec.highest);
    std::vector<Word> keys(spec.shape.cells());
    for (size_t i = 0; i < t.table.size(); ++i) keys[i] = t.table[i] - t.table.front();
    std::fill(keys.begin() + static_cast<std::ptrdiff_t>(t.table.size()), keys.end(),
              static_cast<Word>(spec.highest));
    ByteBuffer code(code_room(keys.size()));
    PITH_ASSIGN(const size_t size, encode_grid<Word>(spec, kFirstShape, keys, {}, code));
    if (size == 0) return false;
    write_varint(out, size);
    out.bytes(ByteView(code).first(size));
    return true;
  }

  Result<bool> write_numbered(Numbered<Word>& n, ByteWriter& out) {
    PITH_ASSIGN(const bool written, write_head(n.transform, out));
    if (!written) return false;
    write_varint(out, n.keys.highest);
    out.u8(n.keys.classes.empty() ? 0 : 1);
    if (n.transform.exceptions) {
      write_varint(out, n.keys.exceptions.size());
      const std::vector<uint64_t> words(n.keys.exceptions.begin(), n.keys.exceptions.end());
      array::write_numbers(words, out);
    }
    const Maps<Word> maps(n.transform, n.keys.highest);
    GridSpec spec = spec_of(n, maps);
    for (const Part& part : parts_) {
      spec.shape = part.shape;
      choose_references(part, spec.shape);
      const auto rows_map = maps_of_rows(n.transform, part);
      spec.map_of_row = rows_map;
      const std::span<const Word> keys = span_of(n.keys.keys, part);
      std::span<const uint8_t> classes;
      if (!n.keys.classes.empty()) classes = span_of(n.keys.classes, part);
      write_varint(out, spec.shape.near);
      write_varint(out, spec.shape.far);
      // Nothing to be coded: all are alike.
      if (n.keys.highest == 0 && classes.empty()) {
        write_varint(out, 0);
        continue;
      }
      ByteBuffer code(code_room(keys.size()));
      PITH_ASSIGN(const size_t size, encode_grid(spec, level_, keys, classes, MutableBytes(code)));
      if (size == 0) return false;
      write_varint(out, size);
      out.bytes(ByteView(code).first(size));
    }
    return true;
  }

  std::span<const Word> cells_;
  Level level_;
  std::vector<Part> parts_;
};

template <class Word>
Result<bool> write_variable(const array::Variable& variable, ByteBuffer bytes, Level level,
                            ByteWriter& out) {
  std::vector<Word> cells(static_cast<size_t>(array::cell_count(variable)));
  array::take_apart<Word>(variable, bytes, cells);
  bytes = {};
  size_t at = 0;
  for (const array::Grid& grid : array::grids_of(variable)) {
    const auto part = std::span<const Word>(cells).subspan(at, static_cast<size_t>(grid.cells()));
    at += part.size();
    auto found = array::find_transforms<Word>(grid, part, variable, true);
    PITH_ASSIGN(const bool written,
                GridEncoder<Word>(grid, part, level).write(std::move(found), out));
    if (!written) return false;
  }
  return true;
}

}  // namespace

Result<bool> encode_block(const BlockView& block, Level level, ByteBuffer& out,
                          uint64_t& decode_memory) {
  const array::Plan plan = array::plan_block(block, kLeastVariable);
  // Where arrays are the smaller part, another codec does better with the rest.
  if (plan.variables[0].size > block.bytes.size() / 2) return false;
  ByteWriter writer(out);
  writer.u8(static_cast<uint8_t>(level));
  array::write_plan(plan, writer);
  const ByteBuffer plain = tensor::pack_section(array::gather(plan, 0, block.bytes), kPlainEffort);
  write_varint(writer, plain.size());
  writer.bytes(plain);
  for (uint32_t i = 1; i < plan.variables.size(); ++i) {
    const array::Variable& variable = plan.variables[i];
    ByteBuffer bytes = array::gather(plan, i, block.bytes);
    const auto write =
        array::needs_wide_words(variable) ? write_variable<uint64_t> : write_variable<uint32_t>;
    PITH_ASSIGN(const bool written, write(variable, std::move(bytes), level, writer));
    if (!written || out.size() >= block.bytes.size()) return false;
  }
  PITH_ASSIGN(decode_memory, memory_to_decode(out, block.bytes.size()));
  return decode_memory <= block_memory(block.bytes.size());
}

}  // namespace pith::arraymix

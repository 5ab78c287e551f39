#include "codecs/arraymix/decoder.h"

#include <algorithm>
#include <limits>

#include "base/varint.h"
#include "codecs/array/number_order.h"
#include "codecs/array/plan.h"
#include "codecs/array/values.h"
#include "codecs/arraymix/block.h"
#include "codecs/arraymix/grid_coder.h"
#include "codecs/arraymix/maps.h"
#include "codecs/arraymix/parts.h"
#include "codecs/tensor/payload.h"

namespace pith::arraymix {
namespace {

using array::damaged;
using array::Transform;

constexpr uint64_t kZstdMemory = uint64_t{256} << 10;  // of one decompression
constexpr const char* kTooMuch = "it takes more memory than declared";

// Memory that is taken for a while.
class Hold {
 public:
  explicit Hold(MemoryBudget& budget) : budget_(budget), before_(budget.left()) {}
  ~Hold() { budget_.release(before_ - budget_.left()); }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

 private:
  MemoryBudget& budget_;
  uint64_t before_;
};

// `dry`: nothing is decoded but what tells how much memory it would take.
struct Context {
  ByteReader& in;
  MemoryBudget& budget;
  Level level;
  bool dry;
};

// The keys of one part, in the order of the grid. `cells` and `kinds`: those of the grid.
template <class Word>
Result<void> read_part(Context& c, GridSpec& spec, const Part& part, std::span<Word> cells,
                       std::span<uint8_t> kinds) {
  GridShape& shape = spec.shape;
  shape = part.shape;
  shape.near = read_varint(c.in);
  shape.far = read_varint(c.in);
  const uint64_t size = read_varint(c.in);
  if (!c.in.ok() || shape.near > shape.rows || shape.far > shape.rows || size > c.in.remaining()) {
    return damaged("the head of a part");
  }
  const ByteView code = c.in.bytes(static_cast<size_t>(size));
  const Hold hold(c.budget);
  if (size == 0 && spec.highest == 0 && spec.kinds == 1) return {};
  if (!c.budget.reserve(grid_memory(shape, c.level, spec.kinds))) return damaged(kTooMuch);
  if (c.dry) return {};
  const auto part_keys = cells.subspan(part.first, shape.cells());
  std::span<uint8_t> classes;
  if (spec.kinds > 1) classes = kinds.subspan(part.first, shape.cells());
  PITH_TRY(decode_grid(spec, c.level, code, part_keys, classes));
  order_planes(part, part_keys, false);
  if (!classes.empty()) order_planes(part, classes, false);
  return {};
}

// The table of a transform, of which only the first entry has been read.
template <class Word>
Result<void> read_table(Context& c, uint64_t most, Transform<Word>& t) {
  const uint64_t count = read_varint(c.in);
  const uint64_t highest = read_varint(c.in);
  const uint64_t size = read_varint(c.in);
  const Word first = t.table.front();
  if (!c.in.ok() || t.table.size() != 1 || count == 0 || count > most || size > c.in.remaining() ||
      highest > array::Order<Word>(t.type).highest() - first ||
      highest == std::numeric_limits<uint64_t>::max()) {
    return damaged("its table");
  }
  const ByteView code = c.in.bytes(size);
  const GridSpec spec = spec_of_table(t.type, first, first + highest, static_cast<size_t>(count));
  const uint64_t cells = spec.shape.cells();
  if (!c.budget.reserve(cells * sizeof(Word))) return damaged(kTooMuch);
  const Hold hold(c.budget);
  if (!c.budget.reserve(grid_memory(spec.shape, kFirstShape, 1))) return damaged(kTooMuch);
  t.table.assign(static_cast<size_t>(cells), 0);
  if (!c.dry) PITH_TRY(decode_grid<Word>(spec, kFirstShape, code, t.table, {}));
  t.table.resize(static_cast<size_t>(count));
  for (Word& place : t.table) place += first;
  return {};
}

// Cells of the slices that order_planes() copies.
uint64_t largest_copy(std::span<const Part> parts) {
  uint64_t cells = 0;
  for (const Part& part : parts) {
    if (part.bands == 1) continue;
    cells = std::max<uint64_t>(cells, part.shape.height * part.bands * part.shape.width);
  }
  return cells;
}

// `cells`: none if nothing is decoded.
template <class Word>
Result<void> read_grid(Context& c, const array::Grid& grid, std::span<Word> cells) {
  const Hold hold(c.budget);
  PITH_ASSIGN(Transform<Word> transform,
              array::read_transform<Word>(c.in, grid.type, grid.cells(), c.budget));
  if (transform.kind == array::TransformKind::kRank) {
    PITH_TRY(read_table(c, grid.cells(), transform));
  }
  array::Keys<Word> keys;
  const uint64_t highest = read_varint(c.in);
  const bool has_classes = c.in.u8() != 0;
  if (!c.in.ok() || highest > std::numeric_limits<Word>::max() ||
      highest == std::numeric_limits<uint64_t>::max())
    return damaged("its keys");
  keys.highest = static_cast<Word>(highest);
  if (transform.exceptions) {
    const uint64_t count = read_varint(c.in);
    if (!c.in.ok() || !has_classes || count > grid.cells()) return damaged("its exceptions");
    if (!c.budget.reserve(count * (sizeof(uint64_t) + sizeof(Word)))) return damaged(kTooMuch);
    std::vector<uint64_t> words(static_cast<size_t>(count));
    PITH_TRY(array::read_numbers(c.in, c.budget, words));
    for (const uint64_t word : words) keys.exceptions.push_back(static_cast<Word>(word));
  }
  const std::vector<Part> parts = parts_of(grid);
  // The kinds of cells, copies of slices, and what the rows of the parts map to. The cells hold the
  // keys until the transform is undone.
  if (!c.budget.reserve((has_classes ? grid.cells() : 0) + largest_copy(parts) * sizeof(Word) +
                        grid.rows * sizeof(uint32_t) + 4096) ||
      !c.budget.reserve(Maps<Word>::memory(transform))) {
    return damaged(kTooMuch);
  }
  if (!c.dry && has_classes) keys.classes.assign(cells.size(), 0);
  const Maps<Word> maps(transform, highest);
  GridSpec spec;
  spec.highest = highest;
  spec.kinds = kinds_of(transform, has_classes);
  spec.maps = maps.maps;
  for (const Part& part : parts) {
    const auto rows = maps_of_rows(transform, part);
    spec.map_of_row = rows;
    PITH_TRY(read_part(c, spec, part, cells, std::span(keys.classes)));
  }
  if (c.dry) return {};
  if (transform.exceptions) {
    const auto exception = static_cast<uint8_t>(transform.specials.size() + 1);
    const auto found = std::count(keys.classes.begin(), keys.classes.end(), exception);
    if (static_cast<size_t>(found) != keys.exceptions.size()) return damaged("its exceptions");
  }
  array::invert_in_place(transform, keys, cells);
  return {};
}

template <class Word>
Result<void> read_variable(Context& c, const array::Plan& plan, uint32_t number, MutableBytes raw) {
  const array::Variable& variable = plan.variables[number];
  const uint64_t count = array::cell_count(variable);
  const Hold hold(c.budget);
  if (!c.budget.reserve(count * sizeof(Word))) return damaged(kTooMuch);
  std::vector<Word> cells(c.dry ? 0 : static_cast<size_t>(count));
  size_t at = 0;
  bool copied = variable.form == array::Form::kTiles;
  for (const array::Grid& grid : array::grids_of(variable)) {
    const auto size = c.dry ? 0 : static_cast<size_t>(grid.cells());
    PITH_TRY(read_grid<Word>(c, grid, std::span(cells).subspan(at, size)));
    at += size;
    copied = copied || grid.up > 1;
  }
  // The bytes, and what puts them together: cells in another order, bytes before the filter.
  const bool filtered = variable.shuffled || variable.form == array::Form::kPng;
  if (!c.budget.reserve((copied ? count * sizeof(Word) : 0) + (filtered ? 2 : 1) * variable.size)) {
    return damaged(kTooMuch);
  }
  if (c.dry) return {};
  ByteBuffer bytes(static_cast<size_t>(variable.size));
  array::put_together<Word>(variable, cells, bytes);
  array::scatter(plan, number, bytes, raw);
  return {};
}

Result<void> read_block(ByteView payload, size_t raw_size, MutableBytes raw, MemoryBudget& budget,
                        bool dry) {
  ByteReader in(payload);
  Context c{.in = in, .budget = budget, .level = in.u8(), .dry = dry};
  if (!in.ok() || c.level < kFirstShape || c.level > kLastShape) return damaged("its head");
  PITH_ASSIGN(const array::Plan plan, array::read_plan(in, raw_size));
  // The plan, and the plain bytes and what unpacks them.
  if (!budget.reserve(plan.variables.size() * (sizeof(array::Variable) + 16 * array::kMaxAxes) +
                      plan.parts.size() * 2 * sizeof(array::Part) + plan.variables[0].size +
                      kZstdMemory)) {
    return damaged(kTooMuch);
  }
  const uint64_t plain_size = plan.variables[0].size;
  const uint64_t packed_size = read_varint(in);
  if (!in.ok() || packed_size > plain_size) return damaged("its plain bytes");
  const ByteView packed = in.bytes(packed_size);
  if (!in.ok()) return damaged("its plain bytes");
  if (!dry) {
    ByteBuffer storage;
    PITH_ASSIGN(const ByteView plain, tensor::unpack_section(packed, plain_size, storage));
    array::scatter(plan, 0, plain, raw);
  }
  for (uint32_t i = 1; i < plan.variables.size(); ++i) {
    if (array::needs_wide_words(plan.variables[i])) {
      PITH_TRY(read_variable<uint64_t>(c, plan, i, raw));
    } else {
      PITH_TRY(read_variable<uint32_t>(c, plan, i, raw));
    }
  }
  if (!in.finished()) return damaged("it has a tail");
  return {};
}

}  // namespace

Result<void> decode_block(ByteView payload, MutableBytes raw, MemoryBudget& budget) {
  return read_block(payload, raw.size(), raw, budget, false);
}

Result<uint64_t> memory_to_decode(ByteView payload, size_t raw_size) {
  constexpr uint64_t kPlenty = uint64_t{1} << 40;
  MemoryBudget budget(kPlenty);
  PITH_TRY(read_block(payload, raw_size, {}, budget, true));
  return kPlenty - budget.least_left();
}

}  // namespace pith::arraymix

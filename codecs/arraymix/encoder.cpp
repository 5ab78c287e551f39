#include <algorithm>
#include <limits>

#include "base/byte_writer.h"
#include "codecs/array/plan.h"
#include "codecs/array/transform_search.h"
#include "codecs/array/values.h"
#include "codecs/arraymix/block.h"
#include "codecs/arraymix/decoder.h"
#include "codecs/arraymix/grid_coder.h"
#include "codecs/arraymix/maps.h"
#include "codecs/arraymix/parts.h"
#include "codecs/tensor/varint.h"
#include "codecs/zstd/zstd_codec.h"

namespace pith::arraymix {
namespace {

using array::Transform;
using tensor::write_varint;

constexpr size_t kMostTried = 3;            // transforms of a grid
constexpr size_t kTriedCells = size_t{3} << 15;  // that a transform is judged by

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
      if (uint64_t{n.keys.highest} == std::numeric_limits<uint64_t>::max()) continue;
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
    return write_numbered(numbered[best], out);
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

  // The size of the grid as seen by some rows from its middle, and of the transform.
  Result<uint64_t> judge(Numbered<Word>& n) {
    ByteBuffer head;
    ByteWriter writer(head);
    write_transform(n.transform, writer);
    const Part& part = *std::max_element(
        parts_.begin(), parts_.end(),
        [](const Part& a, const Part& b) { return a.shape.cells() < b.shape.cells(); });
    const Maps<Word> maps(n.transform, n.keys.highest);
    GridSpec spec = spec_of(n, maps);
    const auto rows_map = maps_of_rows(n.transform, part);
    GridShape& shape = spec.shape;
    shape = part.shape;
    choose_references(part, shape);
    const size_t wanted = std::max<size_t>(1, kTriedCells / shape.width);
    size_t from = 0;
    if (shape.rows > wanted + wanted / 2) {
      // With whole planes, if they are not too large.
      size_t rows = wanted;
      if (shape.height <= wanted) rows = std::min(shape.rows, wanted / shape.height * shape.height);
      from = (shape.rows - rows) / 2;
      shape.first = (shape.first + from) % shape.height;
      shape.rows = rows;
      if (shape.near >= rows) shape.near = 0;
      if (shape.far >= rows) shape.far = 0;
    }
    if (!rows_map.empty()) spec.map_of_row = std::span(rows_map).subspan(from);
    const auto keys = std::span<const Word>(n.keys.keys)
                          .subspan(part.first + from * shape.width, shape.cells());
    std::span<const uint8_t> classes(n.keys.classes);
    if (!classes.empty()) classes = classes.subspan(part.first + from * shape.width, shape.cells());
    ByteBuffer code(keys.size() * (sizeof(Word) + 1) + 64);
    PITH_ASSIGN(const size_t size, encode_grid(spec, level_, keys, classes, MutableBytes(code)));
    const uint64_t all = size == 0 ? code.size() : size;
    return head.size() + n.keys.exceptions.size() * sizeof(Word) +
           all * part.shape.cells() / keys.size();
  }

  Result<bool> write_numbered(Numbered<Word>& n, ByteWriter& out) {
    write_transform(n.transform, out);
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
      ByteBuffer code(keys.size() * (sizeof(Word) + 2) + 1024);
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
    auto found = array::find_transforms<Word>(grid, part, variable, level >= 8);
    PITH_ASSIGN(const bool written,
                GridEncoder<Word>(grid, part, level).write(std::move(found), out));
    if (!written) return false;
  }
  return true;
}

Result<void> write_plain(ByteView bytes, ByteWriter& out) {
  ByteBuffer code;
  uint64_t memory = 0;
  bool smaller = false;
  if (!bytes.empty()) {
    const Segment segment{.size = bytes.size(), .type = SegmentType::kBytes, .layout = {}};
    const BlockView block{.bytes = bytes, .segments = {&segment, 1}, .type = SegmentType::kBytes};
    const auto scratch = zstd_codec().make_scratch();
    PITH_ASSIGN(const EncodeOutcome outcome,
                zstd_codec().encode(block, 7, code, memory, scratch.get()));
    smaller = outcome == EncodeOutcome::kEncoded && code.size() < bytes.size();
  }
  write_varint(out, smaller ? code.size() : 0);
  out.bytes(smaller ? ByteView(code) : bytes);
  return {};
}

}  // namespace

Result<bool> encode_block(const BlockView& block, Level level, ByteBuffer& out,
                          uint64_t& decode_memory) {
  const array::Plan plan = array::plan_block(block, kLeastVariable);
  if (plan.variables.size() < 2) return false;
  ByteWriter writer(out);
  writer.u8(static_cast<uint8_t>(level));
  array::write_plan(plan, writer);
  for (uint32_t i = 0; i < plan.variables.size(); ++i) {
    const array::Variable& variable = plan.variables[i];
    ByteBuffer bytes = array::gather(plan, i, block.bytes);
    if (variable.form == array::Form::kPlain) {
      PITH_TRY(write_plain(bytes, writer));
      continue;
    }
    const auto write = array::needs_wide_words(variable) ? write_variable<uint64_t>
                                                         : write_variable<uint32_t>;
    PITH_ASSIGN(const bool written, write(variable, std::move(bytes), level, writer));
    if (!written || out.size() >= block.bytes.size()) return false;
  }
  PITH_ASSIGN(decode_memory, memory_to_decode(out, block.bytes.size()));
  return true;
}

}  // namespace pith::arraymix

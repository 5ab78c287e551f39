#include "codecs/array/plan.h"

#include <algorithm>
#include <optional>

#include "base/layout.h"
#include "base/varint.h"
#include "codecs/array/promise.h"

namespace pith::array {
namespace {

constexpr uint64_t kMaxCells = uint64_t{1} << 48;  // of a shape: products stay within 64 bits
constexpr uint64_t kLeastRows = 8;                 // numbers of a band in a row

std::optional<NumberType> number_type(ElementType element) {
  switch (element) {
    case ElementType::kF64:
      return NumberType::kF64;
    case ElementType::kF32:
      return NumberType::kF32;
    case ElementType::kF16:
      return NumberType::kF16;
    case ElementType::kInt64:
      return NumberType::kInt64;
    case ElementType::kInt32:
      return NumberType::kInt32;
    case ElementType::kInt16:
      return NumberType::kInt16;
    case ElementType::kInt8:
      return NumberType::kInt8;
    default:
      return std::nullopt;
  }
}

// The product, if no factor is 0 and it is not absurd.
std::optional<uint64_t> cells_of(const std::vector<uint64_t>& shape) {
  uint64_t cells = 1;
  for (const uint64_t axis : shape) {
    if (axis == 0 || axis > kMaxCells / cells) return std::nullopt;
    cells *= axis;
  }
  return cells;
}

// A variable of whole cells, tiles or rows, as a decoder must find it.
bool is_valid(const Variable& v) {
  if (v.form == Form::kPlain) return true;
  if (v.shape.empty() || v.shape.size() > kMaxAxes || v.size == 0) return false;
  const auto cells = cells_of(v.shape);
  const uint64_t width = number_size(v.type);
  if (!cells || v.first > kMaxCells) return false;
  const bool bands_fit = !v.banded || (v.shape.size() >= 2 && v.shape.back() <= kMaxBands);
  switch (v.form) {
    case Form::kCells:
      return v.size % width == 0 && v.tile.empty() && bands_fit;
    case Form::kTiles: {
      if (v.tile.size() != v.shape.size() || !bands_fit) return false;
      const auto tile = cells_of(v.tile);
      uint64_t count = 1;
      for (size_t i = 0; i < v.shape.size() && tile; ++i) {
        count *= (v.shape[i] + v.tile[i] - 1) / v.tile[i];
      }
      return tile && v.size % (*tile * width) == 0 && v.first + v.size / (*tile * width) <= count;
    }
    case Form::kPng: {
      if (width > 2 || v.shuffled || v.shape.size() < 2 || v.shape.size() > 3 || v.banded) {
        return false;
      }
      if (v.shape.size() == 3 && v.shape[2] > kMaxBands) return false;
      const uint64_t row = *cells / v.shape[0] * width + 1;
      return v.size % row == 0;
    }
    default:
      return false;
  }
}

// How many of the bytes in front of and behind the whole units of a part are left out.
struct Cut {
  uint64_t head = 0;
  uint64_t body = 0;
};

Cut whole_units(uint64_t offset, uint64_t size, uint64_t unit) {
  Cut cut;
  cut.head = std::min(size, (unit - offset % unit) % unit);
  cut.body = (size - cut.head) / unit * unit;
  return cut;
}

// What a run of segments of one array is. `offset`: bytes of the array before it.
struct Candidate {
  Variable variable;
  uint64_t unit = 1;
};

std::optional<Candidate> candidate_of(const Layout& layout) {
  Candidate c;
  Variable& v = c.variable;
  if (layout.array != nullptr) {
    const ArrayLayout& array = *layout.array;
    v.layout = &array;
    v.type = array.type;
    v.big_endian = array.big_endian;
    v.shape = array.shape;
    v.fills = array.fills;
    v.scale = array.scale;
    v.add = array.add;
    v.form = Form::kCells;
    if (array.filter == ArrayFilter::kPng) v.form = Form::kPng;
    if (array.filter != ArrayFilter::kPng && !array.tile.empty()) {
      v.form = Form::kTiles;
      v.tile = array.tile;
    }
    v.shuffled = array.filter == ArrayFilter::kShuffle && number_size(v.type) > 1;
  } else if (layout.tensor != nullptr) {
    const auto type = number_type(layout.tensor->element);
    if (!type || layout.tensor->shape.size() < 2) return std::nullopt;
    v.layout = layout.tensor.get();
    v.type = *type;
    v.form = Form::kCells;
    v.shape = layout.tensor->shape;
    v.doubtful = true;
  } else {
    return std::nullopt;
  }
  if (v.shape.empty()) v.shape = {1};
  if (v.shape.size() > kMaxAxes) {
    // The slowest axes become one.
    if (v.form != Form::kCells) return std::nullopt;
    while (v.shape.size() > kMaxAxes) {
      v.shape[1] *= v.shape[0];
      v.shape.erase(v.shape.begin());
    }
  }
  const auto cells = cells_of(v.shape);
  if (!cells) return std::nullopt;
  const uint64_t width = number_size(v.type);
  c.unit = width;
  if (v.form == Form::kTiles) {
    const auto tile = cells_of(v.tile);
    if (v.tile.size() != v.shape.size() || !tile) return std::nullopt;
    c.unit = *tile * width;
  } else if (v.form == Form::kPng) {
    if (v.shape.size() < 2) return std::nullopt;
    c.unit = *cells / v.shape[0] * width + 1;
  } else if (v.shuffled) {
    c.unit = *cells * width;
  }
  return c;
}

// Tells bands apart where the last axis is short.
void set_bands(Variable& v) {
  if (v.form == Form::kPng) return;
  std::vector<uint64_t> shape;
  for (const uint64_t axis : v.shape) {
    if (axis > 1) shape.push_back(axis);
  }
  if (v.form == Form::kTiles) {
    v.banded = shape.size() >= 2 && v.shape.back() > 1 && shape.back() <= kMaxBands &&
               shape[shape.size() - 2] >= kLeastRows;
    return;
  }
  // Several short axes are one.
  while (shape.size() >= 2 && shape.back() * shape[shape.size() - 2] <= kMaxBands) {
    shape[shape.size() - 2] *= shape.back();
    shape.pop_back();
  }
  if (shape.size() < 2 || shape.back() > kMaxBands) return;
  const uint64_t bands = shape.back();
  const uint64_t cells = v.size / number_size(v.type);
  if (shape.size() == 2) {
    if (v.first % bands != 0 || cells % bands != 0 || cells / bands < kLeastRows) return;
    v.shape = {cells / bands, bands};
    v.first = 0;
  } else if (shape[shape.size() - 2] < kLeastRows) {
    return;
  } else {
    v.shape = shape;
  }
  v.banded = true;
}

class Planner {
 public:
  Planner(const BlockView& block, uint64_t least) : block_(block), least_(least) {
    plan_.variables.emplace_back();
  }

  Plan run() {
    const auto segments = block_.segments;
    for (size_t i = 0; i < segments.size();) {
      uint64_t size = segments[i].size;
      size_t next = i + 1;
      while (next < segments.size() && goes_on(segments[next - 1], segments[next])) {
        size += segments[next++].size;
      }
      add(segments[i].layout, size);
      i = next;
    }
    return finish();
  }

 private:
  struct Source {
    const void* layout = nullptr;
    uint64_t offset = 0;  // where it would go on
    uint64_t unit = 1;
  };

  void add_part(uint64_t size, uint32_t variable) {
    if (size == 0) return;
    auto& parts = plan_.parts;
    if (!parts.empty() && parts.back().variable == variable) {
      parts.back().size += size;
    } else {
      parts.push_back({size, variable});
    }
    plan_.variables[variable].size += size;
  }

  void add(const Layout& layout, uint64_t size) {
    const auto candidate = candidate_of(layout);
    if (!candidate) return add_part(size, 0);
    const void* key = layout.array != nullptr ? static_cast<const void*>(layout.array.get())
                                              : static_cast<const void*>(layout.tensor.get());
    const Cut cut = whole_units(layout.offset, size, candidate->unit);
    if (cut.body == 0) return add_part(size, 0);
    add_part(cut.head, 0);
    const uint64_t offset = layout.offset + cut.head;
    const auto open = std::find_if(sources_.begin(), sources_.end(), [&](const Source& source) {
      return source.layout == key && source.offset == offset;
    });
    auto index = static_cast<size_t>(open - sources_.begin());
    if (open == sources_.end()) {
      if (plan_.variables.size() == kMaxVariables) return add_part(size - cut.head, 0);
      sources_.push_back({key, offset, candidate->unit});
      plan_.variables.push_back(candidate->variable);
      plan_.variables.back().first = offset / candidate->unit;
    }
    sources_[index].offset = offset + cut.body;
    add_part(cut.body, static_cast<uint32_t>(index + 1));
    add_part(size - cut.head - cut.body, 0);
  }

  // Drops variables that are too small or not what they seem.
  Plan finish() {
    Plan plan;
    plan.variables.emplace_back();
    std::vector<uint32_t> numbers(plan_.variables.size(), 0);
    for (size_t i = 1; i < plan_.variables.size(); ++i) {
      Variable& v = plan_.variables[i];
      if (v.size < least_) continue;
      if (v.doubtful && !neighbours_help(v, first_part(static_cast<uint32_t>(i)))) continue;
      if (v.shuffled && v.form == Form::kCells) v.first = 0;
      set_bands(v);
      if (!is_valid(v)) continue;
      numbers[i] = static_cast<uint32_t>(plan.variables.size());
      plan.variables.push_back(std::move(v));
    }
    for (const Part& part : plan_.parts) {
      const uint32_t number = numbers[part.variable];
      if (number == 0) plan.variables[0].size += part.size;
      if (!plan.parts.empty() && plan.parts.back().variable == number) {
        plan.parts.back().size += part.size;
      } else {
        plan.parts.push_back({part.size, number});
      }
    }
    return plan;
  }

  // The bytes of a variable's first part.
  ByteView first_part(uint32_t variable) const {
    size_t at = 0;
    for (const Part& part : plan_.parts) {
      const auto size = static_cast<size_t>(part.size);
      if (part.variable == variable) return block_.bytes.subspan(at, size);
      at += size;
    }
    return {};
  }

  const BlockView& block_;
  uint64_t least_;
  Plan plan_;
  std::vector<Source> sources_;  // of the variables from 1 on
};

}  // namespace

Plan plan_block(const BlockView& block, uint64_t least) { return Planner(block, least).run(); }

void write_plan(const Plan& plan, ByteWriter& out) {
  write_varint(out, plan.variables.size() - 1);
  for (size_t i = 1; i < plan.variables.size(); ++i) {
    const Variable& v = plan.variables[i];
    out.u8(static_cast<uint8_t>(static_cast<int>(v.form) | (v.big_endian ? 4 : 0) |
                                (v.shuffled ? 8 : 0) | (v.banded ? 16 : 0)));
    out.u8(static_cast<uint8_t>(static_cast<size_t>(v.type) << 4 | v.shape.size()));
    for (const uint64_t axis : v.shape) write_varint(out, axis);
    for (const uint64_t axis : v.tile) write_varint(out, axis);
    write_varint(out, v.first);
  }
  write_varint(out, plan.parts.size());
  for (const Part& part : plan.parts) {
    write_varint(out, part.variable);
    write_varint(out, part.size);
  }
}

Result<Plan> read_plan(ByteReader& in, uint64_t block_size) {
  Plan plan;
  const uint64_t count = read_varint(in);
  if (!in.ok() || count >= kMaxVariables || count > in.remaining()) return damaged("its variables");
  plan.variables.resize(static_cast<size_t>(count) + 1);
  for (size_t i = 1; i < plan.variables.size(); ++i) {
    Variable& v = plan.variables[i];
    const uint8_t flags = in.u8();
    const uint8_t kind = in.u8();
    v.form = static_cast<Form>(flags & 3);
    v.big_endian = (flags & 4) != 0;
    v.shuffled = (flags & 8) != 0;
    v.banded = (flags & 16) != 0;
    if (flags >> 5 != 0 || v.form == Form::kPlain || kind >> 4 >= kNumberTypes ||
        (kind & 15) > kMaxAxes) {
      return damaged("a variable");
    }
    v.type = static_cast<NumberType>(kind >> 4);
    v.shape.resize(kind & 15);
    for (uint64_t& axis : v.shape) axis = read_varint(in);
    if (v.form == Form::kTiles) {
      v.tile.resize(kind & 15);
      for (uint64_t& axis : v.tile) axis = read_varint(in);
    }
    v.first = read_varint(in);
    if (!in.ok()) return damaged("it is too short");
  }
  const uint64_t parts = read_varint(in);
  if (!in.ok() || parts > in.remaining()) return damaged("its parts");
  uint64_t left = block_size;
  for (uint64_t i = 0; i < parts; ++i) {
    const uint64_t variable = read_varint(in);
    const uint64_t size = read_varint(in);
    if (!in.ok() || variable >= plan.variables.size() || size == 0 || size > left) {
      return damaged("a part");
    }
    left -= size;
    plan.parts.push_back({size, static_cast<uint32_t>(variable)});
    plan.variables[static_cast<size_t>(variable)].size += size;
  }
  if (left != 0) return damaged("the size of its parts");
  for (const Variable& v : plan.variables) {
    if (!is_valid(v)) return damaged("a variable");
  }
  return plan;
}

std::optional<size_t> only_part(const Plan& plan, uint32_t variable) {
  size_t at = 0;
  std::optional<size_t> found;
  for (const Part& part : plan.parts) {
    if (part.variable == variable) {
      if (found) return std::nullopt;
      found = at;
    }
    at += static_cast<size_t>(part.size);
  }
  return found;
}

ByteBuffer gather(const Plan& plan, uint32_t variable, ByteView block) {
  ByteBuffer bytes;
  bytes.reserve(static_cast<size_t>(plan.variables[variable].size));
  size_t at = 0;
  for (const Part& part : plan.parts) {
    const auto size = static_cast<size_t>(part.size);
    if (part.variable == variable) bytes.append(block.subspan(at, size));
    at += size;
  }
  return bytes;
}

void scatter(const Plan& plan, uint32_t variable, ByteView bytes, MutableBytes block) {
  size_t at = 0;
  size_t from = 0;
  for (const Part& part : plan.parts) {
    const auto size = static_cast<size_t>(part.size);
    if (part.variable == variable) {
      std::memcpy(block.data() + at, bytes.data() + from, size);
      from += size;
    }
    at += size;
  }
}

}  // namespace pith::array

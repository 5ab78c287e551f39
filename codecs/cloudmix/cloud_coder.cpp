#include "codecs/cloudmix/cloud_coder.h"

#include <cmath>
#include <memory>
#include <optional>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/varint.h"
#include "codecs/cloud/grid.h"
#include "codecs/cloud/records.h"
#include "codecs/cloud/spin.h"
#include "codecs/cloudmix/column_coder.h"
#include "codecs/cloudmix/sweep_coder.h"
#include "codecs/cloudmix/trail_coder.h"
#include "codecs/cloudmix/value_coder.h"
#include "codecs/entropy/binary_coder.h"
#include "codecs/entropy/raw_bits.h"

namespace pith::cloudmix {
namespace {

using cloud::Cloud;
using cloud::Column;
using cloud::damaged;

struct EncodeBits {
  static constexpr bool kDecodes = false;
  entropy::BinaryEncoder coder;
  entropy::RawWriter rest{};
  uint32_t code(uint32_t bit, uint32_t p) {
    coder.encode(bit != 0, p);
    return bit;
  }
  uint64_t raw(uint64_t value, uint32_t count) {
    rest.put(value, static_cast<int>(count));
    return value;
  }
};

struct DecodeBits {
  static constexpr bool kDecodes = true;
  entropy::BinaryDecoder coder;
  entropy::RawReader rest;
  uint32_t code(uint32_t, uint32_t p) { return coder.decode(p) ? 1 : 0; }
  uint64_t raw(uint64_t, uint32_t count) { return rest.get(static_cast<int>(count)); }
  // More was asked for than there is.
  bool is_short() const { return coder.missing() > 4 || rest.is_short(); }
};

// How the places of a cloud's points are coded.
enum class Shape : uint8_t {
  kNone = 0,   // field by field, as any numbers
  kSweep = 1,  // sweep.h
  kTrail = 2,  // trail.h
};
constexpr uint8_t kShapes = 3;

// How a field is coded.
enum class FieldKind : uint8_t {
  kPlace = 0,   // with the shape
  kSame = 1,    // all values are equal: nothing is coded
  kSmall = 2,   // value_coder.h, less `parameter`
  kSmooth = 3,  // column_coder.h
  kRough = 4,   // column_coder.h; the bit patterns
  kRepeat = 5,  // as `parameter` points before; those before that are numbers
};
constexpr uint8_t kFieldKinds = 6;

struct FieldPlan {
  FieldKind kind = FieldKind::kSame;
  int64_t parameter = 0;
  cloud::Grid grid;
  ByteBuffer exceptions;
};

struct CloudPlan {
  Shape shape = Shape::kNone;
  std::array<size_t, 3> axes{};  // the fields that are x, y and z
  bool is_spin = false;          // of the encoder: the codec named cloud knows all of it
  SweepPlan sweep;
  TrailPlan trail;
  std::vector<Follower> followers;  // of the encoder
  std::vector<FieldPlan> fields;
};

constexpr size_t kMinPoints = 512;  // for a shape
constexpr uint64_t kBytesPerPoint = 160;
constexpr uint64_t kModels = uint64_t{24} << 20;
constexpr uint64_t kMaxPeriod = 4096;
constexpr size_t kDoubtPercent = 45;  // of the block's bytes
constexpr uint64_t kMinRecord = 4;    // bytes
constexpr uint64_t kMaxHead = uint64_t{1} << 20;

// The fields that are x, y and z, if there is one of each.
std::optional<std::array<size_t, 3>> find_axes(const Cloud& cloud) {
  std::array<size_t, 3> axes{};
  std::array<int, 3> seen{};
  for (size_t f = 0; f < cloud.shape.fields.size(); ++f) {
    const FieldRole role = cloud.shape.fields[f].role;
    if (role < FieldRole::kX || role > FieldRole::kZ) continue;
    const auto axis = static_cast<size_t>(role) - static_cast<size_t>(FieldRole::kX);
    axes[axis] = f;
    ++seen[axis];
  }
  if (seen != std::array<int, 3>{1, 1, 1}) return std::nullopt;
  return axes;
}

// The same neighbours for each field of a cloud without a shape.
void find_neighbours(uint32_t width, Surroundings& around) {
  const size_t points = around.left.size();
  for (size_t i = 1; i < points; ++i) {
    around.left[i] = static_cast<uint32_t>(i - 1);
    if (width > 1 && i >= width) around.up[i] = static_cast<uint32_t>(i - width);
  }
}

template <class Bits>
void code_rough(Bits& bits, const cloud::Grid& grid, uint32_t column, size_t contexts,
                std::span<int64_t> values, const Surroundings& around) {
  RoughCoder coder(contexts, 8 * number_size(grid.type));
  std::vector<uint16_t> uppers(values.size());
  const uint32_t sign_shift = 8 * number_size(grid.type) - 1;
  const bool ordered = grid.kind == cloud::GridKind::kOrder;
  for (size_t i = 0; i < values.size(); ++i) {
    const auto value = static_cast<uint64_t>(values[i]);
    const uint64_t pattern =
        ordered && values[i] < 0 ? (0 - value) | uint64_t{1} << sign_shift : value;
    const auto at = [&](uint32_t p) -> uint32_t { return p == kNoPoint ? 0 : uppers[p]; };
    const uint64_t got = coder.code(bits, pattern, column, at(around.left[i]), at(around.up[i]));
    uppers[i] = static_cast<uint16_t>(coder.upper(got));
    const bool negative = ordered && (got >> sign_shift & 1) != 0;
    values[i] = static_cast<int64_t>(negative ? 0 - (got ^ uint64_t{1} << sign_shift) : got);
  }
}

// Codes the values of a field that is not one of the places.
template <class Bits>
void code_field(Bits& bits, const FieldPlan& plan, uint32_t column, size_t contexts,
                const Surroundings& around, Surprises& surprises, std::span<int64_t> values) {
  switch (plan.kind) {
    case FieldKind::kPlace:
    case FieldKind::kSame:
      return;
    case FieldKind::kSmall: {
      const auto least = static_cast<uint64_t>(plan.parameter);
      for (int64_t& v : values) v = static_cast<int64_t>((static_cast<uint64_t>(v) - least) & 255);
      SmallValueCoder(contexts).code(bits, around, values);
      for (int64_t& v : values) v = static_cast<int64_t>(static_cast<uint64_t>(v) + least);
      return;
    }
    case FieldKind::kSmooth:
      SmoothCoder(contexts).code(bits, around, surprises, values);
      return;
    case FieldKind::kRough:
      code_rough(bits, plan.grid, column, contexts, values, around);
      return;
    case FieldKind::kRepeat: {
      NumberModel model(1, 10, 255);
      const auto period = static_cast<size_t>(plan.parameter);
      int64_t before = 0;
      for (size_t i = 0; i < values.size(); ++i) {
        if (i >= period) {
          values[i] = values[i - period];
          continue;
        }
        const auto step =
            static_cast<int64_t>(static_cast<uint64_t>(values[i]) - static_cast<uint64_t>(before));
        before = static_cast<int64_t>(static_cast<uint64_t>(before) +
                                      static_cast<uint64_t>(model.code(bits, step, 1)));
        values[i] = before;
      }
      return;
    }
  }
}

std::array<Axis, 3> axes_of(const CloudPlan& plan) {
  return {Axis(plan.fields[plan.axes[0]].grid), Axis(plan.fields[plan.axes[1]].grid),
          Axis(plan.fields[plan.axes[2]].grid)};
}

// Codes x, y and z, and finds out what is around each point. False if the code is damaged.
template <class Bits>
bool code_places(Bits& bits, const CloudPlan& plan, size_t contexts, uint32_t width,
                 std::array<std::span<int64_t>, 3> values, Surroundings& around) {
  const size_t points = around.left.size();
  switch (plan.shape) {
    case Shape::kSweep: {
      const auto coder =
          std::make_unique<SweepCoder>(plan.sweep, axes_of(plan), points, contexts, around);
      coder->code(bits, values);
      return true;
    }
    case Shape::kTrail: {
      const auto coder =
          std::make_unique<TrailCoder>(plan.trail, axes_of(plan), points, contexts, around);
      return coder->code(bits, values,
                         [&](size_t i) { return Bits::kDecodes ? Follower{} : plan.followers[i]; });
    }
    case Shape::kNone:
      find_neighbours(width, around);
      return true;
  }
  return true;
}

void write_plan(const CloudPlan& plan, ByteWriter& out) {
  out.u8(static_cast<uint8_t>(plan.shape));
  if (plan.shape == Shape::kSweep) write_sweep_plan(plan.sweep, out);
  if (plan.shape == Shape::kTrail) write_trail_plan(plan.trail, out);
  for (const FieldPlan& field : plan.fields) {
    out.u8(static_cast<uint8_t>(field.kind));
    cloud::write_grid(field.grid, out);
    if (field.kind == FieldKind::kSmall || field.kind == FieldKind::kRepeat) {
      write_varint(out, fold(field.parameter));
    }
    write_varint(out, field.exceptions.size());
    out.bytes(field.exceptions);
  }
}

Result<CloudPlan> read_plan(const Cloud& cloud, ByteReader& in) {
  CloudPlan plan;
  const uint8_t shape = in.u8();
  if (!in.ok() || shape >= kShapes) return damaged("its shape");
  plan.shape = static_cast<Shape>(shape);
  if (plan.shape != Shape::kNone) {
    const auto axes = find_axes(cloud);
    if (!axes) return damaged("its shape");
    plan.axes = *axes;
  }
  if (plan.shape == Shape::kSweep) {
    PITH_ASSIGN(plan.sweep, read_sweep_plan(in, cloud.count));
  }
  if (plan.shape == Shape::kTrail) {
    PITH_ASSIGN(plan.trail, read_trail_plan(in, cloud.count));
  }
  for (size_t f = 0; f < cloud.shape.fields.size(); ++f) {
    FieldPlan field;
    const uint8_t kind = in.u8();
    if (!in.ok() || kind >= kFieldKinds) return damaged("the kind of a field");
    field.kind = static_cast<FieldKind>(kind);
    PITH_ASSIGN(field.grid, cloud::read_grid(cloud.shape.fields[f].type, in));
    if (field.kind == FieldKind::kSmall || field.kind == FieldKind::kRepeat) {
      field.parameter = unfold(read_varint(in));
    }
    if (field.kind == FieldKind::kRepeat &&
        (field.parameter < 1 || field.parameter > static_cast<int64_t>(kMaxPeriod))) {
      return damaged("the period of a field");
    }
    const ByteView exceptions = in.bytes(read_varint(in));
    if (!in.ok()) return damaged("its exceptions");
    append(field.exceptions, exceptions);
    plan.fields.push_back(std::move(field));
  }
  if (plan.shape != Shape::kNone) {
    for (const size_t f : plan.axes) {
      if (plan.fields[f].kind != FieldKind::kPlace) return damaged("its shape");
    }
    if (!std::all_of(plan.axes.begin(), plan.axes.end(),
                     [&](size_t f) { return Axis::is_real(plan.fields[f].grid); })) {
      return damaged("the grids of its places");
    }
  }
  for (size_t f = 0; f < plan.fields.size(); ++f) {
    const bool place = plan.shape != Shape::kNone &&
                       std::find(plan.axes.begin(), plan.axes.end(), f) != plan.axes.end();
    if ((plan.fields[f].kind == FieldKind::kPlace) != place) return damaged("the kind of a field");
  }
  return plan;
}

// Bits that the values of a field would take, roughly: as differences, and as bit patterns.
bool looks_rough(const Column& column) {
  const auto& values = column.values;
  const uint32_t bits = 8 * number_size(column.grid.type);
  const bool plain = column.grid.base == 0 && column.grid.step == 1;
  const bool floats = column.grid.type >= NumberType::kF16;
  if (!plain || !floats || column.grid.kind > cloud::GridKind::kOrder || values.size() < 64) {
    return false;
  }
  const uint32_t shift = bits - std::min(bits, RoughCoder::kModelled);
  std::vector<uint32_t> counts(size_t{1} << RoughCoder::kModelled, 0);
  const size_t n = std::min<size_t>(values.size() - 1, 1 << 15);
  double smooth = 0;
  for (size_t i = 1; i <= n; ++i) {
    smooth += length_of(static_cast<int64_t>(static_cast<uint64_t>(values[i]) -
                                             static_cast<uint64_t>(values[i - 1])));
    const auto value = static_cast<uint64_t>(values[i]);
    const uint64_t pattern = values[i] < 0 ? (0 - value) | uint64_t{1} << (bits - 1) : value;
    ++counts[pattern >> shift & (counts.size() - 1)];
  }
  double rough = 0;
  for (const uint32_t count : counts) {
    // Integer logarithms: the choice shall not depend on libm.
    if (count > 0) rough += count * (static_cast<double>(std::bit_width(n / count)) - 0.5 + shift);
  }
  return rough < smooth;
}

FieldPlan plan_field(const Column& column, const CloudPlan& cloud) {
  FieldPlan plan;
  plan.grid = column.grid;
  plan.exceptions = column.exceptions;
  const auto& values = column.values;
  if (values.empty()) return plan;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  if (*least == *most) {
    // Put into the grid, so that nothing is left to code.
    plan.grid.base = plan.grid.number(*least);
    plan.grid.step = 0;
    return plan;
  }
  if (cloud.shape == Shape::kSweep) {
    const size_t period = cloud.sweep.lasers;
    bool repeats = values.size() > period;
    for (size_t i = period; i < values.size() && repeats; ++i) {
      repeats = values[i] == values[i - period];
    }
    if (repeats) {
      plan.kind = FieldKind::kRepeat;
      plan.parameter = static_cast<int64_t>(period);
      return plan;
    }
  }
  if (static_cast<uint64_t>(*most) - static_cast<uint64_t>(*least) < 256) {
    plan.kind = FieldKind::kSmall;
    plan.parameter = *least;
    return plan;
  }
  plan.kind = looks_rough(column) ? FieldKind::kRough : FieldKind::kSmooth;
  return plan;
}

// Tells the shape of a cloud by its numbers.
void find_shape(const Cloud& cloud, const std::vector<Column>& columns, CloudPlan& plan) {
  const auto axes = find_axes(cloud);
  if (!axes || cloud.count < kMinPoints) return;
  plan.axes = *axes;
  const Column& x = columns[plan.axes[0]];
  const Column& y = columns[plan.axes[1]];
  const Column& z = columns[plan.axes[2]];
  if (!Axis::is_real(x.grid) || !Axis::is_real(y.grid) || !Axis::is_real(z.grid)) return;
  const auto is_plain = [](const cloud::Grid& grid) {
    return grid.kind >= cloud::GridKind::kDecimal && grid.base == 0 && grid.step == 1;
  };
  const bool same_units = x.grid.units() == y.grid.units() && x.grid.units() == z.grid.units();
  if (is_plain(x.grid) && is_plain(y.grid) && is_plain(z.grid) && same_units) {
    std::vector<cloud::SpinPoint> located;
    plan.is_spin = cloud::find_spin(x.values, y.values, z.values, false, located).has_value();
    if (plan.is_spin) return;
  }
  const Axis ax(x.grid);
  const Axis ay(y.grid);
  const Axis az(z.grid);
  std::vector<Vector> points(cloud.count);
  for (size_t i = 0; i < points.size(); ++i) {
    points[i] = {ax.real(x.values[i]), ay.real(y.values[i]), az.real(z.values[i])};
  }
  if (auto sweep = find_sweep(points)) {
    plan.sweep = std::move(*sweep);
    plan.shape = Shape::kSweep;
    return;
  }
  if (auto trail = find_trail(points, plan.followers)) {
    plan.trail = std::move(*trail);
    plan.shape = Shape::kTrail;
  }
}

struct Prepared {
  std::vector<std::vector<Column>> columns;
  std::vector<CloudPlan> plans;
};

Prepared prepare(ByteView raw, const cloud::Records& records, bool with_shapes) {
  Prepared prepared;
  for (const Cloud& cloud : records.clouds) {
    std::vector<uint64_t> bits(cloud.count);
    std::vector<Column> columns;
    for (size_t f = 0; f < cloud.shape.fields.size(); ++f) {
      cloud::gather(raw, cloud, f, bits);
      columns.push_back(cloud::make_column(cloud.shape.fields[f].type, bits));
    }
    CloudPlan plan;
    if (with_shapes) find_shape(cloud, columns, plan);
    for (size_t f = 0; f < columns.size(); ++f) {
      const bool place = plan.shape != Shape::kNone &&
                         std::find(plan.axes.begin(), plan.axes.end(), f) != plan.axes.end();
      plan.fields.push_back(plan_field(columns[f], plan));
      if (place) {
        plan.fields.back().kind = FieldKind::kPlace;
        plan.fields.back().grid = columns[f].grid;
      }
    }
    prepared.plans.push_back(std::move(plan));
    prepared.columns.push_back(std::move(columns));
  }
  return prepared;
}

template <class Bits>
void code_bytes(Bits& bits, MutableBytes bytes) {
  ByteCoder coder;
  for (std::byte& byte : bytes) {
    byte = static_cast<std::byte>(coder.code(bits, static_cast<uint8_t>(byte)));
  }
}

size_t encode_prepared(const BlockView& block, const cloud::Records& records, Prepared& prepared,
                       size_t contexts, MutableBytes out) {
  ByteBuffer head;
  {
    ByteBuffer shapes;
    cloud::write_records(records, shapes);
    ByteWriter writer(head);
    write_varint(writer, shapes.size());
    writer.bytes(shapes);
    for (const CloudPlan& plan : prepared.plans) write_plan(plan, writer);
    writer.bytes(cloud::gather_plain(block.bytes, records));
  }
  EncodeBits bits{.coder = entropy::BinaryEncoder(out)};
  code_bytes(bits, head);
  for (size_t c = 0; c < records.clouds.size(); ++c) {
    const CloudPlan& plan = prepared.plans[c];
    auto& columns = prepared.columns[c];
    const size_t points = records.clouds[c].count;
    Surroundings around(points);
    Surprises surprises(points);
    std::array<std::span<int64_t>, 3> places;
    for (size_t axis = 0; axis < 3 && plan.shape != Shape::kNone; ++axis) {
      places[axis] = columns[plan.axes[axis]].values;
    }
    if (!code_places(bits, plan, contexts, records.clouds[c].shape.width, places, around)) return 0;
    for (size_t f = 0; f < columns.size(); ++f) {
      code_field(bits, plan.fields[f], static_cast<uint32_t>(f), contexts, around, surprises,
                 columns[f].values);
      if (bits.coder.overflowed()) return 0;
    }
  }
  bits.coder.finish();
  const ByteBuffer rest = bits.rest.finish();
  ByteBuffer front;
  ByteWriter writer(front);
  writer.u8(static_cast<uint8_t>(contexts));
  write_varint(writer, head.size());
  write_varint(writer, rest.size());
  append(front, rest);
  if (bits.coder.overflowed() || front.size() + bits.coder.size() > out.size()) return 0;
  // The code makes room for what stands in front of it.
  std::copy_backward(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(bits.coder.size()),
                     out.begin() + static_cast<std::ptrdiff_t>(front.size() + bits.coder.size()));
  std::copy(front.begin(), front.end(), out.begin());
  return front.size() + bits.coder.size();
}

}  // namespace

size_t contexts_of(Level level) { return level <= 8 ? 3 : 4; }

uint64_t coder_memory(uint64_t raw_size) {
  // A record has at least kMinRecord bytes.
  return kModels + raw_size / kMinRecord * kBytesPerPoint + 4 * raw_size;
}

Result<size_t> encode_block(const BlockView& block, size_t contexts, MutableBytes out) {
  const cloud::Records records = cloud::find_records(block);
  const bool sound = std::all_of(records.clouds.begin(), records.clouds.end(),
                                 [](const Cloud& c) { return c.shape.size >= kMinRecord; });
  if (records.clouds.empty() || !sound) return 0;
  Prepared prepared = prepare(block.bytes, records, true);
  size_t points = 0;
  size_t spin_points = 0;
  for (size_t c = 0; c < records.clouds.size(); ++c) {
    points += records.clouds[c].count;
    spin_points += prepared.plans[c].is_spin ? records.clouds[c].count : 0;
  }
  if (spin_points * 2 > points) return 0;
  const size_t size = encode_prepared(block, records, prepared, contexts, out);
  const bool shaped = std::any_of(prepared.plans.begin(), prepared.plans.end(),
                                  [](const CloudPlan& plan) { return plan.shape != Shape::kNone; });
  if (!shaped || (size != 0 && size < block.bytes.size() / 100 * kDoubtPercent)) return size;
  // A shape that gains so little may be none.
  ByteBuffer plain(out.size());
  prepared = prepare(block.bytes, records, false);
  const size_t plain_size = encode_prepared(block, records, prepared, contexts, plain);
  if (plain_size == 0 || (size != 0 && size <= plain_size)) return size;
  std::copy_n(plain.begin(), plain_size, out.begin());
  return plain_size;
}

Result<void> decode_block(ByteView code, MutableBytes raw, MemoryBudget& budget) {
  if (!budget.reserve(coder_memory(raw.size()))) return damaged("it declares too little memory");
  ByteReader reader(code);
  const size_t contexts = reader.u8();
  const uint64_t head_size = read_varint(reader);
  if (!reader.ok() || contexts == 0 || contexts > kMaxContexts ||
      head_size > 2 * raw.size() + kMaxHead) {
    return damaged("its front");
  }
  const ByteView rest = reader.bytes(read_varint(reader));
  if (!reader.ok()) return damaged("its plain bits");
  DecodeBits bits{entropy::BinaryDecoder(reader.rest()), entropy::RawReader(rest)};
  ByteBuffer head(static_cast<size_t>(head_size));
  code_bytes(bits, head);
  if (bits.is_short()) return damaged("it ends too early");
  ByteReader in(head);
  const ByteView shapes = in.bytes(read_varint(in));
  if (!in.ok()) return damaged("its shapes");
  PITH_ASSIGN(const cloud::Records records, cloud::read_records(shapes, raw.size()));
  std::vector<CloudPlan> plans;
  for (const Cloud& cloud : records.clouds) {
    if (cloud.shape.size < kMinRecord) return damaged("the size of its records");
    PITH_ASSIGN(CloudPlan plan, read_plan(cloud, in));
    plans.push_back(std::move(plan));
  }
  const ByteView plain = in.rest();
  if (plain.size() != records.plain_size) return damaged("its plain bytes");
  cloud::scatter_plain(plain, records, raw);
  for (size_t c = 0; c < records.clouds.size(); ++c) {
    const Cloud& cloud = records.clouds[c];
    const CloudPlan& plan = plans[c];
    Surroundings around(cloud.count);
    Surprises surprises(cloud.count);
    std::array<std::vector<int64_t>, 3> places;
    std::array<std::span<int64_t>, 3> spans;
    for (size_t axis = 0; axis < 3 && plan.shape != Shape::kNone; ++axis) {
      places[axis].assign(cloud.count, 0);
      spans[axis] = places[axis];
    }
    if (!code_places(bits, plan, contexts, cloud.shape.width, spans, around)) {
      return damaged("the places of its points");
    }
    std::vector<int64_t> values;
    std::vector<uint64_t> patterns(cloud.count);
    for (size_t f = 0; f < plan.fields.size(); ++f) {
      const FieldPlan& field = plan.fields[f];
      const auto axis = std::find(plan.axes.begin(), plan.axes.end(), f) - plan.axes.begin();
      const bool place = field.kind == FieldKind::kPlace;
      if (!place) {
        values.assign(cloud.count, 0);
        code_field(bits, field, static_cast<uint32_t>(f), contexts, around, surprises, values);
      }
      if (bits.is_short()) return damaged("it ends too early");
      const auto& from = place ? places[static_cast<size_t>(axis)] : values;
      cloud::restore_bits(field.grid, from, patterns);
      PITH_TRY(cloud::restore_exceptions(field.grid, field.exceptions, patterns));
      cloud::scatter(patterns, cloud, f, raw);
    }
  }
  if (!bits.coder.all_read() || !bits.rest.finished()) return damaged("it has a tail");
  return {};
}

}  // namespace pith::cloudmix

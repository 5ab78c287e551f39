#include "codecs/cloudmix/cloud_plan.h"

#include <algorithm>
#include <bit>

#include "base/varint.h"
#include "codecs/cloud/spin.h"
#include "codecs/cloudmix/axis.h"
#include "codecs/cloudmix/column_coder.h"

namespace pith::cloudmix {
namespace {

using cloud::Cloud;
using cloud::Column;
using cloud::damaged;

constexpr size_t kMinPoints = 512;  // for a shape
constexpr uint64_t kMaxPeriod = 4096;

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
    plan.is_left = cloud::find_spin(x.values, y.values, z.values, false, located).has_value();
    if (plan.is_left) return;
  }
  const Axis ax(x.grid);
  const Axis ay(y.grid);
  const Axis az(z.grid);
  std::vector<Vector> points(cloud.count);
  for (size_t i = 0; i < points.size(); ++i) {
    points[i] = {ax.real(x.values[i]), ay.real(y.values[i]), az.real(z.values[i])};
  }
  if (auto sweep = find_sweep(points)) {
    // Once points are rounded, a lattice tells less than a laser's way through the columns.
    plan.is_left = x.grid.kind != cloud::GridKind::kOrder;
    if (plan.is_left) return;
    plan.sweep = std::move(*sweep);
    plan.shape = Shape::kSweep;
    return;
  }
  if (auto trail = find_trail(points, plan.followers)) {
    plan.trail = std::move(*trail);
    plan.shape = Shape::kTrail;
  }
}

}  // namespace

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

}  // namespace pith::cloudmix

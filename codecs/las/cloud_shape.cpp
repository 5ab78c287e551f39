#include "codecs/las/cloud_shape.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "codecs/las/damage.h"

namespace pith::las {
namespace {

constexpr double kMostStep = 4294967296.0;     // 2^32
constexpr double kMostTick = 1099511627776.0;  // 2^40

// A side for cells that hold about one point each: that of the square which a point of
// the middle four fifths takes.
int64_t cell_of(const CloudShape& cloud, const FieldView& x, const FieldView& y) {
  const auto spread = [&](const FieldView& values, const Lattice& lattice) {
    std::vector<int64_t> some;
    const size_t stride = std::max<size_t>(1, values.size() / 2000);
    for (size_t i = 0; i < values.size(); i += stride) {
      some.push_back(lattice.number_of(values[i]));
    }
    std::sort(some.begin(), some.end());
    const size_t tenth = some.size() / 10;
    return static_cast<double>(some[some.size() - 1 - tenth] - some[tenth]) * 1.25 + 1;
  };
  const double area = spread(x, cloud.lattices[0]) * spread(y, cloud.lattices[1]);
  const double side = std::sqrt(area / static_cast<double>(x.size()));
  return std::clamp<int64_t>(static_cast<int64_t>(side), 1, int64_t{1} << 31);
}

void write_double(double value, ByteWriter& out) { out.u64(std::bit_cast<uint64_t>(value)); }
double read_double(ByteReader& in) { return std::bit_cast<double>(in.u64()); }

}  // namespace

CloudShape shape_of_cloud(int format, uint32_t record_size, ByteView records) {
  CloudShape cloud;
  cloud.format = format;
  const RecordShape& shape = record_shape(format);
  cloud.extra = record_size - shape.size;
  const size_t points = records.size() / record_size;
  cloud.points = points;
  if (points == 0) return cloud;
  const auto view = [&](int offset, size_t width) {
    return FieldView(records, record_size, static_cast<size_t>(offset), width);
  };
  for (size_t i = 0; i < 3; ++i) {
    cloud.lattices[i] = find_lattice(view(static_cast<int>(4 * i), 4), true);
  }
  cloud.lattices[3] = find_lattice(view(12, 2), false);
  if (shape.color_at >= 0) {
    for (int i = 0; i < 3; ++i) {
      cloud.lattices[static_cast<size_t>(4 + i)] =
          find_lattice(view(shape.color_at + 2 * i, 2), false);
    }
  }
  if (shape.infrared_at >= 0) cloud.lattices[7] = find_lattice(view(shape.infrared_at, 2), false);
  if (shape.time_at >= 0) cloud.clock = find_clock(view(shape.time_at, 8));
  cloud.cell = cell_of(cloud, view(0, 4), view(4, 4));
  return cloud;
}

void write_shape(const CloudShape& cloud, ByteWriter& out) {
  uint32_t present = 0;
  for (size_t i = 0; i < cloud.lattices.size(); ++i) {
    if (!cloud.lattices[i].trivial()) present |= 1U << i;
  }
  out.u8(static_cast<uint8_t>(present));
  for (const Lattice& lattice : cloud.lattices) {
    if (lattice.trivial()) continue;
    write_double(lattice.step, out);
    out.u32(static_cast<uint32_t>(static_cast<int32_t>(lattice.origin)));
    out.u8(lattice.exact ? 1 : 0);
  }
  if (record_shape(cloud.format).time_at >= 0) {
    write_double(cloud.clock.tick, out);
    write_double(cloud.clock.period, out);
  }
  out.u32(static_cast<uint32_t>(cloud.cell));
}

Result<void> read_shape(ByteReader& in, CloudShape& cloud) {
  const uint32_t present = in.u8();
  for (size_t i = 0; i < cloud.lattices.size(); ++i) {
    if ((present >> i & 1) == 0) continue;
    Lattice& lattice = cloud.lattices[i];
    lattice.step = read_double(in);
    lattice.origin = static_cast<int32_t>(in.u32());
    const uint8_t exact = in.u8();
    lattice.exact = exact == 1;
    if (!(lattice.step >= 1 && lattice.step <= kMostStep) || exact > 1) {
      return damaged("a step of its values");
    }
  }
  if (record_shape(cloud.format).time_at >= 0) {
    cloud.clock.tick = read_double(in);
    cloud.clock.period = read_double(in);
    if (!(cloud.clock.tick >= 1 && cloud.clock.tick <= kMostTick) ||
        !(cloud.clock.period >= 1 && cloud.clock.period <= kMostTick)) {
      return damaged("its clock");
    }
  }
  cloud.cell = in.u32();
  if (!in.ok() || cloud.cell == 0) return damaged("the shape of its cloud");
  return {};
}

}  // namespace pith::las

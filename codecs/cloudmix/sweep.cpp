#include "codecs/cloudmix/sweep.h"

#include <bit>
#include <cmath>

#include "base/varint.h"
#include "codecs/cloud/records.h"

namespace pith::cloudmix {
namespace {

constexpr int64_t kMostKnot = int64_t{1} << 50;

void write_real(ByteWriter& out, double value) { out.u64(std::bit_cast<uint64_t>(value)); }

// A number that is neither too large nor infinite nor none at all.
bool read_real(ByteReader& in, double& value) {
  value = std::bit_cast<double>(in.u64());
  return in.ok() && value > -1e9 && value < 1e9;
}

}  // namespace

void write_sweep_plan(const SweepPlan& plan, ByteWriter& out) {
  write_varint(out, plan.lasers);
  write_real(out, plan.distance_step);
  out.u8(plan.lattice.exists ? 1 : 0);
  if (plan.lattice.exists) {
    for (const double part : plan.lattice.first) write_real(out, part);
    for (const double part : plan.lattice.second) write_real(out, part);
    write_real(out, plan.lattice.first_shift);
    write_real(out, plan.lattice.second_shift);
  }
  for (size_t axis = 0; axis < 3; ++axis) {
    int64_t before = 0;
    int64_t step = 0;
    for (const auto& knot : plan.knots) {
      write_varint(out, fold(knot[axis] - before - step));
      step = knot[axis] - before;
      before = knot[axis];
    }
  }
}

Result<SweepPlan> read_sweep_plan(ByteReader& in, size_t points) {
  SweepPlan plan;
  const uint64_t lasers = read_varint(in);
  if (lasers < 2 || lasers > kMaxColumnLasers) return cloud::damaged("the lasers of a column");
  plan.lasers = static_cast<uint32_t>(lasers);
  bool sane = read_real(in, plan.distance_step) && plan.distance_step > 1e-9;
  const uint8_t lattice = in.u8();
  plan.lattice.exists = lattice == 1;
  if (lattice == 1) {
    for (double& part : plan.lattice.first) sane = read_real(in, part) && sane;
    for (double& part : plan.lattice.second) sane = read_real(in, part) && sane;
    sane = read_real(in, plan.lattice.first_shift) && sane;
    sane = read_real(in, plan.lattice.second_shift) && sane;
  }
  plan.knots.resize(knots_of(points, plan.lasers));
  for (size_t axis = 0; axis < 3 && in.ok(); ++axis) {
    int64_t before = 0;
    int64_t step = 0;
    for (auto& knot : plan.knots) {
      const int64_t off = unfold(read_varint(in));
      if (off > kMostKnot || off < -kMostKnot) return cloud::damaged("the path of a scanner");
      knot[axis] = before + step + off;
      if (knot[axis] > kMostKnot || knot[axis] < -kMostKnot) {
        return cloud::damaged("the path of a scanner");
      }
      step = knot[axis] - before;
      before = knot[axis];
    }
  }
  if (!in.ok() || !sane || lattice > 1) return cloud::damaged("the path of a scanner");
  return plan;
}

}  // namespace pith::cloudmix

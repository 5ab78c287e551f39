#include "codecs/cloud/spin.h"

#include <cmath>

#include "base/varint.h"
#include "codecs/cloud/records.h"

namespace pith::cloud {
namespace {

constexpr double kSlopeUnit = 1.0 / (1 << 24);
constexpr double kLengthUnit = 1.0 / 64;
constexpr double kPhaseUnit = 1.0 / 256;
constexpr size_t kMaxLasers = 1024;
constexpr int64_t kMost = int64_t{1} << 40;

double real(ByteReader& in) { return std::bit_cast<double>(in.u64()); }

}  // namespace

void write_spin_plan(const SpinPlan& plan, ByteWriter& out) {
  write_varint(out, plan.steps);
  out.u64(std::bit_cast<uint64_t>(plan.fine_cos));
  out.u64(std::bit_cast<uint64_t>(plan.fine_sin));
  out.u64(std::bit_cast<uint64_t>(plan.distance_step));
  write_varint(out, plan.lasers.size());
  SpinLaser before;
  for (const SpinLaser& laser : plan.lasers) {
    write_varint(out, fold(int64_t{laser.points} - before.points));
    write_varint(out, fold(laser.slope - before.slope));
    write_varint(out, fold(laser.height - before.height));
    write_varint(out, fold(laser.aside - before.aside));
    write_varint(out, fold(laser.turn - before.turn));
    write_varint(out, fold(laser.phase));
    before = laser;
  }
}

Result<SpinPlan> read_spin_plan(ByteReader& in, size_t points) {
  SpinPlan plan;
  const uint64_t steps = read_varint(in);
  plan.fine_cos = real(in);
  plan.fine_sin = real(in);
  plan.distance_step = real(in);
  const uint64_t lasers = read_varint(in);
  if (!in.ok() || steps == 0 || steps > kMaxSteps || lasers > kMaxLasers) {
    return damaged("the calibration of a scanner");
  }
  plan.steps = static_cast<uint32_t>(steps);
  SpinLaser laser;
  uint64_t sum = 0;
  for (uint64_t i = 0; i < lasers; ++i) {
    const auto add = [&](int64_t& value) {
      value = static_cast<int64_t>(static_cast<uint64_t>(value) +
                                   static_cast<uint64_t>(unfold(read_varint(in))));
      return value > -kMost && value < kMost;
    };
    int64_t count = laser.points;
    laser.phase = 0;
    const bool sane = add(count) && add(laser.slope) && add(laser.height) && add(laser.aside) &&
                      add(laser.turn) && add(laser.phase);
    if (!in.ok() || !sane || count < 0 || static_cast<uint64_t>(count) > points - sum) {
      return damaged("the calibration of a laser");
    }
    laser.points = static_cast<uint32_t>(count);
    sum += laser.points;
    plan.lasers.push_back(laser);
  }
  if (sum != points) return damaged("the calibration of a scanner");
  return plan;
}

SpinGeometry::SpinGeometry(const SpinPlan& plan) : distance_step_(plan.distance_step) {
  // Powers of the finest turn by squaring.
  const auto turn = [&](uint64_t parts, double& c, double& s) {
    c = 1;
    s = 0;
    double pc = plan.fine_cos;
    double ps = plan.fine_sin;
    for (; parts != 0; parts >>= 1) {
      if ((parts & 1) != 0) {
        const double next = c * pc - s * ps;
        s = c * ps + s * pc;
        c = next;
      }
      const double square = pc * pc - ps * ps;
      ps = 2 * pc * ps;
      pc = square;
    }
  };
  for (const SpinLaser& laser : plan.lasers) {
    SpinCone cone{};
    cone.slope = static_cast<double>(laser.slope) * kSlopeUnit;
    cone.to_level = 1.0 / std::sqrt(1.0 + cone.slope * cone.slope);
    cone.height = static_cast<double>(laser.height) * kLengthUnit;
    cone.aside = static_cast<double>(laser.aside) * kLengthUnit;
    cone.phase = static_cast<double>(laser.phase) * kPhaseUnit;
    const uint64_t circle = uint64_t{plan.steps} * kTurnParts;
    const int64_t rest = laser.turn % static_cast<int64_t>(circle);
    turn(static_cast<uint64_t>(rest < 0 ? rest + static_cast<int64_t>(circle) : rest),
         cone.turn_cos, cone.turn_sin);
    cones_.push_back(cone);
  }
  double step_cos = 0;
  double step_sin = 0;
  turn(kTurnParts, step_cos, step_sin);
  double c = 1;
  double s = 0;
  for (uint32_t k = 0; k < plan.steps; ++k) {
    cos_.push_back(c);
    sin_.push_back(s);
    const double next = c * step_cos - s * step_sin;
    s = c * step_sin + s * step_cos;
    c = next;
  }
}

int64_t SpinGeometry::height_at(size_t laser, int64_t x, int64_t y) const {
  const SpinCone& cone = cones_[laser];
  const auto dx = static_cast<double>(x);
  const auto dy = static_cast<double>(y);
  const double square = dx * dx + dy * dy - cone.aside * cone.aside;
  const double w = std::sqrt(square > 0 ? square : 0);
  return rounded(w * cone.slope + cone.height);
}

}  // namespace pith::cloud

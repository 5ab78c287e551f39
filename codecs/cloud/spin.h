// Frames of a spinning scanner that lie laser by laser (KITTI): the calibration of the scanner,
// found in the numbers, leaves a turn and a distance to be told of each point.
//
// Each laser looks along a cone around the z axis, displaced a little to the side. In units of the
// grid, a point of a laser with slope t, height v and displacement h, seen at the angle a and the
// distance d, is
//   w = d / sqrt(1 + t²)    x = w cos a + h sin a    y = w sin a - h cos a    z = w t + v
// The angles are multiples of a step, the distances multiples of another, apart from a phase of
// each laser. What is told of a point: the number of its angle step, that of its distance step, and
// how far x, y and z are from the rounded values (nearly always 0).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/result.h"

namespace pith::cloud {

struct SpinLaser {
  uint32_t points = 0;
  int64_t slope = 0;   // in 1/2^24
  int64_t height = 0;  // in 1/64 of a unit
  int64_t aside = 0;   // in 1/64 of a unit
  int64_t turn = 0;    // phase of the angle, in 1/4096 of a step
  int64_t phase = 0;   // of the distance, in 1/256 of a step
};

struct SpinPlan {
  uint32_t steps = 0;   // of angle in a turn
  double fine_cos = 1;  // of 1/4096 step
  double fine_sin = 0;
  double distance_step = 1;  // in units
  std::vector<SpinLaser> lasers;
};

inline constexpr uint32_t kTurnParts = 4096;
inline constexpr uint32_t kMaxSteps = 1 << 16;

void write_spin_plan(const SpinPlan& plan, ByteWriter& out);
// Fails with kDamaged unless the lasers have `points` points in all.
Result<SpinPlan> read_spin_plan(ByteReader& in, size_t points);

// The calibration as the coder uses it.
struct SpinCone {
  double to_level;  // from distance to w
  double slope;
  double height;
  double aside;
  double phase;     // of the distance, in steps
  double turn_cos;  // of the angle's phase
  double turn_sin;
};

class SpinGeometry {
 public:
  explicit SpinGeometry(const SpinPlan& plan);

  static uint64_t memory(const SpinPlan& plan) {
    return plan.lasers.size() * sizeof(SpinCone) + plan.steps * 2 * sizeof(double);
  }

  struct Place {
    int64_t x, y, z;
  };
  // `step`: any number, taken modulo the turn.
  Place place(size_t laser, int64_t step, int64_t distance) const {
    return place_at(laser, wrap(step), distance);
  }
  // The same for a step within the turn.
  Place place_at(size_t laser, size_t k, int64_t distance) const {
    const SpinCone& cone = cones_[laser];
    const double c = cos_[k] * cone.turn_cos - sin_[k] * cone.turn_sin;
    const double s = cos_[k] * cone.turn_sin + sin_[k] * cone.turn_cos;
    const double w = (static_cast<double>(distance) + cone.phase) * distance_step_ * cone.to_level;
    return {.x = rounded(w * c + cone.aside * s),
            .y = rounded(w * s - cone.aside * c),
            .z = rounded(w * cone.slope + cone.height)};
  }
  size_t wrap(int64_t step) const {
    const auto turn = static_cast<int64_t>(cos_.size());
    if (step >= 0 && step < turn) return static_cast<size_t>(step);
    const int64_t rest = step % turn;
    return static_cast<size_t>(rest < 0 ? rest + turn : rest);
  }
  // Cosine and sine of the direction in which a laser looks.
  std::pair<double, double> look(size_t laser, int64_t step) const {
    const SpinCone& cone = cones_[laser];
    const size_t k = wrap(step);
    return {cos_[k] * cone.turn_cos - sin_[k] * cone.turn_sin,
            cos_[k] * cone.turn_sin + sin_[k] * cone.turn_cos};
  }
  // z of a point of which x and y are known.
  int64_t height_at(size_t laser, int64_t x, int64_t y) const;

  const SpinCone& cone(size_t laser) const { return cones_[laser]; }

 private:
  static int64_t rounded(double value) {
    if (!(value > -9e15 && value < 9e15)) return 0;
    return static_cast<int64_t>(value + (value < 0 ? -0.5 : 0.5));
  }

  double distance_step_;
  std::vector<SpinCone> cones_;
  std::vector<double> cos_, sin_;  // of the steps
};

// The numbers of the angle step and distance step next to a point.
struct SpinPoint {
  int32_t step;
  int32_t distance;
};
// Finds the calibration and the steps of all points; none if they do not look like that. Used by
// the encoder alone, as is the next one. `thorough`: looks at more points, for some parts in a
// thousand.
std::optional<SpinPlan> find_spin(std::span<const int64_t> x, std::span<const int64_t> y,
                                  std::span<const int64_t> z, bool thorough,
                                  std::vector<SpinPoint>& located);
std::vector<SpinPoint> locate(const SpinPlan& plan, std::span<const int64_t> x,
                              std::span<const int64_t> y);

}  // namespace pith::cloud

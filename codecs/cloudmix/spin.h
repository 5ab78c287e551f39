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
#include <vector>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/result.h"

namespace pith::cloudmix {

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
  Place place(size_t laser, int64_t step, int64_t distance) const;
  // z of a point of which x and y are known.
  int64_t height_at(size_t laser, int64_t x, int64_t y) const;

  const SpinCone& cone(size_t laser) const { return cones_[laser]; }

 private:
  double distance_step_;
  std::vector<SpinCone> cones_;
  std::vector<double> cos_, sin_;  // of the steps
};

// Finds the calibration; none if the points do not look like that. Used by the encoder alone.
std::optional<SpinPlan> find_spin(std::span<const int64_t> x, std::span<const int64_t> y,
                                  std::span<const int64_t> z);
// The numbers of the angle step and distance step next to a point.
struct SpinPoint {
  int64_t step;
  int64_t distance;
};
SpinPoint locate(const SpinPlan& plan, size_t laser, int64_t x, int64_t y, int64_t z);

}  // namespace pith::cloudmix

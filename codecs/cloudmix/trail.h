// Frames whose lasers fire in a fixed order, points without an echo left out (Argoverse): each
// point follows one that the same laser saw a step of the turn before, its forerunner.
//
// The frame consists of sections, one for each scanner; in each the scanner moves on a straight
// line. Where the forerunners lie is coded with the points: mostly one place after the forerunner
// of the point before.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/result.h"
#include "codecs/cloudmix/lattice.h"

namespace pith::cloudmix {

struct TrailSection {
  uint32_t points = 0;
  std::array<int64_t, 3> from{}, to{};  // of the scanner's way, in kTrailUnit
};
inline constexpr double kTrailUnit = 1e-4;  // metres

struct TrailPlan {
  double distance_step = 0.004;       // metres
  double turn_cos = 1, turn_sin = 0;  // of the usual step of the turn
  std::vector<TrailSection> sections;
};

// What the encoder finds for each point.
struct Follower {
  uint32_t back = 0;  // how far back the forerunner lies; 0: there is none
  int32_t turns = 1;  // steps of the turn since then
};

void write_trail_plan(const TrailPlan& plan, ByteWriter& out);
Result<TrailPlan> read_trail_plan(ByteReader& in, size_t points);

// Used by the encoder alone. Fills `followers`.
std::optional<TrailPlan> find_trail(std::span<const Vector> points,
                                    std::vector<Follower>& followers);

// The scanner's place at a point of a section.
inline Vector place_on(const TrailSection& section, size_t point) {
  const double part = static_cast<double>(point) / static_cast<double>(section.points);
  Vector at{};
  for (size_t axis = 0; axis < 3; ++axis) {
    const auto a = static_cast<double>(section.from[axis]);
    const auto b = static_cast<double>(section.to[axis]);
    at[axis] = (a + part * (b - a)) * kTrailUnit;
  }
  return at;
}

}  // namespace pith::cloudmix

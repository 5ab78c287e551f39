// Frames of a spinning scanner that lie column by column (nuScenes): all lasers of one moment after
// another, points without an echo included, with the car's motion taken out of the points.
//
// What is sent of the whole frame: the lasers of a column, the path of the scanner, on which the
// points without an echo lie, the step of the distances, and the lattice of the map's frame
// (lattice.h), if there is one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/result.h"
#include "codecs/cloudmix/axis.h"
#include "codecs/cloudmix/lattice.h"

namespace pith::cloudmix {

struct SweepPlan {
  uint32_t lasers = 0;  // points of a column
  double distance_step = 0.002;
  std::vector<std::array<int64_t, 3>> knots;  // of the path, kKnotColumns apart, in kKnotUnit
  Lattice lattice;
};

inline constexpr size_t kKnotColumns = 32;
inline constexpr double kKnotUnit = 1e-5;
inline constexpr uint32_t kMaxColumnLasers = 256;

inline size_t knots_of(size_t points, uint32_t lasers) {
  return points / lasers / kKnotColumns + 2;
}

void write_sweep_plan(const SweepPlan& plan, ByteWriter& out);
Result<SweepPlan> read_sweep_plan(ByteReader& in, size_t points);

// Used by the encoder alone.
std::optional<SweepPlan> find_sweep(std::span<const Vector> points);

}  // namespace pith::cloudmix

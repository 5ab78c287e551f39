// Clouds of a spinning sensor that lie ring after ring: all points of one laser, then those of the
// next (KITTI).
//
// Such a sensor measures at multiples of a small angle. Its lasers sit a little beside the axis and
// above one another, so that the direction in which a point is seen from the origin depends on its
// distance; each ring has a calibration (side, height, slope) for that. Of a point there are coded:
// by how many steps the sensor turned since the point before; the larger of x and y, predicted by
// the distance of the point before; the other one, which lies on the ray; z, which follows from the
// distance.
#pragma once

#include <span>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "codecs/cloud/geometry.h"

namespace pith::cloud {

struct Ring {
  uint32_t count = 0;  // of points
  int32_t side = 0;    // of the ray's beginning from the axis, in kLengthUnits
  int32_t height = 0;  // of z at distance 0, likewise
  int32_t slope = 0;   // of z by distance, in kSlopeUnits
};
inline constexpr double kLengthUnits = 1.0 / 8192;
inline constexpr double kSlopeUnits = 1.0 / 131072;

struct Sweep {
  double step = 0;  // angle, in radians; negative if the sensor turns clockwise
  std::vector<Ring> rings;
};

void write_sweep(const Sweep& sweep, ByteWriter& out);
// The rings hold `count` points.
Result<Sweep> read_sweep(ByteReader& in, size_t count);

// Finds the rings of a cloud and calibrates them.
class SweepFinder {
 public:
  explicit SweepFinder(const Points& points);

  // False if the cloud is of another kind.
  bool is_sweep() const { return counts_.size() > 1; }
  // True if a good part of the points are half of the most frequent angle apart.
  bool has_half_steps() const;
  // The sweep whose step is the most frequent angle between neighbours divided by so much.
  Sweep fit(int divisor) const;

  struct Polar {
    double x;
    double y;
    double range;
    double turn;  // angle from the point before
  };

 private:
  const Points& points_;
  std::vector<Polar> polars_;
  std::vector<uint32_t> counts_;
  double step_ = 0;
};

// Contexts of the walk's slots.
inline constexpr std::array<uint16_t, 5> kSweepSlots = {36, 1, 24 * 3, 20 * 3, 16 * 3};

// Codes rings of a sweep.
template <class Coder>
class SweepWalk {
 public:
  SweepWalk(Coder& coder, const Sweep& sweep, const Points& points, Neighbours& neighbours,
            std::span<uint8_t> sizes)
      : coder_(coder), sweep_(sweep), points_(points), neighbours_(neighbours), sizes_(sizes) {
    uint32_t first_context = 0;
    for (size_t i = 0; i < kSweepSlots.size(); ++i) {
      contexts_[i] = first_context;
      first_context += kSweepSlots[i];
    }
    steps_of_radian_ = 1 / sweep.step;
    const Turn step = turn_by(sweep.step);
    for (size_t i = 0; i < kFar; ++i) {
      turns_[i] = step.times(static_cast<int64_t>(i) - kLeastSteps);
    }
  }

  // Rings `first` to `end`, whose points begin with number `point`.
  void run(size_t first, size_t end, size_t point) {
    for (size_t r = first; r < end; ++r) {
      point = ring(sweep_.rings[r], point);
      std::swap(before_, ring_);
    }
  }

 private:
  // Steps from -4 to 26 have symbols of their own.
  static constexpr int64_t kLeastSteps = 4;
  static constexpr uint32_t kFar = 31;
  // How much of the deviation of a measured direction from the expected one is believed.
  static constexpr double kBelief = 0.12;
  static constexpr double kHeightBelief = 0.06;

  enum Slot { kSteps, kFarSteps, kRange, kSide, kHeight };

  struct Cell {
    double ux = 1;  // direction in which the sensor looked
    double uy = 0;
    double range = 10;  // along it
    int32_t steps = 2;
    int32_t steps_before = 2;
    uint32_t size = 4;  // of the residual of the range
    uint32_t point = 0;
  };

  // The direction after the coded number of steps.
  uint32_t steps(const Cell& left, const Cell* up, int64_t& count, double& ux, double& uy) {
    count = 0;
    if constexpr (!Coder::kDecodes) {
      // A small angle is as large as its sine.
      const double cross = left.ux * seen_.uy - left.uy * seen_.ux;
      const bool is_small = left.ux * seen_.ux + left.uy * seen_.uy > 0 && std::abs(cross) < 0.03;
      const double angle = is_small ? cross : angle_between(left.ux, left.uy, seen_.ux, seen_.uy);
      const double by = angle * steps_of_radian_;
      count = static_cast<int64_t>(by + (by < 0 ? -0.5 : 0.5));
    }
    const auto clamped = [](int32_t steps) {
      return static_cast<uint32_t>(std::clamp(steps, 0, 5));
    };
    const uint32_t context =
        contexts_[kSteps] + clamped(left.steps) * 6 + clamped(up == nullptr ? 2 : up->steps);
    const bool is_near = count >= -kLeastSteps && count + kLeastSteps < kFar;
    const uint32_t symbol = coder_.symbol(
        context, is_near ? static_cast<uint32_t>(count + kLeastSteps) : kFar, hints_of<Coder>([&] {
          const uint32_t beside = up == nullptr ? 2 : clamped(up->steps);
          const double by = up == nullptr ? 0 : up->range - left.range;
          return Hints{kSteps, (clamped(left.steps) * 6 + clamped(left.steps_before)) * 6 + beside,
                       signed_size(by) * 6 + clamped(left.steps), 5};
        }));
    Turn turn;
    if (symbol < kFar) {
      count = static_cast<int64_t>(symbol) - kLeastSteps;
      turn = turns_[symbol];
    } else {
      count = coder_.residual(contexts_[kFarSteps], count, Hints{kFarSteps, 0, 0});
      turn = turn_by(sweep_.step).times(count);
    }
    ux = left.ux * turn.c - left.uy * turn.s;
    uy = left.ux * turn.s + left.uy * turn.c;
    return symbol;
  }

  // Sets the range and direction in which the sensor saw a point, which must be known.
  void look(size_t point, double side) {
    const double x = real(0, point);
    const double y = real(1, point);
    const double square = x * x + y * y;
    const double side_square = side * side;
    seen_.range = square > side_square ? std::sqrt(square - side_square) : 0;
    if (square > 0) {
      const double scale = 1 / square;
      seen_.ux = (seen_.range * x - side * y) * scale;
      seen_.uy = (seen_.range * y + side * x) * scale;
    } else {
      seen_.ux = 1;
      seen_.uy = 0;
    }
  }

  size_t ring(const Ring& ring, size_t point) {
    ring_.clear();
    const double side = ring.side * kLengthUnits;
    const double slope = ring.slope * kSlopeUnits;
    double height = ring.height * kLengthUnits;
    Cell left = before_.empty() ? Cell{} : before_.front();
    uint32_t size_before = left.size;
    double range_before = left.range;
    MeanSize side_size(3);
    MeanSize height_size(3);
    size_t at = 0;  // of the ring before
    for (const size_t end = point + ring.count; point < end; ++point) {
      const Cell* expected =
          before_.empty() ? nullptr : &before_[std::min(at + 1, before_.size() - 1)];
      int64_t steps_now = 0;
      double ux = 0;
      double uy = 0;
      if constexpr (!Coder::kDecodes) look(point, side);
      const uint32_t step_symbol = steps(left, expected, steps_now, ux, uy);
      const Cell& up = find_up(left, ux, uy, at);

      // The larger coordinate tells the range, the smaller one lies on the ray.
      const double spread = std::abs(up.range - left.range) + std::abs(left.range - range_before);
      const uint32_t spread_size = size_of_length(spread);
      const uint32_t range_context =
          contexts_[kRange] + std::min(23U, (left.size * 2 + up.size + size_before) / 2 + 1) * 3 +
          (spread_size > 9   ? 2
           : spread_size > 6 ? 1
                             : 0);
      const bool along_x = std::abs(ux) >= std::abs(uy);
      const size_t major = along_x ? 0 : 1;
      const double u_major = along_x ? ux : uy;
      const double u_minor = along_x ? uy : ux;
      const double turned = along_x ? side : -side;  // x = range · ux + side · uy, y with minus
      const int64_t range_residual =
          code(range_context, major, point, left.range * u_major + turned * u_minor,
               hints_of<Coder>([&] {
                 return Hints{kRange,
                              signed_size(up.range - left.range) * 8 + std::min(7U, left.size / 2),
                              pair_hint(left.size, up.size)};
               }));
      const double ray = (real(major, point) - turned * u_minor) / u_major;
      const uint32_t size = size_of(range_residual);
      const bool far = step_symbol == kFar || steps_now > 3;
      const uint32_t side_context = contexts_[kSide] + std::min(19U, side_size.halves()) * 3 +
                                    (far        ? 2
                                     : size > 7 ? 1
                                                : 0);
      const uint32_t range_size = size_of_length(ray) / 2;
      const uint32_t minor_size = size_of(code(
          side_context, 1 - major, point, ray * u_minor - turned * u_major, hints_of<Coder>([&] {
            return Hints{kSide, pair_hint(size, range_size),
                         pair_hint(static_cast<uint32_t>(std::clamp<int64_t>(steps_now, 0, 15)),
                                   side_size.halves())};
          })));
      side_size.add(minor_size);

      if constexpr (Coder::kDecodes) look(point, side);
      Cell cell{.ux = ux,
                .uy = uy,
                .range = seen_.range,
                .steps = static_cast<int32_t>(std::clamp<int64_t>(steps_now, 0, 5)),
                .steps_before = left.steps,
                .size = size,
                .point = static_cast<uint32_t>(point)};
      believe(cell, seen_.ux, seen_.uy, step_symbol == kFar ? 1.0 : kBelief);

      const uint32_t height_context = contexts_[kHeight] + std::min(15U, height_size.halves()) * 3 +
                                      (size > 7   ? 2
                                       : size > 4 ? 1
                                                  : 0);
      const double expected_z = height + slope * cell.range;
      const uint32_t z_size =
          size_of(code(height_context, 2, point, expected_z, hints_of<Coder>([&] {
                         return Hints{kHeight, pair_hint(size, minor_size),
                                      pair_hint(range_size, height_size.halves())};
                       })));
      height_size.add(z_size);
      if (z_size < 5) height += (real(2, point) - expected_z) * kHeightBelief;

      neighbours_.left[point] = ring_.empty() ? up.point : left.point;
      neighbours_.up[point] = before_.empty() ? left.point : up.point;
      sizes_[point] = static_cast<uint8_t>(size);
      range_before = left.range;
      size_before = left.size;
      left = cell;
      ring_.push_back(cell);
    }
    return point;
  }

  // Goes along the ring before to the point that lies beside the direction.
  const Cell& find_up(const Cell& left, double ux, double uy, size_t& at) const {
    if (before_.empty()) return left;
    const auto away = [&](const Cell& cell) { return cell.ux * uy - cell.uy * ux; };
    while (at + 1 < before_.size() && away(before_[at + 1]) * sweep_.step > 0) ++at;
    const Cell& a = before_[at];
    const Cell& b = before_[std::min(at + 1, before_.size() - 1)];
    return std::abs(away(a)) < std::abs(away(b)) ? a : b;
  }

  // Turns a direction towards what was measured.
  static void believe(Cell& cell, double mx, double my, double belief) {
    const double nx = cell.ux + belief * (mx - cell.ux);
    const double ny = cell.uy + belief * (my - cell.uy);
    const double length = nx * nx + ny * ny;
    // One step of Newton's for 1 / sqrt(length), which is near 1; else the measured one.
    if (length > 0.5 && length < 1.5) {
      const double scale = 1.5 - 0.5 * length;
      cell.ux = nx * scale;
      cell.uy = ny * scale;
    } else {
      cell.ux = mx;
      cell.uy = my;
    }
  }

  double real(size_t axis, size_t point) const {
    return points_.axes[axis].real(points_.values[axis][point]);
  }
  int64_t code(uint32_t context, size_t axis, size_t point, double predicted, const Hints& hints) {
    return code_value(coder_, context, points_.values[axis][point],
                      points_.axes[axis].nearest(predicted), hints);
  }

  Coder& coder_;
  const Sweep& sweep_;
  const Points& points_;
  Neighbours& neighbours_;
  std::span<uint8_t> sizes_;
  std::array<uint32_t, kSweepSlots.size()> contexts_{};
  std::array<Turn, kFar> turns_;
  double steps_of_radian_ = 0;
  struct {
    double range = 0;
    double ux = 1;
    double uy = 0;
  } seen_;  // how the sensor saw the point
  std::vector<Cell> before_;
  std::vector<Cell> ring_;
};

}  // namespace pith::cloud

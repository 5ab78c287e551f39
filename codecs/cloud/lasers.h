// The lasers of a spinning sensor: where they look, seen from the sensor, and how a point that
// returned is coded. Shared by the walks over clouds that lie in the order of firing.
//
// Seen from the sensor the lasers look in directions that hardly change among themselves; ranges
// may be multiples of the sensor's own unit, even where the coordinates were moved and turned
// since. Of a point there are coded: its range in units; the smaller of x and y and then z, which
// follow from the range and the direction; what remains of the larger one, which the sphere around
// the sensor tells. Without a unit: the larger one, the smaller one, which lies on the ray, z.
#pragma once

#include <span>

#include "codecs/cloud/geometry.h"

namespace pith::cloud {

struct Laser {
  Turn offset;       // where it looks, relative to the round
  double slope = 0;  // of z by distance from the axis
  double range = 10;
  double range_before = 10;
  uint32_t size = 4;  // of the residual of the range
  MeanSize minor{6};
  MeanSize height{6};
  MeanSize major{4};
  uint32_t point = 0;      // the last one that was coded
  uint32_t absent = 0;     // rounds without a return since the last one
  bool known = false;      // it has returned a point
  bool returned = true;    // in the round before
  uint8_t history = 0xFF;  // did it return, a bit for each round, the last one the lowest
  bool returned_before = true;
};

// Contexts of the slots of returned points.
inline constexpr std::array<uint16_t, 6> kLaserSlots = {24 * 5, 80, 80, 80, 80, 80};

// The largest unit of which nearly all ranges are multiples, in metres; 0 if there is none.
double find_unit(std::span<const double> ranges);

// Codes returned points. The walk tells where the sensor is and when a round begins.
template <class Coder>
class LaserCoder {
 public:
  // `unit`: of ranges, 0 if they have none.
  LaserCoder(Coder& coder, uint32_t first_context, double unit, const Points& points,
             std::span<uint8_t> sizes)
      : coder_(coder), unit_(unit), points_(points), sizes_(sizes) {
    for (size_t i = 0; i < kLaserSlots.size(); ++i) {
      contexts_[i] = first_context;
      first_context += kLaserSlots[i];
    }
  }

  std::array<double, 3>& position() { return position_; }
  const std::array<double, 3>& position() const { return position_; }
  const Turn& towards() const { return towards_; }

  void begin_round() {
    // How far the last round turned is what this one will.
    const double by = towards_.then(expected_.back()).s;
    if (by < 0.05 && by > -0.05) step_ = step_.then(turn_by(by * (rounds_ < 2 ? 1 : 0.2)));
    ++rounds_;
    towards_ = towards_.then(step_);
    expected_ = towards_;
    weight_ = rounds_ < 3 ? 0.01 : 2;
  }

  // A point that returned. `beside`: the laser that fired before.
  void measure(Laser& laser, const Laser& beside, size_t point) {
    const Turn look = towards_.then(laser.offset);
    const double spread =
        std::abs(laser.range - laser.range_before) + std::abs(beside.range - laser.range) * 0.25;
    const uint32_t spread_size = size_of_length(spread);
    const uint32_t spread_class = !laser.known       ? 4
                                  : spread_size > 11 ? 3
                                  : spread_size > 8  ? 2
                                  : spread_size > 5  ? 1
                                                     : 0;
    const uint32_t range_context =
        contexts_[kRange] + std::min(23U, laser.size + beside.size + 1) * 5 + spread_class;
    const bool along_x = std::abs(look.c) >= std::abs(look.s);
    const size_t major = along_x ? 0 : 1;
    const size_t minor = 1 - major;
    const double u_major = along_x ? look.c : look.s;
    const double u_minor = along_x ? look.s : look.c;
    const Hints range_hints = hints_of<Coder>([&] {
      return Hints{kHintSlots + kRange,
                   signed_size(beside.range - laser.range) * 8 + std::min(7U, laser.size / 2),
                   pair_hint(laser.size, beside.size)};
    });
    const uint32_t range_size = size_of_length(laser.range) / 2;
    uint32_t size = 0;
    if (unit_ > 0) {
      int64_t units = Coder::kDecodes ? 0 : to_units(distance(point));
      size = size_of(code_value(coder_, range_context, units, to_units(laser.range), range_hints));
      const double range = static_cast<double>(units) * unit_;
      const double flat = range / std::sqrt(1 + laser.slope * laser.slope);
      const uint32_t minor_size = code(kMinor, laser, laser.minor, size, minor, point,
                                       flat * u_minor, pair_hint(size, range_size));
      const uint32_t height_size = code(kHeight, laser, laser.height, size, 2, point,
                                        flat * laser.slope, pair_hint(minor_size, range_size));
      const double dm = real(minor, point) - position_[minor];
      const double dz = real(2, point) - position_[2];
      const double rest = range * range - dm * dm - dz * dz;
      const double dx = rest > 0 ? std::sqrt(rest) : 0;
      code(kMajor, laser, laser.major, size, major, point, u_major < 0 ? -dx : dx,
           pair_hint(minor_size, height_size));
    } else {
      const double flat = laser.range / std::sqrt(1 + laser.slope * laser.slope);
      size = size_of(code_value(coder_, range_context, points_.values[major][point],
                                points_.axes[major].nearest(position_[major] + flat * u_major),
                                range_hints));
      const double ray = (real(major, point) - position_[major]) / u_major;
      const uint32_t minor_size = code(kMinorOfRay, laser, laser.minor, size, minor, point,
                                       ray * u_minor, pair_hint(size, range_size));
      const double dx = real(0, point) - position_[0];
      const double dy = real(1, point) - position_[1];
      code(kHeightOfRay, laser, laser.height, size, 2, point,
           std::sqrt(dx * dx + dy * dy) * laser.slope, pair_hint(minor_size, range_size));
    }
    sizes_[point] = static_cast<uint8_t>(size);
    learn(laser, look, point, size);
  }

  double real(size_t axis, size_t point) const {
    return points_.axes[axis].real(points_.values[axis][point]);
  }

 private:
  enum Slot { kRange, kMinor, kHeight, kMajor, kMinorOfRay, kHeightOfRay };

  // The slots of hints that the walk itself uses come first.
  static constexpr uint32_t kHintSlots = 2;

  // The size of the residual.
  uint32_t code(Slot slot, const Laser& laser, MeanSize& mean, uint32_t size, size_t axis,
                size_t point, double from_position, uint32_t hint) {
    const uint32_t context = contexts_[slot] + std::min(19U, mean.halves() / 2) * 4 +
                             (!laser.known ? 3
                              : size > 9   ? 2
                              : size > 4   ? 1
                                           : 0);
    const Hints hints = hints_of<Coder>([&] {
      return Hints{kHintSlots + slot, hint, pair_hint(mean.halves() / 2, size)};
    });
    const uint32_t its_size =
        size_of(code_value(coder_, context, points_.values[axis][point],
                           points_.axes[axis].nearest(position_[axis] + from_position), hints));
    mean.add(its_size);
    return its_size;
  }

  void learn(Laser& laser, const Turn& look, size_t point, uint32_t size) {
    const double dx = real(0, point) - position_[0];
    const double dy = real(1, point) - position_[1];
    const double dz = real(2, point) - position_[2];
    const double square = dx * dx + dy * dy;
    laser.range_before = laser.range;
    laser.range = std::sqrt(square + dz * dz);
    laser.size = size;
    if (!(square > 1e-6)) return;
    const double flat = std::sqrt(square);
    const double slope = dz / flat;
    const Turn measured{dx / flat, dy / flat};
    const Turn off = measured.then(look.back());
    if (!laser.known) {
      laser.known = true;
      laser.slope = slope;
      laser.offset = measured.then(towards_.back());
      return;
    }
    laser.slope += (slope - laser.slope) * 0.5;
    if (!(off.c > 0.9)) return;
    // What the round as a whole turned more than expected, and what is the laser's own.
    const double its_weight = square < 100 ? square : 100;
    const double part = its_weight / (weight_ + its_weight);
    weight_ += its_weight;
    towards_ = normal(towards_.then(turn_by(off.s * part)));
    laser.offset = normal(laser.offset.then(turn_by(off.s * (1 - part) * 0.3)));
  }

  static Turn normal(const Turn& turn) {
    const double scale = 1.5 - 0.5 * (turn.c * turn.c + turn.s * turn.s);
    return {turn.c * scale, turn.s * scale};
  }

  double distance(size_t point) const {
    double square = 0;
    for (size_t i = 0; i < 3; ++i) {
      const double by = real(i, point) - position_[i];
      square += by * by;
    }
    return std::sqrt(square);
  }

  int64_t to_units(double range) const {
    const double units = range / unit_;
    return units > -1e12 && units < 1e12 ? static_cast<int64_t>(units + 0.5) : 0;
  }

  Coder& coder_;
  double unit_;
  const Points& points_;
  std::span<uint8_t> sizes_;
  std::array<uint32_t, kLaserSlots.size()> contexts_{};
  std::array<double, 3> position_{};
  Turn towards_;       // of the round
  Turn expected_;      // the same when it began
  Turn step_;          // from round to round
  double weight_ = 0;  // of what is known of the direction of this round
  size_t rounds_ = 0;
};

}  // namespace pith::cloud

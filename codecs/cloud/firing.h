// Clouds of a spinning sensor in the order of its firing: all lasers one after another, again and
// again, with a point for each, returned or not (nuScenes).
//
// The points of one round share a position of the sensor, which moves while it turns: a laser that
// saw nothing is given as a point right there. Seen from it the lasers look in directions that
// hardly change among themselves; ranges are multiples of the sensor's own unit, even where the
// coordinates were moved and turned since. Of a point there are coded: did it return; its range in
// units; the smaller of x and y and then z, which follow from the range and the direction; what
// remains of the larger one, which the sphere around the sensor tells.
#pragma once

#include <span>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "codecs/cloud/geometry.h"

namespace pith::cloud {

struct Firing {
  uint32_t lasers = 0;
  double unit = 0;  // of ranges; 0: they have none
  // Positions of the sensor at every kRoundsOfKnot-th round, in kPositionUnits; empty if it stays
  // where the coordinates begin and every point counts as returned.
  std::vector<std::array<int32_t, 3>> knots;
};
inline constexpr uint32_t kMaxLasers = 256;
inline constexpr size_t kRoundsOfKnot = 32;
inline constexpr double kPositionUnits = 1.0 / 131072;

void write_firing(const Firing& firing, ByteWriter& out);
Result<Firing> read_firing(ByteReader& in);

// Finds the number of lasers and the positions; no lasers if the cloud is of another kind. The unit
// is left for the caller to try.
Firing find_firing(const Points& points);

inline constexpr std::array<uint16_t, 8> kFiringSlots = {16,     6,      24 * 5, 20 * 4,
                                                         20 * 4, 20 * 4, 20 * 4, 20 * 4};

template <class Coder>
class FiringWalk {
 public:
  FiringWalk(Coder& coder, const Firing& firing, const Points& points, Neighbours& neighbours,
             std::span<uint8_t> sizes)
      : coder_(coder),
        firing_(firing),
        points_(points),
        neighbours_(neighbours),
        sizes_(sizes),
        lasers_(firing.lasers) {
    uint32_t first_context = 0;
    for (size_t i = 0; i < kFiringSlots.size(); ++i) {
      contexts_[i] = first_context;
      first_context += kFiringSlots[i];
    }
  }

  // Points `begin`, which begins a round, to `end`.
  void run(size_t begin, size_t end) {
    for (size_t point = begin; point < end;) {
      const size_t last = std::min(end, point + lasers_.size());
      round(point, last);
      point = last;
    }
  }

 private:
  enum Slot { kReturned, kOrigin, kRange, kMinor, kHeight, kMajor, kMinor2, kHeight2 };

  struct Laser {
    // Where it looks, relative to the round.
    Turn offset;
    double slope = 0;  // of z by distance from the axis
    double range = 10;
    double range_before = 10;
    uint32_t size = 4;  // of the residual of the range
    MeanSize minor{6};
    MeanSize height{6};
    MeanSize major{4};
    bool known = false;
    bool returned = true;
    bool returned_before = true;
    uint32_t point = 0;
  };

  void round(size_t point, size_t end) {
    position_of_round(point / lasers_.size());
    towards_ = towards_.then(step_);
    const Turn expected = towards_;
    double weight = 2;  // of what is known of the direction of this round
    origin_seen_ = false;
    bool returned_up = true;
    const Laser* up = nullptr;
    for (size_t l = 0; point < end; ++l, ++point) {
      Laser& laser = lasers_[l];
      neighbours_.left[point] =
          laser.known ? laser.point : static_cast<uint32_t>(point == 0 ? 0 : point - 1);
      neighbours_.up[point] = static_cast<uint32_t>(point == 0 ? 0 : point - 1);
      const bool is_back =
          firing_.knots.empty() ||
          returned(laser, returned_up, up != nullptr && up->returned_before, point);
      laser.returned_before = laser.returned;
      laser.returned = is_back;
      laser.point = static_cast<uint32_t>(point);
      if (is_back) {
        const size_t above = l == 0 ? lasers_.size() - 1 : l - 1;
        measure(laser, lasers_[above], point, weight);
      } else {
        at_origin(point);
      }
      returned_up = is_back;
      up = &laser;
    }
    // How far this round turned is what the next will.
    const Turn turned = towards_.then(expected.back());
    const double a = turned.s;
    if (a < 0.05 && a > -0.05) step_ = step_.then(turn_by(a * 0.2));
  }

  void position_of_round(size_t round) {
    if (firing_.knots.empty()) return;
    const size_t knot = round / kRoundsOfKnot;
    const auto& a = firing_.knots[std::min(knot, firing_.knots.size() - 1)];
    const auto& b = firing_.knots[std::min(knot + 1, firing_.knots.size() - 1)];
    const double part =
        static_cast<double>(round % kRoundsOfKnot) / static_cast<double>(kRoundsOfKnot);
    for (size_t i = 0; i < 3; ++i) {
      position_[i] = (a[i] + (b[i] - a[i]) * part) * kPositionUnits + drift_[i];
    }
  }

  bool returned(const Laser& laser, bool up, bool up_before, size_t point) {
    uint32_t back = 1;
    if constexpr (!Coder::kDecodes) {
      double square = 0;
      for (size_t i = 0; i < 3; ++i) {
        const double by = real(i, point) - position_[i];
        square += by * by;
      }
      back = square > 0.0025 ? 1 : 0;
    }
    const uint32_t context = contexts_[kReturned] + (laser.returned ? 1 : 0) +
                             (laser.returned_before ? 2 : 0) + (up ? 4 : 0) + (up_before ? 8 : 0);
    return coder_.symbol(context, back) != 0;
  }

  // A laser that saw nothing.
  void at_origin(size_t point) {
    uint32_t most = 0;
    for (size_t i = 0; i < 3; ++i) {
      const double expected = position_[i];
      const uint32_t context =
          contexts_[kOrigin] + static_cast<uint32_t>(i) * 2 + (origin_seen_ ? 1 : 0);
      int64_t& value = points_.values[i][point];
      const int64_t predicted = origin_seen_ ? origin_[i] : points_.axes[i].nearest(expected);
      most = std::max(most, size_of(code_value(coder_, context, value, predicted)));
    }
    sizes_[point] = static_cast<uint8_t>(most);
    for (size_t i = 0; i < 3; ++i) {
      origin_[i] = points_.values[i][point];
      if (!origin_seen_) {
        const double by = real(i, point) - position_[i];
        drift_[i] += by * 0.5;
      }
      position_[i] = real(i, point);
    }
    origin_seen_ = true;
  }

  // A point that returned.
  void measure(Laser& laser, const Laser& up, size_t point, double& weight) {
    const Turn look = towards_.then(laser.offset);
    const double spread =
        std::abs(laser.range - laser.range_before) + std::abs(up.range - laser.range) * 0.25;
    const uint32_t spread_size = size_of_length(spread);
    const uint32_t range_context = contexts_[kRange] + std::min(23U, laser.size + up.size + 1) * 5 +
                                   (laser.known ? spread_size > 11  ? 3
                                                  : spread_size > 8 ? 2
                                                  : spread_size > 5 ? 1
                                                                    : 0
                                                : 4);
    const bool along_x = std::abs(look.c) >= std::abs(look.s);
    const size_t major = along_x ? 0 : 1;
    const size_t minor = 1 - major;
    const double u_major = along_x ? look.c : look.s;
    const double u_minor = along_x ? look.s : look.c;
    uint32_t size = 0;
    if (firing_.unit > 0) {
      int64_t units = 0;
      if constexpr (!Coder::kDecodes) {
        units = to_units(distance(point));
      }
      const int64_t expected = to_units(laser.range);
      const int64_t residual = code_value(coder_, range_context, units, expected);
      size = size_of(residual);
      const double range = static_cast<double>(units) * firing_.unit;
      const double flat = range / std::sqrt(1 + laser.slope * laser.slope);
      const uint32_t minor_size = size_of(code(context(kMinor, laser.minor, size, laser.known),
                                               minor, point, position_[minor] + flat * u_minor));
      const uint32_t height_size = size_of(code(context(kHeight, laser.height, size, laser.known),
                                                2, point, position_[2] + flat * laser.slope));
      const double dm = real(minor, point) - position_[minor];
      const double dz = real(2, point) - position_[2];
      const double rest = range * range - dm * dm - dz * dz;
      const double dx = rest > 0 ? std::sqrt(rest) : 0;
      const uint32_t major_size =
          size_of(code(context(kMajor, laser.major, size, laser.known), major, point,
                       position_[major] + (u_major < 0 ? -dx : dx)));
      laser.minor.add(minor_size);
      laser.height.add(height_size);
      laser.major.add(major_size);
    } else {
      const double flat = laser.range / std::sqrt(1 + laser.slope * laser.slope);
      size = size_of(code(range_context, major, point, position_[major] + flat * u_major));
      const double ray = (real(major, point) - position_[major]) / u_major;
      laser.minor.add(size_of(code(context(kMinor2, laser.minor, size, laser.known), minor, point,
                                   position_[minor] + ray * u_minor)));
      const double dx = real(0, point) - position_[0];
      const double dy = real(1, point) - position_[1];
      laser.height.add(size_of(code(context(kHeight2, laser.height, size, laser.known), 2, point,
                                    position_[2] + std::sqrt(dx * dx + dy * dy) * laser.slope)));
    }
    sizes_[point] = static_cast<uint8_t>(size);
    learn(laser, look, point, size, weight);
  }

  uint32_t context(Slot slot, const MeanSize& mean, uint32_t size, bool known) const {
    return contexts_[slot] + std::min(19U, mean.halves() / 2) * 4 +
           (!known     ? 3
            : size > 9 ? 2
            : size > 4 ? 1
                       : 0);
  }

  void learn(Laser& laser, const Turn& look, size_t point, uint32_t size, double& weight) {
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
    const double its_weight = flat * flat < 100 ? flat * flat : 100;
    const double part = its_weight / (weight + its_weight);
    weight += its_weight;
    const double a = off.s;
    towards_ = normal(towards_.then(turn_by(a * part)));
    laser.offset = normal(laser.offset.then(turn_by(a * (1 - part) * 0.3)));
  }

  static Turn normal(const Turn& turn) {
    const double length = turn.c * turn.c + turn.s * turn.s;
    const double scale = 1.5 - 0.5 * length;
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
    const double units = range / firing_.unit;
    return units > -1e12 && units < 1e12 ? static_cast<int64_t>(units + 0.5) : 0;
  }

  double real(size_t axis, size_t point) const {
    return points_.axes[axis].real(points_.values[axis][point]);
  }
  int64_t code(uint32_t context, size_t axis, size_t point, double predicted) {
    return code_value(coder_, context, points_.values[axis][point],
                      points_.axes[axis].nearest(predicted));
  }

  Coder& coder_;
  const Firing& firing_;
  const Points& points_;
  Neighbours& neighbours_;
  std::span<uint8_t> sizes_;
  std::array<uint32_t, kFiringSlots.size()> contexts_{};
  std::vector<Laser> lasers_;
  Turn towards_;
  Turn step_;
  std::array<double, 3> position_{};
  std::array<double, 3> drift_{};
  std::array<int64_t, 3> origin_{};
  bool origin_seen_ = false;
};

}  // namespace pith::cloud

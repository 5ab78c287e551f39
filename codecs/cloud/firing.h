// Clouds of a spinning sensor in the order of its firing: all lasers one after another, again and
// again, with a point for each, returned or not (nuScenes).
//
// The points of one round share a position of the sensor, which moves while it turns: a laser that
// saw nothing is given as a point right there. Of each point it is coded whether it returned; one
// that did as lasers.h says, one that did not by the position.
#pragma once

#include <span>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "codecs/cloud/lasers.h"

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
// The unit of ranges, as far as the positions are right; 0: none is to be seen.
double firing_unit(const Firing& firing, const Points& points);

inline constexpr std::array<uint16_t, 8> kFiringSlots = {16,
                                                         6,
                                                         kLaserSlots[0],
                                                         kLaserSlots[1],
                                                         kLaserSlots[2],
                                                         kLaserSlots[3],
                                                         kLaserSlots[4],
                                                         kLaserSlots[5]};

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
        lasers_(firing.lasers),
        laser_coder_(coder, kFiringSlots[0] + kFiringSlots[1], firing.unit, points, sizes) {}

  // Points `begin`, which begins a round, to `end`.
  void run(size_t begin, size_t end) {
    for (size_t point = begin; point < end;) {
      const size_t last = std::min(end, point + lasers_.size());
      round(point, last);
      point = last;
    }
  }

 private:
  static constexpr uint32_t kReturnedContexts = 0;
  static constexpr uint32_t kOriginContexts = kFiringSlots[0];
  // A point that is farther than this from the sensor did return, in metres, squared.
  static constexpr double kFarSquare = 0.0025;

  void round(size_t point, size_t end) {
    find_position(point / lasers_.size());
    laser_coder_.begin_round();
    origin_seen_ = false;
    const Laser* beside = &lasers_.back();
    for (size_t l = 0; point < end; ++l, ++point) {
      Laser& laser = lasers_[l];
      const auto before = static_cast<uint32_t>(point == 0 ? 0 : point - 1);
      neighbours_.left[point] = laser.known ? laser.point : before;
      neighbours_.up[point] = before;
      const bool is_back = firing_.knots.empty() || returned(laser, *beside, point);
      laser.returned_before = laser.returned;
      laser.returned = is_back;
      laser.history = static_cast<uint8_t>(laser.history << 1 | (is_back ? 1 : 0));
      laser.point = static_cast<uint32_t>(point);
      if (is_back) {
        laser_coder_.measure(laser, *beside, point);
      } else {
        at_origin(point);
      }
      beside = &laser;
    }
  }

  void find_position(size_t round) {
    if (firing_.knots.empty()) return;
    const size_t knot = round / kRoundsOfKnot;
    const auto& a = firing_.knots[std::min(knot, firing_.knots.size() - 1)];
    const auto& b = firing_.knots[std::min(knot + 1, firing_.knots.size() - 1)];
    const double part =
        static_cast<double>(round % kRoundsOfKnot) / static_cast<double>(kRoundsOfKnot);
    for (size_t i = 0; i < 3; ++i) {
      const double from = a[i];
      laser_coder_.position()[i] = (from + (b[i] - from) * part) * kPositionUnits + drift_[i];
    }
  }

  bool returned(const Laser& laser, const Laser& beside, size_t point) {
    uint32_t back = 1;
    if constexpr (!Coder::kDecodes) {
      double square = 0;
      for (size_t i = 0; i < 3; ++i) {
        const double by = laser_coder_.real(i, point) - laser_coder_.position()[i];
        square += by * by;
      }
      back = square > kFarSquare ? 1 : 0;
    }
    const uint32_t context = kReturnedContexts + (laser.returned ? 1 : 0) +
                             (laser.returned_before ? 2 : 0) + (beside.returned ? 4 : 0) +
                             (beside.returned_before ? 8 : 0);
    const Hints hints = hints_of<Coder>([&] { return Hints{0, laser.history, beside.history, 1}; });
    return coder_.symbol(context, back, hints) != 0;
  }

  // A laser that saw nothing: all of a round lie at one place.
  void at_origin(size_t point) {
    uint32_t most = 0;
    for (size_t i = 0; i < 3; ++i) {
      double& position = laser_coder_.position()[i];
      const uint32_t context =
          kOriginContexts + static_cast<uint32_t>(i) * 2 + (origin_seen_ ? 1 : 0);
      int64_t& value = points_.values[i][point];
      const int64_t predicted = origin_seen_ ? origin_[i] : points_.axes[i].nearest(position);
      most = std::max(most, size_of(code_value(coder_, context, value, predicted,
                                               Hints{1, static_cast<uint32_t>(i), 0})));
      origin_[i] = value;
      const double seen = laser_coder_.real(i, point);
      if (!origin_seen_) drift_[i] += (seen - position) * 0.5;
      position = seen;
    }
    sizes_[point] = static_cast<uint8_t>(most);
    origin_seen_ = true;
  }

  Coder& coder_;
  const Firing& firing_;
  const Points& points_;
  Neighbours& neighbours_;
  std::span<uint8_t> sizes_;
  std::vector<Laser> lasers_;
  LaserCoder<Coder> laser_coder_;
  std::array<double, 3> drift_{};    // of the position from the knots
  std::array<int64_t, 3> origin_{};  // the last point without return
  bool origin_seen_ = false;         // in this round
};

}  // namespace pith::cloud

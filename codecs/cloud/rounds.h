// Clouds of a spinning sensor in the order of its firing that hold only what returned (Argoverse).
//
// The lasers fire one after another, round by round, but which of them returned is not to be seen
// from a point's number. So the lasers are kept in a list, in the order of firing, which both sides
// build up: for each laser of the list in turn it is coded whether it returned, until one did; one
// that is not in the list yet joins it there. Points are coded as lasers.h says. Several sensors
// may follow one another in a cloud, each at its position.
#pragma once

#include <span>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "codecs/cloud/lasers.h"

namespace pith::cloud {

struct Rounds {
  double unit = 0;  // of ranges; 0: they have none
  // Where the sensor is at every kPointsOfKnot-th point, in kKnotUnits; between them it goes in a
  // line.
  std::vector<std::array<int32_t, 3>> knots;
};
inline constexpr size_t kPointsOfKnot = 4096;
inline constexpr double kKnotUnits = 1.0 / 1024;

void write_rounds(const Rounds& rounds, ByteWriter& out);
// For a cloud of so many points.
Result<Rounds> read_rounds(ByteReader& in, size_t count);

// Finds the positions of the sensor; the unit is left for the caller to try. `thorough`: takes more
// time to find them better.
Rounds find_rounds(const Points& points, bool thorough);
// The unit of ranges, as far as the positions are right; 0: none is to be seen.
double rounds_unit(const Rounds& rounds, const Points& points);

inline constexpr size_t kMaxListed = 128;
inline constexpr std::array<uint16_t, 7> kRoundsSlots = {64,
                                                         kLaserSlots[0],
                                                         kLaserSlots[1],
                                                         kLaserSlots[2],
                                                         kLaserSlots[3],
                                                         kLaserSlots[4],
                                                         kLaserSlots[5]};

template <class Coder>
class RoundsWalk {
 public:
  RoundsWalk(Coder& coder, const Rounds& rounds, const Points& points, Neighbours& neighbours,
             std::span<uint8_t> sizes)
      : coder_(coder),
        rounds_(rounds),
        points_(points),
        neighbours_(neighbours),
        sizes_(sizes),
        laser_coder_(coder, kRoundsSlots[0], rounds.unit, points, sizes) {
    lasers_.reserve(kMaxListed);
  }

  // Points `begin` to `end`.
  void run(size_t begin, size_t end) {
    for (size_t point = begin; point < end; ++point) {
      if (point == begin || point % 16 == 0) find_position(point);
      const size_t laser = find_laser(point);
      const auto before = static_cast<uint32_t>(point == 0 ? 0 : point - 1);
      Laser& its = lasers_[laser];
      neighbours_.left[point] = its.known ? its.point : before;
      neighbours_.up[point] = before;
      laser_coder_.measure(its, beside_, point);
      its.point = static_cast<uint32_t>(point);
      its.returned_before = its.returned;
      its.returned = true;
      its.history = static_cast<uint8_t>(its.history << 1 | 1);
      beside_.history = its.history;
      its.absent = 0;
      beside_.range = its.range;
      beside_.size = its.size;
      beside_.returned = true;
      at_ = laser + 1;
    }
  }

  // Lasers that joined the list, of which a sweep has few.
  size_t joined() const { return joined_; }

 private:
  void find_position(size_t point) {
    const size_t knot = point / kPointsOfKnot;
    const auto& a = rounds_.knots[std::min(knot, rounds_.knots.size() - 1)];
    const auto& b = rounds_.knots[std::min(knot + 1, rounds_.knots.size() - 1)];
    const double part =
        static_cast<double>(point % kPointsOfKnot) / static_cast<double>(kPointsOfKnot);
    for (size_t i = 0; i < 3; ++i) {
      const double from = a[i];
      laser_coder_.position()[i] = (from + (b[i] - from) * part) * kKnotUnits;
    }
  }

  // What is coded of the laser at `at_`.
  enum Symbol : uint32_t { kAbsent, kReturned, kNew };
  static constexpr uint32_t kMostAbsent = 200;
  // How far a laser may look from where it is expected.
  static constexpr double kSameSlope = 0.003;
  static constexpr double kSameTurn = 0.012;

  size_t find_laser(size_t point) {
    size_t wanted = Coder::kDecodes ? 0 : lasers_before(point);
    for (size_t passed = 0;; ++passed) {
      if (at_ >= lasers_.size()) {
        wrap();
        if constexpr (!Coder::kDecodes) wanted = lasers_before(point);
      }
      if (passed >= lasers_.size()) return join();
      Laser& laser = lasers_[at_];
      const uint32_t symbol = coder_.symbol(context(laser),
                                            wanted == 0         ? kReturned
                                            : wanted == kNobody ? kNew
                                                                : kAbsent,
                                            hints_of<Coder>([&] {
                                              return Hints{0, laser.history, beside_.history, 2};
                                            }));
      if (symbol == kReturned) return at_;
      if (symbol == kNew) return join();
      --wanted;
      if (laser.absent < kMostAbsent) ++laser.absent;
      laser.returned_before = laser.returned;
      laser.returned = false;
      laser.history = static_cast<uint8_t>(laser.history << 1);
      beside_.returned = false;
      beside_.history = laser.history;
      ++at_;
    }
  }

  uint32_t context(const Laser& laser) const {
    const uint32_t absent = std::min<uint32_t>(7, size_of(laser.absent));
    return absent * 8 + (laser.returned_before ? 4 : 0) + (beside_.returned ? 2 : 0) +
           (laser.size > 9 ? 1 : 0);
  }

  // A laser joins the list; where that is full it takes the place of another.
  size_t join() {
    ++joined_;
    if (lasers_.size() == kMaxListed) {
      lasers_[at_] = Laser{};
      return at_;
    }
    lasers_.insert(lasers_.begin() + static_cast<std::ptrdiff_t>(at_), Laser{});
    return at_;
  }

  // A round is over. Lasers that have not returned for long leave the list.
  void wrap() {
    at_ = 0;
    std::erase_if(lasers_, [](const Laser& laser) { return laser.absent >= kMostAbsent; });
    laser_coder_.begin_round();
  }

  // How many lasers to pass to that which looks to the point; kNobody if there is none.
  static constexpr size_t kNobody = SIZE_MAX;
  size_t lasers_before(size_t point) const {
    const auto& position = laser_coder_.position();
    const double x = laser_coder_.real(0, point) - position[0];
    const double y = laser_coder_.real(1, point) - position[1];
    const double z = laser_coder_.real(2, point) - position[2];
    const double square = x * x + y * y;
    const double flat = std::sqrt(square);
    const double most = kSameSlope * flat;
    size_t at = at_;
    for (size_t passed = 0; passed < lasers_.size(); ++passed, ++at) {
      if (at >= lasers_.size()) at = 0;
      const Laser& laser = lasers_[at];
      const double by = z - laser.slope * flat;
      if (by > most || by < -most) continue;
      const Turn look = laser_coder_.towards().then(laser.offset);
      const double cross = look.c * y - look.s * x;
      const double dot = look.c * x + look.s * y;
      if (dot > 0 && std::abs(cross) < kSameTurn * flat) return passed;
    }
    return kNobody;
  }

  Coder& coder_;
  const Rounds& rounds_;
  const Points& points_;
  Neighbours& neighbours_;
  std::span<uint8_t> sizes_;
  LaserCoder<Coder> laser_coder_;
  std::vector<Laser> lasers_;
  Laser beside_;
  size_t at_ = 0;
  size_t joined_ = 0;
};

}  // namespace pith::cloud

#include "codecs/cloud/rounds.h"

#include "base/varint.h"
#include "codecs/cloud/records.h"

namespace pith::cloud {
namespace {

constexpr double kLeastUnit = 1e-6;
constexpr double kMostUnit = 1;
constexpr size_t kLeastPoints = 1024;

// For the place of a knot: pieces of the points around it that are looked at, and when the steps
// are small enough.
struct Effort {
  size_t pieces;
  double last_step;
};

using Place = std::array<double, 3>;

size_t knots_for(size_t count) { return (count + kPointsOfKnot - 1) / kPointsOfKnot + 1; }

// Finds where the sensor is: seen from there, a laser looks in nearly the same direction in two
// rounds, however far away what it hits. So most points have one shortly before them that lies in
// nearly their direction.
class PlaceFinder {
 public:
  explicit PlaceFinder(const Points& points) : points_(points), seen_(kReach + kTold) {}

  // Looks at so many pieces of the points `begin` to `end`, which are kReach + kTold at least.
  void take(size_t begin, size_t end, size_t pieces) {
    sample_.clear();
    for (size_t p = 0; p < pieces; ++p) {
      const size_t at = begin + (end - begin - seen_.size()) / pieces * p;
      for (size_t i = at; i < at + seen_.size(); ++i) {
        sample_.push_back({points_.axes[0].real(points_.values[0][i]),
                           points_.axes[1].real(points_.values[1][i]),
                           points_.axes[2].real(points_.values[2][i])});
      }
    }
  }

  // Goes to a better place in steps from `first` to `last`.
  void climb(double first, double last, Place& best) {
    uint32_t most = partners(best);
    for (double step = first; step > last; step /= 2) {
      for (bool better = true; better;) {
        better = false;
        for (size_t axis = 3; axis-- > 0;) {
          for (const double by : {-step, step}) {
            Place place = best;
            place[axis] += by;
            const uint32_t its = partners(place);
            if (its <= most) continue;
            most = its;
            best = place;
            better = true;
          }
        }
      }
    }
  }

  // How many of the points have a partner, seen from there, in thousandths.
  uint32_t quality(const Place& place) {
    return static_cast<uint32_t>(uint64_t{partners(place)} * 1000 /
                                 (sample_.size() / seen_.size() * kTold));
  }

 private:
  static constexpr size_t kReach = 96;  // points of a round, at most
  static constexpr size_t kTold = 48;   // points of a piece for which partners are counted
  static constexpr double kSameSlope = 0.001;
  static constexpr double kMostTurn = 0.012;

  struct Seen {
    double ux;
    double uy;
    double slope;
  };

  uint32_t partners(const Place& place) {
    uint32_t count = 0;
    for (size_t begin = 0; begin < sample_.size(); begin += seen_.size()) {
      for (size_t i = 0; i < seen_.size(); ++i) {
        const Place& point = sample_[begin + i];
        const double x = point[0] - place[0];
        const double y = point[1] - place[1];
        const double square = x * x + y * y;
        const double scale = square > 0.01 ? 1 / std::sqrt(square) : 0;
        seen_[i] = {x * scale, y * scale, (point[2] - place[2]) * scale};
      }
      for (size_t i = kReach; i < seen_.size(); ++i) count += has_partner(i) ? 1 : 0;
    }
    return count;
  }

  bool has_partner(size_t i) const {
    const Seen& a = seen_[i];
    // The latest round first: that is where most partners are.
    for (size_t back = 5; back <= kReach; ++back) {
      const Seen& b = seen_[i - back];
      if (std::abs(a.slope - b.slope) > kSameSlope) continue;
      const double cross = b.ux * a.uy - b.uy * a.ux;
      const double dot = b.ux * a.ux + b.uy * a.uy;
      if (dot > 0.5 && std::abs(cross) < kMostTurn) return true;
    }
    return false;
  }

  const Points& points_;
  std::vector<Place> sample_;  // pieces of kReach + kTold points
  std::vector<Seen> seen_;
};

}  // namespace

Rounds find_rounds(const Points& points, bool thorough) {
  constexpr double kFirstStep = 0.4;
  const Effort effort = thorough ? Effort{12, 0.01} : Effort{5, 0.03};
  Rounds rounds;
  if (points.count < kLeastPoints) return rounds;
  PlaceFinder finder(points);
  finder.take(0, points.count, 12);
  Place place{};
  finder.climb(1.6, 0.01, place);
  const uint32_t quality = finder.quality(place);
  if (quality < 600) return rounds;
  // Coordinates that nobody moved begin at the sensor.
  const bool moved = finder.quality({}) + quality / 50 < quality;
  if (!moved) place = {};
  const Place middle = place;
  for (size_t k = 0; k < knots_for(points.count); ++k) {
    if (moved) {
      const size_t at = std::min(points.count, k * kPointsOfKnot);
      const size_t begin = std::min(points.count - std::min(points.count, kPointsOfKnot),
                                    at - std::min(at, kPointsOfKnot / 2));
      finder.take(begin, std::min(points.count, begin + kPointsOfKnot), effort.pieces);
      if (finder.quality(middle) > finder.quality(place)) place = middle;
      finder.climb(kFirstStep, effort.last_step, place);
    }
    std::array<int32_t, 3> knot{};
    for (size_t i = 0; i < 3; ++i) {
      const double units = place[i] / kKnotUnits;
      if (!(units > -1e6 && units < 1e6)) return {};
      knot[i] = static_cast<int32_t>(units + (units < 0 ? -0.5 : 0.5));
    }
    rounds.knots.push_back(knot);
  }
  return rounds;
}

double rounds_unit(const Rounds& rounds, const Points& points) {
  std::vector<double> ranges;
  const size_t stride = std::max<size_t>(1, points.count / 2048);
  for (size_t i = 0; i < points.count; i += stride) {
    double square = 0;
    for (size_t k = 0; k < 3; ++k) {
      const double by = points.axes[k].real(points.values[k][i]) -
                        rounds.knots[i / kPointsOfKnot][k] * kKnotUnits;
      square += by * by;
    }
    ranges.push_back(std::sqrt(square));
  }
  return find_unit(ranges);
}

void write_rounds(const Rounds& rounds, ByteWriter& out) {
  out.u64(std::bit_cast<uint64_t>(rounds.unit));
  for (size_t k = 0; k < 3; ++k) {
    int64_t before = 0;
    for (const auto& knot : rounds.knots) {
      write_varint(out, fold(knot[k] - before));
      before = knot[k];
    }
  }
}

Result<Rounds> read_rounds(ByteReader& in, size_t count) {
  Rounds rounds;
  rounds.unit = std::bit_cast<double>(in.u64());
  const bool has_unit = rounds.unit >= kLeastUnit && rounds.unit <= kMostUnit;
  const size_t knots = knots_for(count);
  if (!in.ok() || (!has_unit && rounds.unit != 0) || knots > in.remaining() / 3) {
    return damaged("its rounds");
  }
  rounds.knots.resize(knots);
  for (size_t k = 0; k < 3; ++k) {
    int64_t before = 0;
    for (auto& knot : rounds.knots) {
      const int64_t by = std::clamp<int64_t>(unfold(read_varint(in)), INT32_MIN, INT32_MAX);
      before = std::clamp<int64_t>(before + by, INT32_MIN, INT32_MAX);
      knot[k] = static_cast<int32_t>(before);
    }
  }
  if (!in.ok()) return damaged("its rounds");
  return rounds;
}

}  // namespace pith::cloud

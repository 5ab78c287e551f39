#include "codecs/cloud/rounds.h"

#include "codecs/cloud/records.h"
#include "codecs/cloud/varint.h"

namespace pith::cloud {
namespace {

constexpr double kLeastUnit = 1e-6;
constexpr double kMostUnit = 1;
constexpr size_t kLeastPoints = 1024;

using Place = std::array<double, 3>;

size_t knots_for(size_t count) { return (count + kPointsOfKnot - 1) / kPointsOfKnot + 1; }

// Finds where the sensor is: seen from there, a laser looks in nearly the same direction in two
// rounds, however far away what it hits. So most points have one shortly before them that lies in
// nearly their direction.
class PlaceFinder {
 public:
  explicit PlaceFinder(const Points& points) : points_(points) {
    const size_t pieces = 12;
    for (size_t p = 0; p < pieces; ++p) {
      const size_t at = (points.count - kReach - kTold) / pieces * p;
      for (size_t i = at; i < at + kReach + kTold; ++i) {
        sample_.push_back({points.axes[0].real(points.values[0][i]),
                           points.axes[1].real(points.values[1][i]),
                           points.axes[2].real(points.values[2][i])});
      }
    }
    seen_.resize(kReach + kTold);
  }

  // The best place, and how many of 1000 points have a partner there.
  Place find(uint32_t& per_mille) {
    Place best{};
    const uint32_t at_zero = partners(best);
    uint32_t most = at_zero;
    for (double step = 1.6; step > 0.01; step /= 2) {
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
    // Coordinates that nobody moved begin at the sensor.
    if (at_zero + most / 50 >= most) best = {};
    per_mille =
        static_cast<uint32_t>(uint64_t{most} * 1000 / (sample_.size() / seen_.size() * kTold));
    return best;
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
    for (size_t k = i - kReach; k + 4 < i; ++k) {
      const Seen& b = seen_[k];
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

Rounds find_rounds(const Points& points) {
  Rounds rounds;
  if (points.count < kLeastPoints) return rounds;
  uint32_t per_mille = 0;
  const Place place = PlaceFinder(points).find(per_mille);
  if (per_mille < 600) return rounds;
  std::array<int32_t, 3> knot{};
  for (size_t i = 0; i < 3; ++i) {
    const double units = place[i] / kKnotUnits;
    if (!(units > -1e6 && units < 1e6)) return {};
    knot[i] = static_cast<int32_t>(units + (units < 0 ? -0.5 : 0.5));
  }
  rounds.knots.assign(knots_for(points.count), knot);
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

#include "codecs/cloud/firing.h"

#include "base/varint.h"
#include "codecs/cloud/records.h"

namespace pith::cloud {
namespace {

constexpr double kLeastUnit = 1e-6;
constexpr double kMostUnit = 1;
constexpr size_t kLeastPoints = 512;
// A position farther off is that of something else.
constexpr double kNearPosition = 0.05;

using Place = std::array<double, 3>;

Place place(const Points& points, size_t i) {
  return {points.axes[0].real(points.values[0][i]), points.axes[1].real(points.values[1][i]),
          points.axes[2].real(points.values[2][i])};
}

// The number of points after which the elevations come again; 0: none.
uint32_t find_period(const Points& points) {
  constexpr size_t kSample = 768;
  constexpr double kSame = 0.003;
  const auto slope = [&](size_t i, double& range) {
    const Place p = place(points, i);
    range = std::sqrt(p[0] * p[0] + p[1] * p[1]);
    return range > 0 ? p[2] / range : 0;
  };
  double mean_range = 0;
  double range = 0;
  // A period shows if it comes a few times.
  const size_t longest = std::min<size_t>(kMaxLasers, points.count / 4);
  const size_t stride = std::max<size_t>(1, (points.count - longest) / kSample);
  size_t sampled = 0;
  for (size_t i = longest; i < points.count; i += stride, ++sampled) {
    slope(i, range);
    mean_range += range;
  }
  mean_range /= static_cast<double>(sampled);
  // Points where the sensor is say nothing of the laser.
  const double least_range = mean_range * 0.05;
  std::vector<uint32_t> same(kMaxLasers + 1);
  uint32_t told = 0;
  for (size_t i = longest; i < points.count; i += stride) {
    const double here = slope(i, range);
    if (!(range > least_range)) continue;
    ++told;
    for (size_t period = 1; period <= longest; ++period) {
      const double there = slope(i - period, range);
      if (range > least_range && std::abs(there - here) < kSame) ++same[period];
    }
  }
  const uint32_t best = *std::max_element(same.begin() + 2, same.end());
  if (best * 2 < told || same[1] * 2 > best) return 0;
  for (uint32_t period = 2; period <= kMaxLasers; ++period) {
    if (same[period] * 10 >= best * 9) return period;
  }
  return 0;
}

// Where the sensor is in rounds that hold the same point twice.
struct Known {
  double round;
  Place at;
};

std::vector<Known> find_positions(const Points& points, size_t lasers) {
  std::vector<Known> known;
  std::vector<std::array<int64_t, 3>> seen;
  for (size_t begin = 0; begin + lasers <= points.count; begin += lasers) {
    seen.clear();
    for (size_t i = begin; i < begin + lasers; ++i) {
      seen.push_back({points.values[0][i], points.values[1][i], points.values[2][i]});
    }
    std::sort(seen.begin(), seen.end());
    const auto twice = std::adjacent_find(seen.begin(), seen.end());
    if (twice == seen.end()) continue;
    Known its{.round = static_cast<double>(begin / lasers), .at = {}};
    for (size_t i = 0; i < 3; ++i) its.at[i] = points.axes[i].real((*twice)[i]);
    known.push_back(its);
  }
  return known;
}

// A line through the known positions nearest to a round.
Place position_at(const std::vector<Known>& known, double round) {
  constexpr size_t kNearest = 32;
  const auto after = std::lower_bound(known.begin(), known.end(), round,
                                      [](const Known& a, double at) { return a.round < at; });
  const auto middle = static_cast<size_t>(after - known.begin());
  const size_t begin = middle > kNearest / 2 ? middle - kNearest / 2 : 0;
  const size_t end = std::min(known.size(), begin + kNearest);
  double n = 0;
  double sx = 0;
  double sxx = 0;
  Place sy{};
  Place sxy{};
  for (size_t i = begin; i < end; ++i) {
    const double x = known[i].round - round;
    n += 1;
    sx += x;
    sxx += x * x;
    for (size_t k = 0; k < 3; ++k) {
      sy[k] += known[i].at[k];
      sxy[k] += x * known[i].at[k];
    }
  }
  Place at{};
  const double d = n * sxx - sx * sx;
  for (size_t k = 0; k < 3; ++k) {
    at[k] = d > 1e-6 ? (sxx * sy[k] - sx * sxy[k]) / d : sy[k] / n;
  }
  return at;
}

bool is_near(const Place& a, const Place& b) {
  double square = 0;
  for (size_t k = 0; k < 3; ++k) square += (a[k] - b[k]) * (a[k] - b[k]);
  return square < kNearPosition * kNearPosition;
}

}  // namespace

Firing find_firing(const Points& points) {
  Firing firing;
  if (points.count < kLeastPoints) return firing;
  firing.lasers = find_period(points);
  if (firing.lasers == 0) return firing;
  const auto known = find_positions(points, firing.lasers);
  const size_t rounds = points.count / firing.lasers;
  if (known.size() * 50 < rounds) return firing;
  size_t fitting = 0;
  for (const Known& its : known) fitting += is_near(position_at(known, its.round), its.at) ? 1 : 0;
  if (fitting * 10 < known.size() * 8) return firing;
  for (size_t round = 0; round < rounds + kRoundsOfKnot; round += kRoundsOfKnot) {
    const Place at = position_at(known, static_cast<double>(round));
    std::array<int32_t, 3> knot{};
    for (size_t k = 0; k < 3; ++k) {
      const double units = at[k] / kPositionUnits;
      if (!(units > -1e9 && units < 1e9)) return firing;
      knot[k] = static_cast<int32_t>(units + (units < 0 ? -0.5 : 0.5));
    }
    firing.knots.push_back(knot);
  }
  return firing;
}

double firing_unit(const Firing& firing, const Points& points) {
  std::vector<double> ranges;
  const size_t stride = std::max<size_t>(1, points.count / 2048);
  for (size_t i = 0; i < points.count; i += stride) {
    const size_t round = i / firing.lasers;
    const Place p = place(points, i);
    double square = 0;
    for (size_t k = 0; k < 3; ++k) {
      const double at = firing.knots.empty() ? 0 : firing.knots[round / kRoundsOfKnot][k];
      const double next = firing.knots.empty() ? 0 : firing.knots[round / kRoundsOfKnot + 1][k];
      const double part =
          static_cast<double>(round % kRoundsOfKnot) / static_cast<double>(kRoundsOfKnot);
      const double by = p[k] - (at + (next - at) * part) * kPositionUnits;
      square += by * by;
    }
    ranges.push_back(std::sqrt(square));
  }
  return find_unit(ranges);
}

void write_firing(const Firing& firing, ByteWriter& out) {
  out.u8(static_cast<uint8_t>(firing.lasers - 1));
  out.u64(std::bit_cast<uint64_t>(firing.unit));
  write_varint(out, firing.knots.size());
  // Differences of differences: a car hardly changes its speed within a turn.
  for (size_t k = 0; k < 3; ++k) {
    int64_t before = 0;
    int64_t by = 0;
    for (const auto& knot : firing.knots) {
      write_varint(out, fold(knot[k] - before - by));
      by = knot[k] - before;
      before = knot[k];
    }
  }
}

Result<Firing> read_firing(ByteReader& in) {
  Firing firing;
  firing.lasers = uint32_t{in.u8()} + 1;
  firing.unit = std::bit_cast<double>(in.u64());
  const uint64_t knots = read_varint(in);
  const bool has_unit = firing.unit >= kLeastUnit && firing.unit <= kMostUnit;
  if (!in.ok() || (!has_unit && firing.unit != 0) || knots > in.remaining() / 3) {
    return damaged("a firing");
  }
  firing.knots.resize(static_cast<size_t>(knots));
  for (size_t k = 0; k < 3; ++k) {
    int64_t before = 0;
    int64_t by = 0;
    for (auto& knot : firing.knots) {
      const int64_t second = std::clamp<int64_t>(unfold(read_varint(in)), INT32_MIN, INT32_MAX);
      const int64_t value = std::clamp<int64_t>(before + by + second, INT32_MIN, INT32_MAX);
      by = value - before;
      before = value;
      knot[k] = static_cast<int32_t>(value);
    }
  }
  if (!in.ok()) return damaged("a firing");
  return firing;
}

}  // namespace pith::cloud

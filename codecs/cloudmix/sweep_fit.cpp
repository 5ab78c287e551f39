// Finds the lasers of a column, the scanner's path and the lattice in the points of a frame. Only
// the encoder does.
#include <algorithm>
#include <cmath>

#include "codecs/cloud/trig.h"
#include "codecs/cloudmix/sweep.h"

namespace pith::cloudmix {
namespace {

constexpr size_t kMinColumns = 64;
constexpr double kMostAway = 2;  // metres that the scanner may be from the origin of its frame

struct Sighting {
  size_t column;
  Vector at;
};

double square(const Vector& a) { return dot(a, a); }

// The number of lasers for which the height above ground per distance repeats best.
uint32_t find_lasers(std::span<const Vector> points) {
  double best = 0.02;
  uint32_t lasers = 0;
  for (const uint32_t tried : {16U, 32U, 40U, 64U, 80U, 128U}) {
    if (points.size() < tried * kMinColumns) continue;
    std::vector<double> apart;
    const size_t stride = std::max<size_t>(1, points.size() / 4096);
    for (size_t i = tried; i < points.size(); i += stride) {
      const Vector& a = points[i];
      const Vector& b = points[i - tried];
      const double ra = std::sqrt(a[0] * a[0] + a[1] * a[1]);
      const double rb = std::sqrt(b[0] * b[0] + b[1] * b[1]);
      if (ra < 3 || rb < 3) continue;
      apart.push_back(std::abs(a[2] / ra - b[2] / rb));
    }
    if (apart.size() < 256) continue;
    const auto middle = apart.begin() + static_cast<std::ptrdiff_t>(apart.size() / 2);
    std::nth_element(apart.begin(), middle, apart.end());
    if (*middle < best * 0.6) {
      best = *middle;
      lasers = tried;
    }
  }
  return lasers;
}

// Where the scanner was: two points of a column at the same place are two without an echo.
std::vector<Sighting> find_sightings(std::span<const Vector> points, uint32_t lasers) {
  std::vector<Sighting> found;
  for (size_t j = 0; (j + 1) * lasers <= points.size(); ++j) {
    const auto column = points.subspan(j * lasers, lasers);
    for (size_t i = 1; i < column.size(); ++i) {
      if (square(column[i]) > kMostAway * kMostAway) continue;
      if (column[i] == column[i - 1] || (i > 1 && column[i] == column[i - 2])) {
        found.push_back({j, column[i]});
        break;
      }
    }
  }
  return found;
}

double coherence(std::span<const Vector> points, const SweepPlan& plan,
                 std::span<const Vector> path, double step) {
  double c = 0;
  double s = 0;
  double n = 0;
  for (size_t i = 0; i < points.size(); i += 3) {
    const Vector& o = path[i / plan.lasers];
    const Vector q = {points[i][0] - o[0], points[i][1] - o[1], points[i][2] - o[2]};
    const double r = std::sqrt(square(q));
    if (r < 0.5) continue;
    const auto [dc, ds] = cloud::unit_vector(r / step);
    c += dc;
    s += ds;
    n += 1;
  }
  return n == 0 ? 0 : std::sqrt(c * c + s * s) / n;
}

}  // namespace

std::optional<SweepPlan> find_sweep(std::span<const Vector> points) {
  SweepPlan plan;
  plan.lasers = find_lasers(points);
  if (plan.lasers == 0) return std::nullopt;
  const auto sightings = find_sightings(points, plan.lasers);
  const size_t columns = (points.size() + plan.lasers - 1) / plan.lasers;
  std::vector<Vector> path(columns + 1, Vector{});
  if (sightings.size() >= 2) {
    size_t next = 0;
    for (size_t j = 0; j < path.size(); ++j) {
      while (next + 2 < sightings.size() && sightings[next + 1].column < j) ++next;
      const Sighting& a = sightings[next];
      const Sighting& b = sightings[next + 1];
      const double part = (static_cast<double>(j) - static_cast<double>(a.column)) /
                          static_cast<double>(b.column - a.column);
      for (size_t axis = 0; axis < 3; ++axis) {
        path[j][axis] = a.at[axis] + std::clamp(part, -3.0, 4.0) * (b.at[axis] - a.at[axis]);
      }
    }
  }
  plan.knots.resize(knots_of(points.size(), plan.lasers));
  for (size_t k = 0; k < plan.knots.size(); ++k) {
    const size_t middle = std::min(k * kKnotColumns, path.size() - 1);
    for (size_t axis = 0; axis < 3; ++axis) {
      plan.knots[k][axis] = std::llround(path[middle][axis] / kKnotUnit);
    }
  }
  double best = 0.3;
  for (const double step : {0.005, 0.004, 0.002}) {
    if (coherence(points, plan, path, step) > best) {
      plan.distance_step = step;
      break;
    }
  }
  std::vector<Vector> places;
  std::vector<Vector> others;
  for (const Sighting& sighting : sightings) places.push_back(sighting.at);
  for (const Vector& point : points) {
    if (square(point) > 1.5) others.push_back(point);
  }
  if (auto lattice = find_lattice(places, others)) plan.lattice = *lattice;
  return plan;
}

}  // namespace pith::cloudmix

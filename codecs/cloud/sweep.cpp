#include "codecs/cloud/sweep.h"

#include "base/varint.h"
#include "codecs/cloud/records.h"

namespace pith::cloud {
namespace {

constexpr double kLeastStep = 1e-5;
constexpr double kMostStep = 0.5;
constexpr size_t kMaxRings = 65536;

using Polar = SweepFinder::Polar;

// A number that grows from 0 to 4 once around the circle, and the direction of such a number.
double circle_place(const Polar& polar) {
  const double size = std::abs(polar.x) + std::abs(polar.y);
  if (!(size > 0)) return 0;
  const double y = polar.y / size;
  if (polar.y >= 0) return polar.x >= 0 ? y : 2 - y;
  return polar.x < 0 ? 2 - y : 4 + y;
}

Polar circle_direction(double place) {
  const double x = place < 2 ? 1 - place : place - 3;
  const double y = place < 1 ? place : place < 3 ? 2 - place : place - 4;
  return {.x = x, .y = y, .range = 0, .turn = 0};
}

// z of the place where the rays begin: two points of a laser at different ranges tell it.
double find_height(const std::vector<Polar>& polars, const Points& points) {
  constexpr size_t kMost = 1024;
  std::vector<double> heights;
  const size_t stride = polars.size() / 32768 + 1;
  for (size_t i = 1; i < polars.size() && heights.size() < kMost; i += stride) {
    const double a = polars[i - 1].range;
    const double b = polars[i].range;
    if (!(a > 1 && b > 1) || std::abs(a - b) < 0.2 * a || std::abs(polars[i].turn) > 0.02) continue;
    const double z = points.axes[2].real(points.values[2][i - 1]);
    heights.push_back(z - a * (points.axes[2].real(points.values[2][i]) - z) / (b - a));
  }
  if (heights.size() < 16) return 0;
  const auto middle = heights.begin() + static_cast<std::ptrdiff_t>(heights.size() / 2);
  std::nth_element(heights.begin(), middle, heights.end());
  return *middle;
}

// Directions in which rings may begin: that of the first point, and where the elevation changes by
// the same amount again and again. (A block that begins within a ring does not begin there.)
std::vector<Polar> find_beginnings(const std::vector<Polar>& polars, const Points& points) {
  constexpr size_t kBins = 2048;
  constexpr size_t kWide = 16;  // of these bins make one in which a change is to be seen
  constexpr size_t kPairs = 1 << 15;
  constexpr double kMostChange = 0.02;
  constexpr int kPeaks = 3;
  constexpr double kSameDirection = 0.02;
  const double height = find_height(polars, points);
  std::vector<double> changes(kBins);
  const size_t stride = polars.size() / kPairs + 1;
  for (size_t i = 1; i < polars.size(); i += stride) {
    const Polar& a = polars[i - 1];
    const Polar& b = polars[i];
    if (!(a.range > 0 && b.range > 0)) continue;
    const double by = (points.axes[2].real(points.values[2][i]) - height) / b.range -
                      (points.axes[2].real(points.values[2][i - 1]) - height) / a.range;
    const auto bin = static_cast<size_t>(circle_place(b) * (kBins / 4.0));
    changes[std::min(bin, kBins - 1)] += std::clamp(by, -kMostChange, kMostChange);
  }
  // Windows overlap, so that one of them holds all of a change.
  std::array<double, 2 * kBins / kWide> sums{};
  for (size_t w = 0; w < sums.size(); ++w) {
    for (size_t i = 0; i < kWide; ++i) sums[w] += changes[(w * kWide / 2 + i) % kBins];
    sums[w] = std::abs(sums[w]);
  }
  std::vector<Polar> found = {polars.front()};
  for (int peak = 0; peak < kPeaks; ++peak) {
    const auto best =
        static_cast<size_t>(std::max_element(sums.begin(), sums.end()) - sums.begin());
    if (sums[best] == 0) break;
    size_t narrow = best * kWide / 2;
    for (size_t i = best * kWide / 2; i < best * kWide / 2 + kWide; ++i) {
      if (std::abs(changes[i % kBins]) > std::abs(changes[narrow])) narrow = i % kBins;
    }
    const Polar direction = circle_direction(static_cast<double>(narrow) / (kBins / 4.0));
    const double by = angle_between(found[0].x, found[0].y, direction.x, direction.y);
    if (std::abs(by) > kSameDirection) found.push_back(direction);
    for (const size_t w : {best + sums.size() - 1, best, best + 1}) sums[w % sums.size()] = 0;
  }
  return found;
}

// Counts of points between places where the sensor passes the direction in which rings begin, or
// jumps back.
std::vector<uint32_t> find_rings(const std::vector<Polar>& polars, const Polar& first) {
  int64_t sense = 0;
  for (const Polar& polar : polars) {
    if (polar.turn > 0 && polar.turn < 0.3) ++sense;
    if (polar.turn < 0 && polar.turn > -0.3) --sense;
  }
  const double sign = sense < 0 ? -1 : 1;
  // Nearly all points of a sweep follow one another in one sense.
  if (std::abs(sense) * 10 < static_cast<int64_t>(polars.size()) * 6) return {};
  std::vector<uint32_t> counts;
  size_t begin = 0;
  bool was_away = false;  // on the far side since the ring began
  double before = 0;
  for (size_t i = 0; i < polars.size(); ++i) {
    const double by = polars[i].turn * sign;
    const double cross = (first.x * polars[i].y - first.y * polars[i].x) * sign;
    const double dot = first.x * polars[i].x + first.y * polars[i].y;
    if (dot < 0 || (i == 0 && cross < -0.1 * dot)) was_away = true;
    const bool passed = dot > 0 && was_away && before < 0 && cross >= 0;
    if (i > 0 && (passed || by < -0.4)) {
      counts.push_back(static_cast<uint32_t>(i - begin));
      begin = i;
      was_away = false;
      if (counts.size() > kMaxRings) return {};
    }
    before = cross;
  }
  counts.push_back(static_cast<uint32_t>(polars.size() - begin));
  return polars.size() / counts.size() < 24 ? std::vector<uint32_t>{} : counts;
}

// The most frequent angle between neighbours.
double find_step(const std::vector<Polar>& points) {
  constexpr double kBins = 16384;  // in a radian
  std::vector<uint32_t> bins(4096);
  int64_t sense = 0;
  const auto in_bins = [&](size_t i, double& by) {
    by = points[i].turn;
    return std::abs(by) * kBins < static_cast<double>(bins.size() - 1);
  };
  double by = 0;
  for (size_t i = 1; i < points.size(); ++i) {
    if (!in_bins(i, by)) continue;
    ++bins[static_cast<size_t>(std::abs(by) * kBins + 0.5)];
    sense += by > 0 ? 1 : -1;
  }
  size_t best = 1;
  uint32_t most = 0;
  for (size_t b = 1; b + 1 < bins.size(); ++b) {
    const uint32_t here = bins[b - 1] + bins[b] + bins[b + 1];
    if (here > most) {
      most = here;
      best = b;
    }
  }
  const double mode = static_cast<double>(best) / kBins;
  double total = 0;
  double count = 0;
  for (size_t i = 1; i < points.size(); ++i) {
    if (!in_bins(i, by) || std::abs(std::abs(by) - mode) > mode * 0.1) continue;
    total += std::abs(by);
    count += 1;
  }
  const double mean = count > 0 ? total / count : mode;
  return sense < 0 ? -mean : mean;
}

// How far beside the axis a laser sits: then the angles between neighbours of different range are
// multiples of the step.
int32_t find_side(const std::vector<Polar>& points, size_t begin, size_t end, double step) {
  constexpr size_t kPairs = 40;
  constexpr int kReach = 512;  // in kLengthUnits
  constexpr int kCoarse = 24;
  struct Pair {
    double steps;
    double by_side;
  };
  std::vector<Pair> pairs;
  const size_t stride = std::max<size_t>(1, (end - begin) / 512);
  for (size_t i = begin + 1; i < end && pairs.size() < kPairs; i += stride) {
    if (!(points[i].range > 0.1 && points[i - 1].range > 0.1)) continue;
    const double by_side = (1 / points[i].range - 1 / points[i - 1].range) * kLengthUnits / step;
    if (std::abs(by_side) < 0.0005 || std::abs(by_side) > 0.01) continue;
    const double by = points[i].turn;
    if (std::abs(by) < 0.4) pairs.push_back({by / step, by_side});
  }
  if (pairs.size() < 8) return 0;
  const auto cost = [&](int side) {
    double sum = 0;
    for (const Pair& pair : pairs) {
      const double steps = pair.steps + side * pair.by_side;
      const double rest = std::abs(
          steps - static_cast<double>(static_cast<int64_t>(steps + (steps < 0 ? -0.5 : 0.5))));
      sum += std::min(rest, 0.2);
    }
    return sum;
  };
  int best = 0;
  double least = cost(0) * 0.9;
  const auto try_side = [&](int side) {
    const double its = cost(side);
    if (its >= least) return;
    least = its;
    best = side;
  };
  for (int side = -kReach; side <= kReach; side += kCoarse) try_side(side);
  const int middle = best;
  for (int side = middle - kCoarse; side <= middle + kCoarse; side += 4) try_side(side);
  return best;
}

// z by range: a line through most points. How far the points are from it, in the mean.
double find_line(const std::vector<Polar>& polars, const Points& points, size_t begin, size_t end,
                 size_t sample, Ring& ring) {
  constexpr double kFar = 0.1;
  const double side = ring.side * kLengthUnits;
  double height = 0;
  double slope = 0;
  double off = kFar;
  const size_t stride = std::max<size_t>(1, (end - begin) / sample);
  for (const double bound : {0.0, kFar, 0.02}) {
    double n = 0;
    double sx = 0;
    double sz = 0;
    double sxx = 0;
    double sxz = 0;
    double sum_off = 0;
    double told = 0;
    for (size_t i = begin; i < end; i += stride) {
      const double square = polars[i].range * polars[i].range - side * side;
      const double x = square > 0 ? std::sqrt(square) : 0;
      const double z = points.axes[2].real(points.values[2][i]);
      if (!(x > 0.1)) continue;
      const double its_off = std::abs(z - height - slope * x);
      told += 1;
      sum_off += std::min(its_off, kFar);
      if (bound > 0 && its_off > bound) continue;
      n += 1;
      sx += x;
      sz += z;
      sxx += x * x;
      sxz += x * z;
    }
    if (told > 0) off = sum_off / told;
    const double d = n * sxx - sx * sx;
    if (n < 8 || !(d > 1e-6)) break;
    slope = (n * sxz - sx * sz) / d;
    height = (sz - slope * sx) / n;
  }
  const auto rounded = [](double units) {
    return units > -1e8 && units < 1e8 ? static_cast<int32_t>(units + (units < 0 ? -0.5 : 0.5)) : 0;
  };
  ring.height = rounded(height / kLengthUnits);
  ring.slope = rounded(slope / kSlopeUnits);
  return off;
}

// How well rings are those of single lasers: the mean distance from their lines, for some of them.
double misfit(const std::vector<Polar>& polars, const Points& points,
              const std::vector<uint32_t>& counts) {
  constexpr size_t kRings = 12;
  double sum = 0;
  size_t told = 0;
  size_t begin = 0;
  const size_t stride = std::max<size_t>(1, counts.size() / kRings);
  for (size_t r = 0; r < counts.size(); ++r) {
    if (r % stride == stride / 2) {
      Ring ring;
      sum += find_line(polars, points, begin, begin + counts[r], 128, ring);
      ++told;
    }
    begin += counts[r];
  }
  return told == 0 ? 1 : sum / static_cast<double>(told);
}

}  // namespace

SweepFinder::SweepFinder(const Points& points) : points_(points) {
  if (points.count < 256) return;
  polars_.reserve(points.count);
  Polar before{.x = 0, .y = 0, .range = 0, .turn = 0};
  for (size_t i = 0; i < points.count; ++i) {
    const double x = points.axes[0].real(points.values[0][i]);
    const double y = points.axes[1].real(points.values[1][i]);
    before = {x, y, std::sqrt(x * x + y * y), i == 0 ? 0 : angle_between(before.x, before.y, x, y)};
    polars_.push_back(before);
  }
  double least = 2;
  for (const Polar& beginning : find_beginnings(polars_, points)) {
    std::vector<uint32_t> counts = find_rings(polars_, beginning);
    if (counts.empty()) return;
    const double its = misfit(polars_, points, counts);
    if (its >= least) continue;
    least = its;
    counts_ = std::move(counts);
  }
  if (counts_.size() < 2) return;
  step_ = find_step(polars_);
  if (std::abs(step_) < 4 * kLeastStep || std::abs(step_) > kMostStep) counts_.clear();
}

bool SweepFinder::has_half_steps() const {
  const double half = std::abs(step_) / 2;
  size_t count = 0;
  for (const Polar& polar : polars_) {
    const double off = std::abs(polar.turn) - half;
    count += off < half * 0.25 && off > half * -0.25 ? 1 : 0;
  }
  return count * 25 > polars_.size();
}

Sweep SweepFinder::fit(int divisor) const {
  Sweep sweep{.step = step_ / divisor, .rings = {}};
  size_t begin = 0;
  for (const uint32_t count : counts_) {
    Ring ring{.count = count};
    ring.side = find_side(polars_, begin, begin + count, sweep.step);
    find_line(polars_, points_, begin, begin + count, 512, ring);
    sweep.rings.push_back(ring);
    begin += count;
  }
  return sweep;
}

void write_sweep(const Sweep& sweep, ByteWriter& out) {
  out.u64(std::bit_cast<uint64_t>(sweep.step));
  write_varint(out, sweep.rings.size());
  // By turns, so that equal fields lie together.
  Ring before;
  for (const Ring& ring : sweep.rings) {
    write_varint(out, ring.count);
    write_varint(out, fold(int64_t{ring.side} - before.side));
    write_varint(out, fold(int64_t{ring.height} - before.height));
    write_varint(out, fold(int64_t{ring.slope} - before.slope));
    before = ring;
  }
}

Result<Sweep> read_sweep(ByteReader& in, size_t count) {
  Sweep sweep;
  sweep.step = std::bit_cast<double>(in.u64());
  const uint64_t rings = read_varint(in);
  const double size = std::abs(sweep.step);
  if (!(size >= kLeastStep && size <= kMostStep) || rings > in.remaining() / 4 ||
      rings > kMaxRings) {
    return damaged("a sweep");
  }
  Ring ring;
  const auto add = [&](int32_t& to) {
    const int64_t value = to + unfold(read_varint(in));
    to = static_cast<int32_t>(std::clamp<int64_t>(value, INT32_MIN, INT32_MAX));
  };
  size_t left = count;
  for (uint64_t i = 0; i < rings; ++i) {
    const uint64_t points = read_varint(in);
    if (points == 0 || points > left) return damaged("a sweep");
    ring.count = static_cast<uint32_t>(points);
    left -= static_cast<size_t>(points);
    add(ring.side);
    add(ring.height);
    add(ring.slope);
    sweep.rings.push_back(ring);
  }
  if (!in.ok() || left > 0) return damaged("a sweep");
  return sweep;
}

}  // namespace pith::cloud

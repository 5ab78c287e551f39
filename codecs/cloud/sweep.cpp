#include "codecs/cloud/sweep.h"

#include "codecs/cloud/records.h"
#include "codecs/cloud/varint.h"

namespace pith::cloud {
namespace {

constexpr double kLeastStep = 1e-5;
constexpr double kMostStep = 0.5;
constexpr size_t kMaxRings = 65536;

using Polar = SweepFinder::Polar;

// Counts of points between places where the sensor passes the direction of the first point, or
// jumps back.
std::vector<uint32_t> find_rings(const std::vector<Polar>& points) {
  int64_t sense = 0;
  for (size_t i = 1; i < points.size(); ++i) {
    const double by = points[i].turn;
    if (by > 0 && by < 0.3) ++sense;
    if (by < 0 && by > -0.3) --sense;
  }
  const double sign = sense < 0 ? -1 : 1;
  // Nearly all points of a sweep follow one another in one sense.
  if (std::abs(sense) * 10 < static_cast<int64_t>(points.size()) * 6) return {};
  std::vector<uint32_t> counts;
  size_t begin = 0;
  bool was_away = false;  // on the far side since the ring began
  const Polar& first = points.front();
  double before = 0;
  for (size_t i = 1; i < points.size(); ++i) {
    const double by = points[i].turn * sign;
    const double cross = (first.x * points[i].y - first.y * points[i].x) * sign;
    const double dot = first.x * points[i].x + first.y * points[i].y;
    if (dot < 0) was_away = true;
    const bool passed = dot > 0 && was_away && before < 0 && cross >= 0;
    if (passed || by < -0.4) {
      counts.push_back(static_cast<uint32_t>(i - begin));
      begin = i;
      was_away = false;
      if (counts.size() > kMaxRings) return {};
    }
    before = cross;
  }
  counts.push_back(static_cast<uint32_t>(points.size() - begin));
  return points.size() / counts.size() < 24 ? std::vector<uint32_t>{} : counts;
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

// z by range: a line through most points.
void find_line(const std::vector<Polar>& polars, const Points& points, size_t begin, size_t end,
               Ring& ring) {
  const double side = ring.side * kLengthUnits;
  double height = 0;
  double slope = 0;
  const size_t stride = std::max<size_t>(1, (end - begin) / 512);
  for (const double bound : {0.0, 0.1, 0.02}) {
    double n = 0;
    double sx = 0;
    double sz = 0;
    double sxx = 0;
    double sxz = 0;
    for (size_t i = begin; i < end; i += stride) {
      const double square = polars[i].range * polars[i].range - side * side;
      const double x = square > 0 ? std::sqrt(square) : 0;
      const double z = points.axes[2].real(points.values[2][i]);
      if (!(x > 0.1) || (bound > 0 && std::abs(z - height - slope * x) > bound)) continue;
      n += 1;
      sx += x;
      sz += z;
      sxx += x * x;
      sxz += x * z;
    }
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
  counts_ = find_rings(polars_);
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
    find_line(polars_, points_, begin, begin + count, ring);
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

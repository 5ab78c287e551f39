// Finds the calibration of a spinning scanner in the points of a frame. Only the encoder does.
//
// A few hundred points of each laser tell where it looks; only the last step, which puts the
// lasers' angles beside one another, looks at all of them.
#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numbers>
#include <numeric>

#include "codecs/cloud/spin.h"
#include "codecs/cloud/trig.h"

namespace pith::cloud {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;  // radians
constexpr size_t kMinLasers = 4;
constexpr size_t kMaxFound = 512;
constexpr size_t kMinPoints = 64;  // of a laser that the search looks at
constexpr size_t kSamples = 160;   // of a laser
constexpr size_t kMoreSamples = 1500;
constexpr size_t kFewSamples = 64;
constexpr int kAsides = 60;  // displacements that are tried, to each side
constexpr double kSureTurns = 0.85;
constexpr double kSureDistances = 0.35;
constexpr int64_t kMostDistance = int64_t{1} << 30;

double part_of(double value) {
  return value - static_cast<double>(static_cast<int64_t>(value + (value < 0 ? -0.5 : 0.5)));
}

// The mean of unit vectors. Their sines are parabolas, refined once: within 0.001.
struct Coherence {
  double c = 0;
  double s = 0;
  size_t n = 0;
  void add(double turns) {
    const double sine = part_of(turns);
    const double cosine = sine > 0.25 ? sine - 0.75 : sine + 0.25;
    s += wave(sine);
    c += wave(cosine);
    ++n;
  }
  double size() const { return n == 0 ? 0 : std::sqrt(c * c + s * s) / static_cast<double>(n); }
  double turns() const { return turns_of(c, s); }

 private:
  // Sine of an angle from -0.5 to 0.5.
  static double wave(double turns) {
    const double y = 16 * turns * (0.5 - std::abs(turns));
    return y * (0.775 + 0.225 * std::abs(y));
  }
};

// A point of a laser that is looked at.
struct Seen {
  double turns;    // its angle, 0 to 1
  double rho;      // its distance from the axis
  double inverse;  // of the distance, times the turns in a radian; 0 on the axis
  double z;
};

struct Laser {
  size_t begin = 0;
  size_t end = 0;
  std::vector<Seen> sample;
  double slope = 0;
  double height = 0;
  bool has_enough() const { return end - begin >= kMinPoints; }
};

class Finder {
 public:
  Finder(std::span<const int64_t> x, std::span<const int64_t> y, std::span<const int64_t> z,
         bool thorough)
      : x_(x), y_(y), z_(z), samples_(thorough ? kMoreSamples : kSamples) {}

  std::optional<SpinPlan> find(std::vector<SpinPoint>& located) {
    if (!cut_into_lasers()) return std::nullopt;
    for (Laser& laser : lasers_) {
      look_at(laser);
      fit_cone(laser);
    }
    if (!find_turn_step()) return std::nullopt;
    find_distance_step();
    SpinPlan plan;
    plan.steps = steps_;
    const auto [c, s] = unit_vector(1.0 / (static_cast<double>(steps_) * kTurnParts));
    plan.fine_cos = c;
    plan.fine_sin = s;
    plan.distance_step = distance_step_;
    for (const Laser& laser : lasers_) plan.lasers.push_back(calibrate(laser));
    located = locate(plan, x_, y_);
    align(plan, located);
    return plan;
  }

 private:
  // A laser ends where the scanner passes the x axis.
  bool cut_into_lasers() {
    const size_t points = x_.size();
    if (points < kMinLasers * kMinPoints) return false;
    constexpr size_t kLooks = 8;  // at one point of so many, whether they go round
    size_t forward = 0;
    size_t begin = 0;
    for (size_t i = 1; i < points; ++i) {
      const bool passes = y_[i - 1] < 0 && y_[i] >= 0;
      if (!passes && i % kLooks != 0) continue;
      const bool turns = goes_round(i);
      if (i % kLooks == 0) forward += turns ? kLooks : 0;
      if (!passes || !turns) continue;
      lasers_.push_back({.begin = begin, .end = i, .sample = {}});
      begin = i;
      if (lasers_.size() > kMaxFound) return false;
    }
    lasers_.push_back({.begin = begin, .end = points, .sample = {}});
    return lasers_.size() >= kMinLasers && forward > points / 10 * 9;
  }

  // True if a point is ahead of the one before it.
  bool goes_round(size_t i) const {
    return static_cast<double>(x_[i - 1]) * static_cast<double>(y_[i]) -
               static_cast<double>(y_[i - 1]) * static_cast<double>(x_[i]) >
           0;
  }

  Seen see(size_t i) const {
    const auto x = static_cast<double>(x_[i]);
    const auto y = static_cast<double>(y_[i]);
    const double rho = std::sqrt(x * x + y * y);
    return {.turns = turns_of(x, y),
            .rho = rho,
            .inverse = rho > 0 ? 1 / (rho * kTurn) : 0,
            .z = static_cast<double>(z_[i])};
  }

  void look_at(Laser& laser) const {
    const size_t stride = std::max<size_t>(1, (laser.end - laser.begin) / samples_);
    laser.sample.reserve((laser.end - laser.begin) / stride + 1);
    for (size_t i = laser.begin; i < laser.end; i += stride) laser.sample.push_back(see(i));
  }

  // Least squares of z over the distance from the axis, strays left out.
  static void fit_cone(Laser& laser) {
    double most = 1e18;
    std::vector<double> sizes;
    for (int round = 0; round < 4; ++round) {
      double n = 0, sw = 0, sz = 0, sww = 0, swz = 0;
      for (const Seen& seen : laser.sample) {
        const double error = seen.z - seen.rho * laser.slope - laser.height;
        if (round > 0 && std::abs(error) > most) continue;
        n += 1;
        sw += seen.rho;
        sz += seen.z;
        sww += seen.rho * seen.rho;
        swz += seen.rho * seen.z;
      }
      const double det = n * sww - sw * sw;
      if (n < 8 || det <= 0) return;
      laser.slope = (n * swz - sw * sz) / det;
      laser.height = (sz - laser.slope * sw) / n;
      sizes.clear();
      for (const Seen& seen : laser.sample) {
        sizes.push_back(std::abs(seen.z - seen.rho * laser.slope - laser.height));
      }
      const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
      std::nth_element(sizes.begin(), middle, sizes.end());
      most = std::max(1.0, 4 * *middle);
    }
  }

  // Angle of the laser's beam, as if it started at the axis. (The arc sine of such a small number
  // is the number.)
  static double beam(const Seen& seen, double aside) { return seen.turns + aside * seen.inverse; }

  static Coherence turns_with(const Laser& laser, double steps, double aside, size_t most) {
    Coherence found;
    const size_t stride = std::max<size_t>(1, laser.sample.size() / most);
    for (size_t i = 0; i < laser.sample.size(); i += stride) {
      if (laser.sample[i].rho > 0) found.add(beam(laser.sample[i], aside) * steps);
    }
    return found;
  }

  // The longest laser of each quarter.
  std::vector<const Laser*> witnesses() const {
    std::vector<const Laser*> found;
    for (size_t q = 0; q < 4; ++q) {
      const size_t to = lasers_.size() * (q + 1) / 4;
      const Laser* best = &lasers_[lasers_.size() * q / 4];
      for (const Laser* one = best; one != lasers_.data() + to; ++one) {
        if (one->end - one->begin > best->end - best->begin) best = one;
      }
      if (best->has_enough()) found.push_back(best);
    }
    return found;
  }

  // The middle one of the angles between points that follow each other.
  double usual_gap(const Laser& laser) const {
    std::vector<double> gaps;
    double before = -1;
    for (size_t i = (laser.begin + laser.end) / 2; i < laser.end && gaps.size() < kSamples; ++i) {
      const double now = see(i).turns;
      if (before >= 0 && now > before) gaps.push_back(now - before);
      before = now;
    }
    if (gaps.empty()) return 0;
    const auto middle = gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2);
    std::nth_element(gaps.begin(), middle, gaps.end());
    return *middle;
  }

  bool find_turn_step() {
    // Steps of turns that scanners have: hundredths of a degree, powers of two.
    std::vector<uint32_t> all;
    for (uint32_t hundredths = 60; hundredths >= 1; --hundredths) {
      if (36000 % hundredths == 0) all.push_back(36000 / hundredths);
    }
    for (uint32_t power = 512; power <= 32768; power *= 2) all.push_back(power);
    std::sort(all.begin(), all.end());
    const auto sample = witnesses();
    if (sample.empty()) return false;
    const Laser& first = *sample[sample.size() / 2];
    const double gap = usual_gap(first);
    // The displacement is some centimetres: up to a part of the nearest points' distance.
    std::vector<double> sorted;
    for (const Laser& laser : lasers_) {
      for (const Seen& seen : laser.sample) sorted.push_back(seen.rho);
    }
    const auto near = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 50);
    std::nth_element(sorted.begin(), near, sorted.end());
    const double most = *near / 16;
    for (const uint32_t steps : all) {
      // Usual gaps are one step, or a few.
      if (gap * steps < 0.8 || gap * steps > 6 || std::abs(part_of(gap * steps)) > 0.2) continue;
      double best = 0;
      double best_aside = 0;
      for (int h = -kAsides; h <= kAsides; ++h) {
        const double aside = most * h / kAsides;
        const double size = turns_with(first, steps, aside, kFewSamples).size();
        if (size > best) {
          best = size;
          best_aside = aside;
        }
      }
      if (best < 0.7) continue;
      best_aside = refine_aside(first, steps, best_aside);
      if (turns_with(first, steps, best_aside, kSamples).size() < kSureTurns) continue;
      steps_ = steps;
      aside_ = best_aside;
      return true;
    }
    return false;
  }

  // A line through the parts of a step that are left, over the inverse of the distance.
  static double refine_aside(const Laser& laser, double steps, double aside) {
    constexpr double kStray = 0.2;
    for (int round = 0; round < 3; ++round) {
      const double phase = turns_with(laser, steps, aside, kFewSamples).turns();
      double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
      for (const Seen& seen : laser.sample) {
        if (!(seen.rho > 0)) continue;
        const double rest = part_of(beam(seen, aside) * steps - phase);
        if (rest > kStray || rest < -kStray) continue;
        const double by = seen.inverse * steps;
        n += 1;
        sx += by;
        sy += rest;
        sxx += by * by;
        sxy += by * rest;
      }
      const double det = n * sxx - sx * sx;
      if (n < 16 || !(det > 1e-12 * n * sxx)) break;
      aside -= (n * sxy - sx * sy) / det;
    }
    return aside;
  }

  static double distance(const Laser& laser, const Seen& seen, double aside) {
    const double w = std::sqrt(std::max(0.0, seen.rho * seen.rho - aside * aside));
    return w * std::sqrt(1 + laser.slope * laser.slope);
  }

  void find_distance_step() {
    const auto sample = witnesses();
    for (const double step : {10.0, 5.0, 4.0, 2.0}) {
      double sum = 0;
      for (const Laser* laser : sample) {
        Coherence found;
        for (const Seen& seen : laser->sample) found.add(distance(*laser, seen, aside_) / step);
        sum += found.size();
      }
      if (sum / static_cast<double>(sample.size()) > kSureDistances) {
        distance_step_ = step;
        return;
      }
    }
  }

  SpinLaser calibrate(const Laser& laser) const {
    SpinLaser result;
    result.points = static_cast<uint32_t>(laser.end - laser.begin);
    const double steps = steps_;
    // Every other laser may look past the axis on its other side.
    const bool same = turns_with(laser, steps, aside_, kFewSamples).size() >=
                      turns_with(laser, steps, -aside_, kFewSamples).size();
    const double about = same ? aside_ : -aside_;
    // With few points the displacement of the others is the better guess.
    const double exact = laser.has_enough() ? refine_aside(laser, steps, about) : aside_;
    result.aside = std::llround(std::clamp(exact, -1e9, 1e9) * 64);
    result.slope = std::llround(std::clamp(laser.slope, -1e4, 1e4) * (1 << 24));
    result.height = std::llround(std::clamp(laser.height, -1e9, 1e9) * 64);
    const double aside = static_cast<double>(result.aside) / 64;
    Coherence turns;
    Coherence distances;
    for (const Seen& seen : laser.sample) {
      turns.add(beam(seen, aside) * steps);
      distances.add(distance(laser, seen, aside) / distance_step_);
    }
    result.turn = std::llround(turns.turns() * kTurnParts);
    result.phase = std::llround(distances.turns() * 256);
    return result;
  }

  // All lasers fire at the same moments: the whole steps between their angles are those for which
  // points follow points.
  void align(SpinPlan& plan, std::vector<SpinPoint>& located) const {
    constexpr int32_t kMostShift = 160;
    constexpr size_t kShifts = 2 * kMostShift + 1;
    constexpr size_t kLooks = 192;
    const auto turn = static_cast<int32_t>(plan.steps);
    const auto index = [&](int32_t step) {
      if (step >= 0 && step < turn) return static_cast<size_t>(step);
      const int32_t rest = step % turn;
      return static_cast<size_t>(rest < 0 ? rest + turn : rest);
    };
    assert(plan.steps >= kShifts);
    // What fired lately at each step, with what lies around so that no shift leaves it.
    std::vector<float> history(plan.steps, 0);
    std::vector<float> wide(plan.steps + kShifts, 0);
    std::array<float, kShifts> scores{};
    int32_t last_shift = 0;
    for (size_t l = 0; l < lasers_.size(); ++l) {
      const auto of = std::span(located).subspan(lasers_[l].begin, plan.lasers[l].points);
      std::copy(history.end() - kMostShift, history.end(), wide.begin());
      std::copy(history.begin(), history.end(), wide.begin() + kMostShift);
      std::copy_n(history.begin(), kShifts - kMostShift, wide.end() - (kShifts - kMostShift));
      scores.fill(0);
      const size_t stride = std::max<size_t>(1, of.size() / kLooks);
      // Four points together: what is added up is read and written once for them.
      for (size_t i = 0; i + 3 * stride < of.size(); i += 4 * stride) {
        const float* a = wide.data() + index(of[i].step);
        const float* b = wide.data() + index(of[i + stride].step);
        const float* c = wide.data() + index(of[i + 2 * stride].step);
        const float* d = wide.data() + index(of[i + 3 * stride].step);
        for (size_t k = 0; k < kShifts; ++k) scores[k] += (a[k] + b[k]) + (c[k] + d[k]);
      }
      int32_t best = 0;
      float best_score = -1;
      for (size_t k = 0; k < kShifts; ++k) {
        const int32_t shift = kMostShift - static_cast<int32_t>(k);
        const float score = scores[k] - 1e-3F * static_cast<float>(std::abs(shift - last_shift));
        if (score > best_score) {
          best_score = score;
          best = shift;
        }
      }
      for (float& seen : history) seen *= 0.9F;
      for (SpinPoint& point : of) {
        point.step -= best;
        history[index(point.step)] += 0.1F;
      }
      plan.lasers[l].turn += int64_t{best} * kTurnParts;
      last_shift = best;
    }
  }

  std::span<const int64_t> x_, y_, z_;
  size_t samples_;  // of a laser
  std::vector<Laser> lasers_;
  uint32_t steps_ = 0;
  double aside_ = 0;
  double distance_step_ = 1;
};

}  // namespace

std::optional<SpinPlan> find_spin(std::span<const int64_t> x, std::span<const int64_t> y,
                                  std::span<const int64_t> z, bool thorough,
                                  std::vector<SpinPoint>& located) {
  return Finder(x, y, z, thorough).find(located);
}

namespace {

// Follows the points of a laser from step to step.
class Follower {
 public:
  Follower(const SpinPlan& plan, const SpinGeometry& geometry, size_t laser)
      : geometry_(geometry),
        cone_(geometry.cone(laser)),
        laser_(laser),
        steps_(plan.steps),
        turn_(static_cast<double>(plan.lasers[laser].turn) / kTurnParts),
        steps_of_radian_(steps_ / kTurn),
        to_steps_(1 / (plan.distance_step * cone_.to_level)) {}

  SpinPoint next(int64_t x, int64_t y) {
    const auto px = static_cast<double>(x);
    const auto py = static_cast<double>(y);
    const double scale = px * px + py * py;
    const double square = scale - cone_.aside * cone_.aside;
    const double w = square > 0 ? std::sqrt(square) : 0;
    // Where the laser looked, times the square of the distance from the axis.
    const double lx = w * px - cone_.aside * py;
    const double ly = w * py + cone_.aside * px;
    const double distance = w * to_steps_ - cone_.phase;
    // A small angle from the point before is about as large as its sine.
    const auto [c, s] = geometry_.look(laser_, step_);
    const double along = c * lx + s * ly;
    const double across = c * ly - s * lx;
    if (across * across < along * along * 0.01 && along > 0) {
      const double sine = across / along;
      const double by = sine * (1 - sine * sine * (1.0 / 3)) * steps_of_radian_;
      step_ += static_cast<int32_t>(by + (by < 0 ? -0.5 : 0.5));
    } else if (scale > 0) {
      const double by = turns_of(lx, ly) * steps_ - turn_;
      step_ = static_cast<int32_t>(static_cast<int64_t>(by + (by < 0 ? -0.5 : 0.5)) %
                                   static_cast<int64_t>(steps_));
    }
    return {.step = step_,
            .distance = distance < static_cast<double>(kMostDistance)
                            ? static_cast<int32_t>(distance + (distance < 0 ? -0.5 : 0.5))
                            : 0};
  }

 private:
  const SpinGeometry& geometry_;
  const SpinCone& cone_;
  size_t laser_;
  double steps_;  // of a turn
  double turn_;
  double steps_of_radian_;
  double to_steps_;
  int32_t step_ = 0;
};

}  // namespace

std::vector<SpinPoint> locate(const SpinPlan& plan, std::span<const int64_t> x,
                              std::span<const int64_t> y) {
  std::vector<SpinPoint> located(x.size());
  const SpinGeometry geometry(plan);
  size_t begin = 0;
  for (size_t l = 0; l < plan.lasers.size(); ++l) {
    // From some places at once: each point waits for the one before it.
    constexpr size_t kPlaces = 4;
    const size_t points = plan.lasers[l].points;
    const size_t part = points / kPlaces;
    const Follower first(plan, geometry, l);
    std::array<Follower, kPlaces> followers = {first, first, first, first};
    for (size_t i = begin; i < begin + part; ++i) {
      for (size_t k = 0; k < kPlaces; ++k) {
        const size_t at = i + k * part;
        located[at] = followers[k].next(x[at], y[at]);
      }
    }
    for (size_t at = begin + kPlaces * part; at < begin + points; ++at) {
      located[at] = followers.back().next(x[at], y[at]);
    }
    begin += points;
  }
  return located;
}

}  // namespace pith::cloud

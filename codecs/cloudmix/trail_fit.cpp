// Finds the sections, the scanners' ways and the forerunners. Only the encoder does.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "codecs/cloud/trig.h"
#include "codecs/cloudmix/trail.h"

namespace pith::cloudmix {
namespace {

constexpr size_t kMinSection = 4096;
constexpr int kRounds = 160;
constexpr double kCoarse = 0.02;  // metres that a round may move the scanner at the end
constexpr double kMomentum = 0.8;
constexpr double kFine = 0.0005;
constexpr uint32_t kReach = 96;        // points back to look for a forerunner
constexpr size_t kRow = 16;            // the fit looks at so many points in a row
constexpr size_t kRowPeriod = 304;     // of so many each
constexpr size_t kWindows = 12;        // in which places for a start are compared
constexpr uint32_t kTogether = 8;      // points that are passed over at once
constexpr size_t kWindow = 128;        // points of a window, behind those that it reaches back to
constexpr int kRoundsOfMatch = 4;      // forerunners stay the same for some rounds
constexpr double kMostSlope = 0.004;   // difference from a forerunner's
constexpr float kNearSlope = 0.0041F;  // a little more
constexpr double kJump = 1.0 / 12;     // of a turn: a new section
constexpr double kRadians = 6.283185307179586;  // of a turn
constexpr double kFits = 0.0004;                // what is off so far counts half
constexpr double kSuitable = 0.6;               // part of the points that must have a forerunner

// The angle of a vector in turns, 0 to 1, within 10^-5 radians: there are many to look at.
double angle_of(double x, double y) {
  const double ax = std::abs(x);
  const double ay = std::abs(y);
  const double high = ax < ay ? ay : ax;
  if (!(high > 0)) return 0;
  const double t = (ax < ay ? ax : ay) / high;
  const double q = t * t;
  // The polynomial of the arc tangent that is nowhere far off (radians).
  const double arc =
      t *
      (0.99997726 + q * (-0.33262347 +
                         q * (0.19354346 + q * (-0.11643287 + q * (0.05265332 - q * 0.01172120)))));
  double turns = arc * 0.15915494309189535;
  if (ay > ax) turns = 0.25 - turns;
  if (x < 0) turns = 0.5 - turns;
  return y < 0 ? 1 - turns : turns;
}

struct View {
  double x, y;   // from the scanner
  double turns;  // negative until it is asked for: of most points it never is
  double slope;
  double rho;
};

class Finder {
 public:
  Finder(std::span<const Vector> points, std::vector<Follower>& followers)
      : points_(points), followers_(followers), views_(points.size()), slopes_(points.size()) {}

  std::optional<TrailPlan> find() {
    if (points_.size() < kMinSection) return std::nullopt;
    TrailPlan plan;
    cut(plan);
    followers_.assign(points_.size(), {});
    size_t begin = 0;
    size_t matched = 0;
    const TrailSection* before = nullptr;
    for (TrailSection& section : plan.sections) {
      if (before != nullptr) {
        // Another scanner on the same car.
        section.from = before->from;
        section.to = before->to;
      }
      look(section, begin);
      if (step_ == 0 && !find_step(section, begin)) return std::nullopt;
      settle(section, begin, before == nullptr);
      look(section, begin);
      matched += match(begin, begin, begin + section.points);
      begin += section.points;
      before = &section;
    }
    if (static_cast<double>(matched) < kSuitable * static_cast<double>(points_.size())) {
      return std::nullopt;
    }
    const auto [c, s] = cloud::unit_vector(step_);
    plan.turn_cos = c;
    plan.turn_sin = s;
    return plan;
  }

 private:
  // A scanner begins anew where the angle jumps.
  void cut(TrailPlan& plan) const {
    size_t begin = 0;
    constexpr size_t kSide = 24;
    for (size_t i = kMinSection; i + kMinSection < points_.size(); ++i) {
      if (i - begin < kMinSection || !jumps(i, i - 1)) continue;
      // Not one stray point: all on one side are far from all on the other.
      bool all = true;
      for (size_t k = 0; k < kSide && all; ++k) all = jumps(i + k, i - 1 - k);
      if (!all) continue;
      plan.sections.push_back({.points = static_cast<uint32_t>(i - begin), .from = {}, .to = {}});
      begin = i;
    }
    plan.sections.push_back(
        {.points = static_cast<uint32_t>(points_.size() - begin), .from = {}, .to = {}});
  }

  bool jumps(size_t i, size_t j) const {
    const double a = cloud::turns_of(points_[i][0], points_[i][1]);
    const double b = cloud::turns_of(points_[j][0], points_[j][1]);
    return std::abs(turned(a, b)) > kJump;
  }

  // First, if it may, as if the scanner stood still, until that says no more.
  void settle(TrailSection& section, size_t begin, bool still) {
    momentum_ = {};
    bool matches = true;
    for (int round = 0; round < kRounds; ++round) {
      const bool fresh = matches || round % kRoundsOfMatch == 0;
      if (fresh) {
        for_rows(section, begin, [&](size_t from, size_t to) {
          for (size_t i = from - kReach; i < to; ++i) look_at(section, begin, i);
          match(begin, from, to);
        });
      } else {
        look_again(section, begin);
      }
      matches = false;
      const double moved = fit(section, begin, still);
      if (moved > (still ? kCoarse : kFine)) continue;
      if (!still && fresh) break;
      matches = true;
      if (!still) continue;
      still = false;
      set_off(section, begin);
    }
  }

  // Where the scanner goes, roughly: once forerunners are found as if it stood still, they seem to
  // say that it does.
  void set_off(TrailSection& section, size_t begin) {
    double best = score(section, begin);
    for (const double size : {1.6, 0.8, 0.4, 0.2, 0.1}) {
      const TrailSection middle = section;
      const auto half = std::llround(size / 2 / kTrailUnit);
      const auto consider = [&](size_t axis, int64_t from, int64_t to) {
        TrailSection other = middle;
        other.from[axis] += from;
        other.to[axis] += to;
        const double its = score(other, begin);
        if (its <= best) return;
        best = its;
        section = other;
      };
      for (size_t axis = 0; axis < 2; ++axis) {
        consider(axis, -half, half);
        consider(axis, half, -half);
        if (size > 0.5) continue;
        consider(axis, half, half);
        consider(axis, -half, -half);
      }
    }
  }

  // How well points and forerunners fit together, in some windows: about how many do.
  double score(const TrailSection& section, size_t begin) {
    double sum = 0;
    const size_t room = section.points - kReach - kWindow;
    for (size_t w = 0; w < kWindows; ++w) {
      const size_t from = begin + kReach + room * w / (kWindows - 1);
      const size_t to = from + kWindow;
      for (size_t i = from - kReach; i < to; ++i) look_at(section, begin, i);
      match(begin, from, to);
      for (size_t i = from; i < to; ++i) {
        const Follower& follower = followers_[i];
        if (follower.back == 0) continue;
        const View& there = views_[i - follower.back];
        const double slope = (views_[i].slope - there.slope) / kFits;
        const double turn = (turned(angle(i - follower.back), angle(i)) - follower.turns * step_) *
                            kRadians / kFits;
        sum += 1 / (1 + slope * slope + turn * turn);
      }
    }
    return sum;
  }

  void look(const TrailSection& section, size_t begin) {
    for (size_t i = begin; i < begin + section.points; ++i) look_at(section, begin, i);
  }
  // At those points alone that the fit does.
  void look_again(const TrailSection& section, size_t begin) {
    for_rows(section, begin, [&](size_t from, size_t to) {
      for (size_t i = from; i < to; ++i) {
        look_at(section, begin, i);
        if (followers_[i].back != 0) look_at(section, begin, i - followers_[i].back);
      }
    });
  }
  template <class Do>
  static void for_rows(const TrailSection& section, size_t begin, Do&& with) {
    const size_t end = begin + section.points;
    for (size_t from = begin + kReach; from + kRow <= end; from += kRowPeriod) {
      with(from, from + kRow);
    }
  }
  void look_at(const TrailSection& section, size_t begin, size_t i) {
    const Vector o = place_on(section, i - begin);
    const Vector& p = points_[i];
    const double x = p[0] - o[0];
    const double y = p[1] - o[1];
    const double rho = std::max(1e-3, std::sqrt(x * x + y * y));
    views_[i] = {.x = x, .y = y, .turns = -1, .slope = (p[2] - o[2]) / rho, .rho = rho};
    slopes_[i] = static_cast<float>(views_[i].slope);
  }

  double angle(size_t i) {
    View& view = views_[i];
    if (view.turns < 0) view.turns = angle_of(view.x, view.y);
    return view.turns;
  }

  static double turned(double from, double to) {
    const double step = to - from;
    return step > 0.5 ? step - 1 : step < -0.5 ? step + 1 : step;
  }

  // The step of the turn: the median of those between points of nearly the same slope.
  bool find_step(const TrailSection& section, size_t begin) {
    std::vector<double> steps;
    for (size_t n = 0; n < 4000; ++n) {
      const size_t i = begin + 256 + n * (section.points - 512) / 4000;
      double best = 4e-4;
      double step = 0;
      for (size_t back = 8; back < 48; ++back) {
        const double apart = std::abs(views_[i].slope - views_[i - back].slope);
        if (apart >= best) continue;
        const double t = turned(angle(i - back), angle(i));
        if (std::abs(t) > 1e-5 && std::abs(t) < 0.005) {
          best = apart;
          step = t;
        }
      }
      if (step != 0) steps.push_back(step);
    }
    if (steps.size() < 400) return false;
    const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
    std::nth_element(steps.begin(), middle, steps.end());
    step_ = *middle;
    return std::abs(step_) > 1e-5;
  }

  // Gives points their forerunners; how many have one.
  size_t match(size_t begin, size_t from, size_t to) {
    size_t matched = 0;
    uint32_t usual = 0;  // the distance back that the point before suggests
    for (size_t i = from; i < to; ++i) {
      const View& here = views_[i];
      double best = 1;
      Follower follower{};
      const auto reach = static_cast<uint32_t>(std::min<size_t>(kReach, i - begin));
      // Few points lie on the same cone. The last byte is that of the point before.
      std::array<uint8_t, kReach> near{};
      const auto slope = static_cast<float>(here.slope);
      const float* const slopes = slopes_.data() + i - reach;
      uint8_t* const its_near = near.data() + (kReach - reach);
      for (uint32_t k = 0; k < reach; ++k) {
        its_near[k] = static_cast<uint8_t>(std::abs(slopes[k] - slope) <= kNearSlope);
      }
      for (uint32_t back = 1; back <= reach; ++back) {
        if (back % kTogether == 1 && none_near(near, back)) {
          back += kTogether - 1;
          continue;
        }
        if (near[kReach - back] == 0) continue;
        const View& there = views_[i - back];
        const double apart = std::abs(here.slope - there.slope);
        if (apart > kMostSlope) continue;
        const double steps = turned(angle(i - back), angle(i)) / step_;
        const double whole = std::floor(steps + 0.5);
        if (whole < 1 || whole > 8) continue;
        const double cost = apart / kMostSlope + std::abs(steps - whole) * 0.6 +
                            (whole - 1) * 0.15 + (back == usual ? 0 : 0.1);
        if (cost < best) {
          best = cost;
          follower = {.back = back, .turns = static_cast<int32_t>(whole)};
        }
      }
      followers_[i] = follower;
      if (follower.back != 0) {
        usual = follower.back;
        ++matched;
      }
    }
    return matched;
  }

  // True if all of the next points back are far.
  static bool none_near(const std::array<uint8_t, kReach>& near, uint32_t back) {
    uint64_t next = 0;
    std::memcpy(&next, near.data() + kReach + 1 - back - kTogether, sizeof(next));
    return next == 0;
  }

  // Gauss-Newton for the ends of the scanner's way: the slopes of a point and its forerunner are
  // the same if they are seen from the right place.
  double fit(TrailSection& section, size_t begin, bool still) {
    constexpr size_t kN = 6;
    double a[kN][kN + 1] = {};
    const auto add_point = [&](size_t i) {
      const Follower& follower = followers_[i];
      if (follower.back == 0) return;
      const size_t m = i - follower.back;
      const double slope_rest = views_[i].slope - views_[m].slope;
      const double turn_rest = (turned(angle(m), angle(i)) - follower.turns * step_) * kRadians;
      if (std::abs(slope_rest) > limit_ || std::abs(turn_rest) > limit_) return;
      double slopes[kN] = {};
      double turns[kN] = {};
      const auto add = [&](size_t at, double sign) {
        const Vector o = place_on(section, at - begin);
        const Vector& p = points_[at];
        const double x = p[0] - o[0];
        const double y = p[1] - o[1];
        const double rho = views_[at].rho;
        const double square = rho * rho;
        const double by = views_[at].slope / square;
        const double slope_gradient[3] = {by * x, by * y, -1 / rho};
        const double turn_gradient[3] = {y / square, -x / square, 0};
        const double part = still ? 0.5 : static_cast<double>(at - begin) / section.points;
        for (size_t axis = 0; axis < 3; ++axis) {
          slopes[axis] += sign * slope_gradient[axis] * (1 - part);
          slopes[axis + 3] += sign * slope_gradient[axis] * part;
          turns[axis] += sign * turn_gradient[axis] * (1 - part);
          turns[axis + 3] += sign * turn_gradient[axis] * part;
        }
      };
      add(i, 1);
      add(m, -1);
      for (size_t r = 0; r < kN; ++r) {
        for (size_t c = 0; c < kN; ++c) {
          a[r][c] += slopes[r] * slopes[c] + turns[r] * turns[c];
        }
        a[r][kN] -= slopes[r] * slope_rest + turns[r] * turn_rest;
      }
    };
    for_rows(section, begin, [&](size_t from, size_t to) {
      for (size_t i = from; i < to; ++i) add_point(i);
    });
    for (size_t r = 0; r < kN; ++r) a[r][r] += 1e-6 + 1e-3 * a[r][r];
    // Elimination; the matrix is positive definite.
    for (size_t r = 0; r < kN; ++r) {
      for (size_t q = 0; q < kN; ++q) {
        if (q == r) continue;
        const double by = a[q][r] / a[r][r];
        for (size_t c = r; c <= kN; ++c) a[q][c] -= by * a[r][c];
      }
    }
    double most = 0;
    for (size_t r = 0; r < kN; ++r) {
      // With some of the last step: the way there is long and even.
      const double moved = std::clamp(a[r][kN] / a[r][r] + kMomentum * momentum_[r], -0.5, 0.5);
      momentum_[r] = moved;
      most = std::max(most, std::abs(moved));
      (r < 3 ? section.from[r] : section.to[r - 3]) += std::llround(moved / kTrailUnit);
    }
    if (still) {
      for (size_t axis = 0; axis < 3; ++axis) {
        section.from[axis] = section.to[axis] = (section.from[axis] + section.to[axis]) / 2;
      }
    }
    return most;
  }

  std::span<const Vector> points_;
  std::vector<Follower>& followers_;
  std::vector<View> views_;
  std::vector<float> slopes_;  // of the views
  double step_ = 0;
  double limit_ = 0.002;
  std::array<double, 6> momentum_{};
};

}  // namespace

std::optional<TrailPlan> find_trail(std::span<const Vector> points,
                                    std::vector<Follower>& followers) {
  return Finder(points, followers).find();
}

}  // namespace pith::cloudmix

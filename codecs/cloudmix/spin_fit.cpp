// Finds the calibration of a spinning scanner in the points of a frame. Only the encoder does.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <numeric>

#include "codecs/cloudmix/spin.h"
#include "codecs/cloudmix/trig.h"

namespace pith::cloudmix {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;  // radians
constexpr size_t kMinLasers = 4;
constexpr size_t kMaxFound = 512;
constexpr size_t kMinPoints = 64;  // of a laser that the search looks at
constexpr double kSureTurns = 0.85;
constexpr double kSureDistances = 0.35;

// The mean of unit vectors.
struct Coherence {
  double c = 0;
  double s = 0;
  size_t n = 0;
  void add(double turns) {
    const auto [dc, ds] = unit_vector(turns);
    c += dc;
    s += ds;
    ++n;
  }
  double size() const { return n == 0 ? 0 : std::sqrt(c * c + s * s) / static_cast<double>(n); }
  double turns() const { return turns_of(c, s); }
};

struct Laser {
  size_t begin = 0;
  size_t end = 0;
  double slope = 0;
  double height = 0;
};

// The arc sine of aside / rho, in turns; of a half and more, where no scanner looks, about.
double aside_turns(double aside, double rho) {
  const double q = rho > 2 * std::abs(aside) ? aside / rho : aside < 0 ? -0.5 : 0.5;
  const double b = q * q;
  const double arc =
      q * (1 + b * (1.0 / 6 + b * (3.0 / 40 + b * (15.0 / 336 + b * (105.0 / 3456)))));
  return arc / kTurn;
}

class Finder {
 public:
  Finder(std::span<const int64_t> x, std::span<const int64_t> y, std::span<const int64_t> z)
      : x_(x), y_(y), z_(z), turns_(x.size()), rho_(x.size()) {}

  std::optional<SpinPlan> find() {
    if (!cut_into_lasers()) return std::nullopt;
    for (Laser& laser : lasers_) fit_cone(laser);
    if (!find_turn_step()) return std::nullopt;
    find_distance_step();
    SpinPlan plan;
    plan.steps = steps_;
    const auto [c, s] = unit_vector(1.0 / (static_cast<double>(steps_) * kTurnParts));
    plan.fine_cos = c;
    plan.fine_sin = s;
    plan.distance_step = distance_step_;
    history_.assign(steps_, 0);
    for (const Laser& laser : lasers_) plan.lasers.push_back(calibrate(laser));
    return plan;
  }

 private:
  bool cut_into_lasers() {
    if (x_.size() < kMinLasers * kMinPoints) return false;
    size_t forward = 0;
    size_t begin = 0;
    for (size_t i = 0; i < x_.size(); ++i) {
      const auto dx = static_cast<double>(x_[i]);
      const auto dy = static_cast<double>(y_[i]);
      turns_[i] = turns_of(dx, dy);
      rho_[i] = std::sqrt(dx * dx + dy * dy);
      if (i == 0) continue;
      const double step = turns_[i] - turns_[i - 1];
      if (step > 0 && step < 0.25) ++forward;
      if (step < -0.5) {
        lasers_.push_back({.begin = begin, .end = i});
        begin = i;
        if (lasers_.size() > kMaxFound) return false;
      }
    }
    lasers_.push_back({.begin = begin, .end = x_.size()});
    return lasers_.size() >= kMinLasers && forward > x_.size() / 10 * 9;
  }

  // Least squares of z over w, strays left out.
  void fit_cone(Laser& laser) const {
    double most = 1e18;
    for (int round = 0; round < 4; ++round) {
      double n = 0, sw = 0, sz = 0, sww = 0, swz = 0;
      for (size_t i = laser.begin; i < laser.end; ++i) {
        const double error = static_cast<double>(z_[i]) - rho_[i] * laser.slope - laser.height;
        if (round > 0 && std::abs(error) > most) continue;
        const auto z = static_cast<double>(z_[i]);
        n += 1;
        sw += rho_[i];
        sz += z;
        sww += rho_[i] * rho_[i];
        swz += rho_[i] * z;
      }
      const double det = n * sww - sw * sw;
      if (n < 8 || det <= 0) return;
      laser.slope = (n * swz - sw * sz) / det;
      laser.height = (sz - laser.slope * sw) / n;
      std::vector<double> sizes;
      for (size_t i = laser.begin; i < laser.end; ++i) {
        sizes.push_back(
            std::abs(static_cast<double>(z_[i]) - rho_[i] * laser.slope - laser.height));
      }
      const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
      std::nth_element(sizes.begin(), middle, sizes.end());
      most = std::max(1.0, 4 * *middle);
    }
  }

  // Angle of the laser's beam, as if it started at the axis.
  double beam(size_t i, double aside) const { return turns_[i] + aside_turns(aside, rho_[i]); }

  Coherence turns_with(const Laser& laser, double steps, double aside, size_t stride) const {
    Coherence found;
    for (size_t i = laser.begin; i < laser.end; i += stride) {
      if (rho_[i] > 0) found.add(beam(i, aside) * steps);
    }
    return found;
  }

  // The longest laser of each quarter.
  std::vector<Laser> witnesses() const {
    std::vector<Laser> found;
    for (size_t q = 0; q < 4; ++q) {
      const size_t from = lasers_.size() * q / 4;
      const size_t to = lasers_.size() * (q + 1) / 4;
      Laser best = lasers_[from];
      for (size_t k = from; k < to; ++k) {
        if (lasers_[k].end - lasers_[k].begin > best.end - best.begin) best = lasers_[k];
      }
      if (best.end - best.begin >= kMinPoints) found.push_back(best);
    }
    return found;
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
    // The displacement is some centimetres: up to a part of the nearest points' distance.
    std::vector<double> sorted(rho_);
    const auto near = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 50);
    std::nth_element(sorted.begin(), near, sorted.end());
    const double most = *near / 16;
    for (const uint32_t steps : all) {
      const Laser& first = sample[sample.size() / 2];
      const size_t stride = std::max<size_t>(1, (first.end - first.begin) / 100);
      double best = 0;
      double best_aside = 0;
      for (int h = -100; h <= 100; ++h) {
        const double aside = most * h / 100;
        const double size = turns_with(first, steps, aside, stride).size();
        if (size > best) {
          best = size;
          best_aside = aside;
        }
      }
      if (best < 0.7) continue;
      best_aside = refine_aside(first, steps, best_aside, most / 100);
      if (turns_with(first, steps, best_aside, 1).size() < kSureTurns) continue;
      steps_ = steps;
      aside_ = best_aside;
      aside_step_ = most / 100;
      return true;
    }
    return false;
  }

  double refine_aside(const Laser& laser, double steps, double aside, double step) const {
    const size_t stride = std::max<size_t>(1, (laser.end - laser.begin) / 400);
    for (int round = 0; round < 8; ++round, step /= 2) {
      const double here = turns_with(laser, steps, aside, stride).size();
      const double less = turns_with(laser, steps, aside - step, stride).size();
      const double more = turns_with(laser, steps, aside + step, stride).size();
      if (less > here && less >= more) aside -= step;
      if (more > here && more > less) aside += step;
    }
    return aside;
  }

  double distance(const Laser& laser, size_t i, double aside) const {
    const double w = std::sqrt(std::max(0.0, rho_[i] * rho_[i] - aside * aside));
    return w * std::sqrt(1 + laser.slope * laser.slope);
  }

  void find_distance_step() {
    for (const double step : {10.0, 5.0, 4.0, 2.0}) {
      double sum = 0;
      const auto sample = witnesses();
      for (const Laser& laser : sample) {
        Coherence found;
        for (size_t i = laser.begin; i < laser.end; ++i) {
          found.add(distance(laser, i, aside_) / step);
        }
        sum += found.size();
      }
      if (sum / static_cast<double>(sample.size()) > kSureDistances) {
        distance_step_ = step;
        return;
      }
    }
  }

  SpinLaser calibrate(const Laser& laser) {
    SpinLaser result;
    result.points = static_cast<uint32_t>(laser.end - laser.begin);
    const double steps = steps_;
    // Every other laser may look past the axis on its other side.
    const size_t stride = std::max<size_t>(1, (laser.end - laser.begin) / 400);
    const bool same = turns_with(laser, steps, aside_, stride).size() >=
                      turns_with(laser, steps, -aside_, stride).size();
    const double exact = refine_aside(laser, steps, same ? aside_ : -aside_, aside_step_);
    // With few points the displacement of the others is the better guess.
    const bool enough = laser.end - laser.begin >= kMinPoints;
    result.aside = std::llround((enough ? exact : aside_) * 64);
    result.slope = std::llround(laser.slope * (1 << 24));
    result.height = std::llround(laser.height * 64);
    const double aside = static_cast<double>(result.aside) / 64;
    Coherence turns;
    Coherence distances;
    for (size_t i = laser.begin; i < laser.end; ++i) {
      turns.add(beam(i, aside) * steps);
      distances.add(distance(laser, i, aside) / distance_step_);
    }
    result.turn = std::llround(turns.turns() * kTurnParts);
    result.phase = std::llround(distances.turns() * 256);
    const int64_t shift = align(laser, static_cast<double>(result.turn) / kTurnParts, aside);
    result.turn += shift * kTurnParts;
    return result;
  }

  // All lasers fire at the same moments: the whole steps between their angles are those for which
  // points follow points.
  int64_t align(const Laser& laser, double phase, double aside) {
    const auto turn = static_cast<int64_t>(steps_);
    std::vector<int64_t> at;
    for (size_t i = laser.begin; i < laser.end; ++i) {
      at.push_back(std::llround(beam(i, aside) * static_cast<double>(steps_) - phase));
    }
    const auto index = [&](int64_t step) {
      const int64_t rest = step % turn;
      return static_cast<size_t>(rest < 0 ? rest + turn : rest);
    };
    constexpr int64_t kMostShift = 160;
    int64_t best = 0;
    double best_score = -1;
    const size_t stride = std::max<size_t>(1, at.size() / 256);
    for (int64_t shift = -kMostShift; shift <= kMostShift; ++shift) {
      double score = 0;
      for (size_t i = 0; i < at.size(); i += stride) {
        score += static_cast<double>(history_[index(at[i] - shift)]);
      }
      score -= 1e-3 * static_cast<double>(std::abs(shift - last_shift_));
      if (score > best_score) {
        best_score = score;
        best = shift;
      }
    }
    for (float& seen : history_) seen *= 0.9F;
    for (const int64_t step : at) history_[index(step - best)] += 0.1F;
    last_shift_ = best;
    return best;
  }

  std::span<const int64_t> x_, y_, z_;
  std::vector<double> turns_;  // angle of each point, 0 to 1
  std::vector<double> rho_;
  std::vector<Laser> lasers_;
  uint32_t steps_ = 0;
  double aside_ = 0;
  double aside_step_ = 0;
  double distance_step_ = 1;
  std::vector<float> history_;
  int64_t last_shift_ = 0;
};

}  // namespace

std::optional<SpinPlan> find_spin(std::span<const int64_t> x, std::span<const int64_t> y,
                                  std::span<const int64_t> z) {
  return Finder(x, y, z).find();
}

SpinPoint locate(const SpinPlan& plan, size_t laser, int64_t x, int64_t y, int64_t z) {
  (void)z;
  const SpinLaser& l = plan.lasers[laser];
  const double aside = static_cast<double>(l.aside) / 64;
  const auto dx = static_cast<double>(x);
  const auto dy = static_cast<double>(y);
  const double square = dx * dx + dy * dy - aside * aside;
  const double w = std::sqrt(square > 0 ? square : 0);
  const double slope = static_cast<double>(l.slope) / (1 << 24);
  double turns = turns_of(dx, dy);
  if (w > 0) turns += aside_turns(aside, std::sqrt(dx * dx + dy * dy));
  const double step =
      turns * static_cast<double>(plan.steps) - static_cast<double>(l.turn) / kTurnParts;
  const double distance =
      w * std::sqrt(1 + slope * slope) / plan.distance_step - static_cast<double>(l.phase) / 256;
  return {.step = std::llround(step), .distance = std::llround(distance)};
}

}  // namespace pith::cloudmix

// Codes the points of a spinning scanner that lie column by column (sweep.h).
//
// Of each point: whether it is one without an echo; if not, the number of its distance step; then
// how far it is from where its laser should have seen it: along the lattice's two vectors (or along
// x and y), then z, then what rounding left of x and y.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "codecs/cloudmix/blend.h"
#include "codecs/cloudmix/number_model.h"
#include "codecs/cloudmix/surroundings.h"
#include "codecs/cloudmix/sweep.h"

namespace pith::cloudmix {

// A mean that trusts numbers by their weight and forgets.
struct WeightedMean {
  double sum = 0;
  double weight = 0;
  void add(double value, double by) {
    sum += value * by;
    weight += by;
  }
  void forget(double keep) {
    sum *= keep;
    weight *= keep;
  }
  double mean(double prior = 0) const {
    const double all = weight + prior;
    return all > 0 ? sum / all : 0;
  }
};

class SweepCoder {
 public:
  SweepCoder(const SweepPlan& plan, const std::array<Axis, 3>& axes, size_t points, size_t contexts,
             Surroundings& around)
      : plan_(plan),
        axes_(axes),
        around_(around),
        lasers_(plan.lasers),
        errors_(points),
        distances_(points, 0),
        silent_(points, 0),
        aside_(plan.lasers),
        slopes_(plan.lasers),
        distance_(contexts, 16, 400, true) {}

  static uint64_t memory(uint64_t points) {
    return points * (9 + sizeof(Distances::Errors)) + (uint64_t{8} << 20);
  }

  template <class Bits>
  void code(Bits& bits, std::array<std::span<int64_t>, 3> values) {
    const size_t points = values[0].size();
    for (size_t i = 0; i < points; ++i) {
      const size_t ring = i % lasers_;
      if (ring == 0) begin_column(i / lasers_);
      around_.line[i] = static_cast<uint16_t>(ring);
      around_.left[i] = i >= lasers_ ? static_cast<uint32_t>(i - lasers_) : kNoPoint;
      around_.up[i] = ring > 0 ? static_cast<uint32_t>(i - 1) : kNoPoint;
      code_point(bits, i, ring, values);
    }
  }

 private:
  static constexpr size_t kPredictors = 9;
  using Distances = Blend<kPredictors>;

  struct Level {
    double x, y;
  };

  void begin_column(size_t column) {
    const size_t knot = std::min(column / kKnotColumns, plan_.knots.size() - 2);
    const double part =
        static_cast<double>(column - knot * kKnotColumns) / static_cast<double>(kKnotColumns);
    for (size_t axis = 0; axis < 3; ++axis) {
      const auto a = static_cast<double>(plan_.knots[knot][axis]);
      const auto b = static_cast<double>(plan_.knots[knot + 1][axis]);
      origin_[axis] = (a + part * (b - a)) * kKnotUnit;
    }
    base_ = origin_;
    for (size_t axis = 0; axis < 3; ++axis) origin_[axis] += drift_[axis];
    seen_origin_ = false;
    // The beam turns on as it did.
    const double dev = turned_.mean(1e-3);
    const Level adjusted = unit({beam_.x - dev * beam_.y, beam_.y + dev * beam_.x});
    if (column >= 2) {
      const Level step = {adjusted.x * last_.x + adjusted.y * last_.y,
                          adjusted.y * last_.x - adjusted.x * last_.y};
      if (column == 2) step_ = step;
      step_ = unit({step_.x * 0.9 + step.x * 0.1, step_.y * 0.9 + step.y * 0.1});
    }
    last_ = adjusted;
    beam_ = column == 0 ? Level{1, 0}
                        : unit({adjusted.x * step_.x - adjusted.y * step_.y,
                                adjusted.x * step_.y + adjusted.y * step_.x});
    turned_ = {};
    tilted_ = {};
    for (size_t ring = 0; ring < lasers_; ++ring) {
      aside_[ring].forget(0.95);
      slopes_[ring].forget(0.95);
    }
    column_ = column;
    last_u_ = last_v_ = last_z_ = 0;
  }

  static Level unit(Level a) {
    const double size = std::sqrt(a.x * a.x + a.y * a.y);
    return size > 1e-12 ? Level{a.x / size, a.y / size} : Level{1, 0};
  }

  template <class Bits>
  void code_point(Bits& bits, size_t i, size_t ring, std::array<std::span<int64_t>, 3>& values) {
    const Vector real = {axes_[0].real(values[0][i]), axes_[1].real(values[1][i]),
                         axes_[2].real(values[2][i])};
    const Vector ray = {real[0] - origin_[0], real[1] - origin_[1], real[2] - origin_[2]};
    const double range = std::sqrt(dot(ray, ray));
    const bool is_silent = range < kSilent;
    silent_[i] = static_cast<uint8_t>(code_silent(bits, i, ring, is_silent));
    if (silent_[i] != 0) {
      if (seen_origin_ && code_same(bits, i, values)) return;
      code_rest(bits, i, origin_, seen_origin_ ? 1 : 2, values, 0, 0, 0);
      last_silent_ = i;
      const Vector p = {axes_[0].real(values[0][i]), axes_[1].real(values[1][i]),
                        axes_[2].real(values[2][i])};
      origin_ = p;
      for (size_t axis = 0; axis < 3; ++axis) drift_[axis] = p[axis] - base_[axis];
      if (!(dot(drift_, drift_) < 1e6)) drift_ = {};
      seen_origin_ = true;
      around_.range[i] = 0;
      distances_[i] = 0;
      errors_[i] = {};
      return;
    }
    const int64_t steps = std::llround(std::min(range, 1e6) / plan_.distance_step);
    code_distance(bits, i, ring, steps);
    const double distance = static_cast<double>(distances_[i]) * plan_.distance_step;
    const double slope = slopes_[ring].mean() + tilted_.mean(kTiltPrior);
    const double rho = distance / std::sqrt(1 + slope * slope);
    const double turn = aside_[ring].mean() + turned_.mean(1e-3);
    const Level beam = unit({beam_.x - turn * beam_.y, beam_.y + turn * beam_.x});
    const Vector guess = {origin_[0] + rho * beam.x, origin_[1] + rho * beam.y,
                          origin_[2] + rho * slope};
    const auto reach = static_cast<uint32_t>(signed_log(distances_[i]));
    code_rest(bits, i, guess, 0, values, slope, reach, static_cast<uint32_t>(ring));
    learn(i, ring, distance, values);
  }

  void learn(size_t i, size_t ring, double distance,
             const std::array<std::span<int64_t>, 3>& values) {
    const Vector q = {axes_[0].real(values[0][i]) - origin_[0],
                      axes_[1].real(values[1][i]) - origin_[1],
                      axes_[2].real(values[2][i]) - origin_[2]};
    const double square = q[0] * q[0] + q[1] * q[1];
    const double rho = std::sqrt(square);
    if (!(rho > 0.05 && rho < 1e5)) return;
    const double ahead = beam_.x * q[0] + beam_.y * q[1];
    const double weight = std::min(square, 400.0);
    if (ahead > rho * 0.5) {
      const double turn = (beam_.x * q[1] - beam_.y * q[0]) / ahead;
      // The first columns tell where the beam is at all.
      const bool known = aside_[ring].weight > 0;
      const double rest = turn - (known ? aside_[ring].mean() : turned_.mean());
      if (known || turned_.weight == 0) turned_.add(turn - aside_[ring].mean(), weight);
      aside_[ring].add(known ? turn - turned_.mean() : rest, weight);
    } else if (turned_.weight == 0) {
      // The beam is somewhere else altogether.
      beam_ = unit({q[0], q[1]});
      turned_.add(0, weight);
    }
    const double slope = q[2] / rho;
    if (slopes_[ring].weight > 0) tilted_.add(slope - slopes_[ring].mean(), weight);
    slopes_[ring].add(slope - (slopes_[ring].weight > 0 ? tilted_.mean(kTiltPrior) : 0), weight);
    // What the distance is too long or short by, the origin is off along the ray.
    const double off = std::sqrt(dot(q, q)) - distance;
    if (!seen_origin_ && off > -0.01 && off < 0.01) {
      for (size_t axis = 0; axis < 2; ++axis) {
        const double by = 0.1 * off * q[axis] / rho;
        origin_[axis] += by;
        drift_[axis] += by;
      }
    }
  }

  // A point without an echo lies where the one before it in the column does.
  template <class Bits>
  bool code_same(Bits& bits, size_t i, std::array<std::span<int64_t>, 3>& values) {
    bool same = true;
    for (const auto& axis : values) same = same && axis[i] == axis[last_silent_];
    same_.set(0, 0);
    if (same_.decide(bits, same ? 1 : 0, 0) == 0) return false;
    for (auto& axis : values) axis[i] = axis[last_silent_];
    return true;
  }

  template <class Bits>
  uint32_t code_silent(Bits& bits, size_t i, size_t ring, bool silent) {
    const auto at = [&](size_t back) -> uint32_t { return i >= back ? silent_[i - back] : 2U; };
    const uint32_t up = ring > 0 ? at(1) : 2;
    const uint32_t up2 = ring > 1 ? at(2) : 2;
    const uint32_t left = at(lasers_);
    const uint32_t left2 = at(2 * lasers_);
    const uint32_t down_left = ring + 1 < lasers_ && i >= lasers_ ? silent_[i - lasers_ + 1] : 2;
    const uint32_t up_left = ring > 0 ? at(lasers_ + 1) : 2;
    const uint32_t all = ((((left * 3 + up) * 3 + left2) * 3 + down_left) * 3 + up_left) * 3 + up2;
    silence_.set(0, all);
    silence_.set(1, static_cast<uint32_t>(ring) * 9 + left * 3 + up);
    silence_.set(2, (left * 3 + up) * 3 + at(3 * lasers_));
    const uint32_t near = i >= lasers_ ? around_.range[i - lasers_] : 0;
    silence_.set(3, static_cast<uint32_t>(signed_log(near)) * 9 + left * 3 + up);
    return silence_.decide(bits, silent ? 1 : 0, left * 3 + up);
  }

  template <class Bits>
  void code_distance(Bits& bits, size_t i, size_t ring, int64_t steps) {
    const auto heard = [&](size_t back, bool exists) -> uint32_t {
      if (!exists || i < back) return kNoPoint;
      const size_t p = i - back;
      return silent_[p] != 0 ? kNoPoint : static_cast<uint32_t>(p);
    };
    uint32_t left = heard(lasers_, true);
    uint32_t left2 = heard(2 * size_t{lasers_}, true);
    const uint32_t up = heard(1, ring > 0);
    const uint32_t up2 = heard(2, ring > 1);
    const uint32_t up_left = heard(lasers_ + size_t{1}, ring > 0);
    const uint32_t down_left = heard(lasers_ - size_t{1}, ring + 1 < lasers_);
    if (left == kNoPoint) left = left2;
    if (left == kNoPoint) left = heard(3 * size_t{lasers_}, true);
    const auto of = [&](uint32_t p, double otherwise) {
      return p == kNoPoint ? otherwise : static_cast<double>(distances_[p]);
    };
    const double any = of(left, of(up, of(down_left, of(up_left, 5000))));
    const double l = of(left, any);
    const double l2 = of(left2, l);
    const double u = of(up, any);
    const double uu = of(up2, u);
    const double ul = of(up_left, u);
    const double dl = of(down_left, l);
    const auto sane = [](double value, double otherwise) {
      return value > 0 && value < 1e8 ? value : otherwise;
    };
    const auto inverse = [](double value) { return 1.0 / (value > 1 ? value : 1); };
    auto& g = blend_.guesses;
    g[0] = l;
    g[1] = sane(2 * l - l2, l);
    g[2] = sane(1.0 / (2 * inverse(l) - inverse(l2)), l);
    g[3] = u;
    g[4] = sane(l + u - ul, l);
    g[5] = sane(1.0 / (inverse(l) + inverse(u) - inverse(ul)), l);
    g[6] = sane(1.0 / (2 * inverse(u) - inverse(uu)), u);
    g[7] = dl;
    g[8] = l2;
    const auto errors_at = [&](uint32_t p) { return p == kNoPoint ? nullptr : &errors_[p]; };
    const double mean = blend_.mix<5>({errors_at(left), errors_at(left2), errors_at(up),
                                       errors_at(up_left), errors_at(down_left)},
                                      1.0);
    const auto guess = static_cast<int64_t>(mean + 0.5);
    const auto near = [&](double value) {
      return static_cast<uint32_t>(
          std::clamp(signed_log(static_cast<int64_t>(value) - guess) + 24, 0, 48));
    };
    const auto surprise = [&](uint32_t p) -> uint32_t {
      return p == kNoPoint ? 31 : around_.surprise[p];
    };
    const auto expected =
        static_cast<uint32_t>(signed_log(static_cast<int64_t>(std::min(blend_.expected, 1e9) * 2)));
    const uint32_t bl = surprise(left);
    const uint32_t bl2 = surprise(left2);
    const uint32_t bu = surprise(up);
    const uint32_t bdl = surprise(down_left);
    const auto far = static_cast<uint32_t>(signed_log(guess));
    const auto laser = static_cast<uint32_t>(ring);
    size_t c = 0;
    const auto add = [&](uint32_t value) {
      distance_.set(c, value * 8 + static_cast<uint32_t>(c));
      ++c;
    };
    add(bl << 5 | bu);
    add(near(u) << 6 | near(l));
    add(expected << 6 | far);
    add(near(dl) << 6 | near(l));
    add(near(g[2]) << 11 | near(l2) << 5 | bl);
    add(laser << 5 | bl);
    add(bu << 15 | bl << 10 | bl2 << 5 | bdl);
    add(near(uu) << 12 | near(u) << 6 | expected);
    const auto length = static_cast<uint32_t>(
        std::bit_width(static_cast<uint64_t>(std::min(blend_.expected, 1e9))));
    const int64_t off = distance_.code(bits, steps - guess, length);
    distances_[i] = std::clamp<int64_t>(sum_of(guess, off), 0, 1 << 30);
    around_.surprise[i] = static_cast<uint8_t>(std::min<uint32_t>(length_of(off), 30));
    around_.range[i] = static_cast<uint32_t>(std::min<int64_t>(distances_[i] + 1, 1 << 24));
    blend_.rate(static_cast<double>(distances_[i]), errors_[i]);
  }

  // Codes where the point is, given a guess. `kind`: 0 with an echo, else without.
  template <class Bits>
  void code_rest(Bits& bits, size_t i, const Vector& guess, uint32_t kind,
                 std::array<std::span<int64_t>, 3>& values, double slope, uint32_t reach,
                 uint32_t ring) {
    const auto length = [](int64_t last) { return std::min<uint32_t>(length_of(last), 40); };
    const uint32_t state = kind << 8 | std::min<uint32_t>(reach, 63);
    double x = 0;
    double y = 0;
    if (plan_.lattice.exists) {
      const Vector p = {axes_[0].real(values[0][i]), axes_[1].real(values[1][i]),
                        axes_[2].real(values[2][i])};
      const int64_t gu = whole(plan_.lattice.u(guess));
      const int64_t gv = whole(plan_.lattice.v(guess));
      const auto prepare = [&](NumberModel& model, int64_t last, int64_t other) {
        model.set(0, state << 6 | length(last));
        model.set(1, kind << 16 | length(last) << 6 | length(other));
        model.set(2, kind << 16 | ring << 6 | std::min<uint32_t>(length(last), 15));
        model.set(3, state << 8 | ring);
      };
      prepare(u_, last_u_, last_v_);
      const int64_t du = u_.code(bits, whole(plan_.lattice.u(p)) - gu, length(last_u_));
      prepare(v_, last_v_, du);
      const int64_t dv = v_.code(bits, whole(plan_.lattice.v(p)) - gv, length(last_v_));
      last_u_ = du;
      last_v_ = dv;
      // The height, as seen from there.
      double z = guess[2];
      const auto first = plan_.lattice.place(static_cast<double>(sum_of(gu, du)),
                                             static_cast<double>(sum_of(gv, dv)), z);
      if (kind == 0) z = height(first[0], first[1], slope);
      code_height(bits, z, state, ring, values[2][i]);
      const auto place =
          plan_.lattice.place(static_cast<double>(sum_of(gu, du)),
                              static_cast<double>(sum_of(gv, dv)), axes_[2].real(values[2][i]));
      x = place[0];
      y = place[1];
      code_rounding(bits, x_, axes_[0], x, std::max(std::abs(x), std::abs(y)), kind, values[0][i]);
      code_rounding(bits, y_, axes_[1], y, std::max(std::abs(x), std::abs(y)), kind, values[1][i]);
      return;
    }
    code_free(bits, u_, axes_[0], guess[0], state, ring, last_u_, values[0][i]);
    code_free(bits, v_, axes_[1], guess[1], state, ring, last_v_, values[1][i]);
    double z = guess[2];
    if (kind == 0) z = height(axes_[0].real(values[0][i]), axes_[1].real(values[1][i]), slope);
    code_height(bits, z, state, ring, values[2][i]);
  }

  double height(double x, double y, double slope) const {
    const double dx = x - origin_[0];
    const double dy = y - origin_[1];
    return origin_[2] + std::sqrt(dx * dx + dy * dy) * slope;
  }

  static int64_t whole(double value) {
    if (!(value > -1e15 && value < 1e15)) return 0;
    return static_cast<int64_t>(value + (value < 0 ? -0.5 : 0.5));
  }

  // Bit length of the steps between values that are `error` apart.
  static uint32_t steps_between(const Axis& axis, double at, double error) {
    return length_of(difference_of(axis.value(at + error), axis.value(at)));
  }
  // Bit length of a size in 1/4096 m, of a kilometre at most.
  static uint32_t exponent(double value) {
    const double size = std::abs(value);
    const double most = size < 1e6 ? size : 1e6;
    return static_cast<uint32_t>(std::bit_width(static_cast<uint64_t>(most * 4096)));
  }

  template <class Bits>
  void code_height(Bits& bits, double guess, uint32_t state, uint32_t ring, int64_t& value) {
    code_one(bits, z_, axes_[2], guess, state, ring, last_z_, z_error_[state >> 8], value);
  }

  template <class Bits>
  void code_free(Bits& bits, NumberModel& model, const Axis& axis, double guess, uint32_t state,
                 uint32_t ring, int64_t& last, int64_t& value) {
    code_one(bits, model, axis, guess, state, ring, last, xy_error_[state >> 8], value);
  }

  template <class Bits>
  void code_one(Bits& bits, NumberModel& model, const Axis& axis, double guess, uint32_t state,
                uint32_t ring, int64_t& last, double& error, int64_t& value) {
    const uint32_t size = exponent(guess);
    const uint32_t expected = steps_between(axis, guess, error);
    const uint32_t before = std::min<uint32_t>(length_of(last), 40);
    model.set(0, expected << 16 | state << 4 | std::min<uint32_t>(before, 15));
    model.set(1, expected << 16 | ring << 6 | before);
    model.set(2, expected << 16 | size << 6 | before);
    model.set(3, expected);
    const int64_t base = axis.value(guess);
    const auto off = difference_of(value, base);
    last = model.code(bits, off, expected);
    value = sum_of(last, base);
    const double away = std::abs(axis.real(value) - guess);
    error += (std::min(away, 1.0) - error) * 0.06;
    error = std::max(error, 1e-9);
  }

  template <class Bits>
  void code_rounding(Bits& bits, NumberModel& model, const Axis& axis, double guess, double most,
                     uint32_t kind, int64_t& value) {
    const uint32_t size = exponent(guess);
    const uint32_t other = exponent(most);
    model.set(0, kind << 12 | size << 6 | other);
    model.set(1, kind << 12 | size << 6 | std::min<uint32_t>(length_of(last_rounding_), 15));
    model.set(2, size);
    const int64_t base = axis.value(guess);
    const auto off = difference_of(value, base);
    last_rounding_ = model.code(bits, off, length_of(last_rounding_));
    value = sum_of(last_rounding_, base);
  }

  static constexpr double kSilent = 0.02;  // metres
  static constexpr double kTiltPrior = 100;

  const SweepPlan& plan_;
  std::array<Axis, 3> axes_;
  Surroundings& around_;
  uint32_t lasers_;
  std::vector<Distances::Errors> errors_;
  std::vector<int64_t> distances_;
  std::vector<uint8_t> silent_;
  Distances blend_;
  size_t column_ = 0;
  size_t last_silent_ = 0;
  Vector base_{}, origin_{}, drift_{};
  bool seen_origin_ = false;
  Level beam_{1, 0}, last_{1, 0}, step_{1, 0};
  WeightedMean turned_, tilted_;
  std::vector<WeightedMean> aside_, slopes_;
  int64_t last_u_ = 0, last_v_ = 0, last_z_ = 0, last_rounding_ = 0;
  std::array<double, 3> z_error_{1e-3, 1e-3, 1e-3}, xy_error_{1e-2, 1e-3, 1e-3};
  DecisionModel same_{1, 4, 2, 1000};
  DecisionModel silence_{4, 12, 16, 500};
  NumberModel distance_;
  NumberModel u_{4, 14, 400}, v_{4, 14, 400}, z_{4, 14, 400}, x_{3, 12, 400}, y_{3, 12, 400};
};

}  // namespace pith::cloudmix

// Codes the points of scanners whose lasers fire in a fixed order (trail.h).
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "codecs/cloudmix/axis.h"
#include "codecs/cloudmix/blend.h"
#include "codecs/cloudmix/number_model.h"
#include "codecs/cloudmix/surroundings.h"
#include "codecs/cloudmix/trail.h"

namespace pith::cloudmix {

class TrailCoder {
 public:
  TrailCoder(const TrailPlan& plan, const std::array<Axis, 3>& axes, size_t points, size_t contexts,
             Surroundings& around)
      : plan_(plan),
        axes_(axes),
        around_(around),
        seen_(points),
        errors_(points),
        distance_(contexts, 14, 400, true) {}

  static uint64_t memory(uint64_t points) {
    return points * (sizeof(Seen) + sizeof(Distances::Errors)) + (uint64_t{8} << 20);
  }

  // `follower(i)`: of a point, for the encoder. False if the code is damaged.
  template <class Bits, class FollowerOf>
  bool code(Bits& bits, std::array<std::span<int64_t>, 3> values, FollowerOf&& follower) {
    size_t i = 0;
    for (const TrailSection& section : plan_.sections) {
      const size_t begin = i;
      for (; i < begin + section.points; ++i) {
        origin_ = place_on(section, i - begin);
        if (!code_point(bits, i, begin, follower(i), values)) return false;
      }
    }
    return true;
  }

 private:
  static constexpr size_t kPredictors = 7;
  using Distances = Blend<kPredictors>;

  struct Seen {
    double x = 1, y = 0;  // direction on the ground
    double slope = 0;
    double turn_x = 1, turn_y = 0;  // from its forerunner, one step
    int64_t distance = 0;
    int32_t turns = 1;
    uint32_t back = 0;
  };

  template <class Bits>
  bool code_point(Bits& bits, size_t i, size_t begin, const Follower& follower,
                  std::array<std::span<int64_t>, 3>& values) {
    Seen& here = seen_[i];
    const int64_t usual = last_back_;
    link_.set(0, last_links_ & 0xF);
    link_.set(1, (last_links_ & 0xFF) << 5 | static_cast<uint32_t>(std::min<int64_t>(usual, 31)));
    // The forerunner's own history: was the one behind it skipped then as well?
    const uint32_t expected_turns = i > begin ? static_cast<uint32_t>(seen_[i - 1].turns) : 1;
    link_.set(2, expected_turns);
    const int64_t off = link_.code(bits, static_cast<int64_t>(follower.back) - usual, 1);
    const int64_t back = sum_of(usual, off);
    if (back < 0 || back > static_cast<int64_t>(i - begin)) return false;
    last_links_ = last_links_ << 2 | (off == 0 ? 0U : back == 0 ? 3U : off < 0 ? 1U : 2U);
    here.back = static_cast<uint32_t>(back);
    if (back > 0) last_back_ = back;
    around_.left[i] = back > 0 ? static_cast<uint32_t>(i - here.back) : kNoPoint;
    if (back > 0) {
      turns_.set(0, expected_turns << 4 | (last_links_ & 15));
      turns_.set(1, static_cast<uint32_t>(std::min<int64_t>(back, 63)));
      turns_.set(2, last_links_ & 3);
      const int64_t turns = sum_of(1, turns_.code(bits, follower.turns - 1, 1));
      if (turns < -64 || turns > 64) return false;
      here.turns = static_cast<int32_t>(turns);
    }
    guess_direction(i, begin);
    const Vector real = {axes_[0].real(values[0][i]), axes_[1].real(values[1][i]),
                         axes_[2].real(values[2][i])};
    const Vector ray = {real[0] - origin_[0], real[1] - origin_[1], real[2] - origin_[2]};
    code_distance(bits, i,
                  std::llround(std::min(std::sqrt(dot(ray, ray)), 1e6) / plan_.distance_step));
    code_rest(bits, i, values);
    learn(i, values);
    return true;
  }

  static void normalise(double& x, double& y) {
    const double size = std::sqrt(x * x + y * y);
    if (size > 1e-12) {
      x /= size;
      y /= size;
    } else {
      x = 1;
      y = 0;
    }
  }

  // Where the laser looks, by its forerunner and what the points before did.
  void guess_direction(size_t i, size_t begin) {
    Seen& here = seen_[i];
    if (here.back == 0) {
      const Seen& before = seen_[i > begin ? i - 1 : i];
      here.x = before.x;
      here.y = before.y;
      here.slope = before.slope;
      return;
    }
    const Seen& there = seen_[i - here.back];
    here.x = there.x;
    here.y = there.y;
    here.slope = there.slope;
    double cx = mean_turn_x_;
    double cy = mean_turn_y_;
    if (i == begin) {
      cx = plan_.turn_cos;
      cy = plan_.turn_sin;
    }
    for (int32_t k = 0; k < here.turns; ++k) {
      const double x = here.x * cx - here.y * cy;
      here.y = here.x * cy + here.y * cx;
      here.x = x;
    }
    normalise(here.x, here.y);
  }

  template <class Bits>
  void code_distance(Bits& bits, size_t i, int64_t steps) {
    Seen& here = seen_[i];
    const uint32_t left = around_.left[i];
    const uint32_t left2 = left == kNoPoint ? kNoPoint : around_.left[left];
    // The nearest direction among the points just before.
    uint32_t up = kNoPoint;
    double nearest = 4e-3;
    for (size_t back = 1; back <= std::min<size_t>(i, kLookBack); ++back) {
      const Seen& other = seen_[i - back];
      const double dx = other.x - here.x;
      const double dy = other.y - here.y;
      const double dz = other.slope - here.slope;
      const double apart = dx * dx + dy * dy + dz * dz;
      if (apart < nearest && i - back != left && i - back != left2) {
        nearest = apart;
        up = static_cast<uint32_t>(i - back);
      }
    }
    around_.up[i] = up;
    const uint32_t up_left = up == kNoPoint ? kNoPoint : around_.left[up];
    const uint32_t before = i > 0 ? static_cast<uint32_t>(i - 1) : kNoPoint;
    const uint32_t before_left = before == kNoPoint ? kNoPoint : around_.left[before];
    const auto of = [&](uint32_t p, double otherwise) {
      return p == kNoPoint ? otherwise : static_cast<double>(seen_[p].distance);
    };
    const double any = of(left, of(up, of(before, 2500)));
    const double l = of(left, any);
    const double l2 = of(left2, l);
    const double u = of(up, l);
    const double ul = of(up_left, u);
    const double b = of(before, l);
    const double bl = of(before_left, b);
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
    g[5] = sane(l * u / (ul > 1 ? ul : 1), l);
    g[6] = sane(l * b / (bl > 1 ? bl : 1), l);
    const auto errors_at = [&](uint32_t p) { return p == kNoPoint ? nullptr : &errors_[p]; };
    const double mean =
        blend_.mix<4>({errors_at(left), errors_at(left2), errors_at(up), errors_at(up_left)}, 1.0);
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
    const uint32_t sl = surprise(left);
    const uint32_t sl2 = surprise(left2);
    const uint32_t su = surprise(up);
    const uint32_t sb = surprise(before);
    const auto far = static_cast<uint32_t>(signed_log(guess));
    size_t c = 0;
    const auto add = [&](uint32_t value) {
      distance_.set(c, value * 8 + static_cast<uint32_t>(c));
      ++c;
    };
    add(sl << 5 | su);
    add(near(u) << 6 | near(l));
    add(expected << 6 | far);
    add(near(g[1]) << 11 | near(l) << 5 | sl);
    add(static_cast<uint32_t>(here.turns & 15) << 10 | sl << 5 | sb);
    add(near(l2) << 5 | sl2);
    add(sb << 15 | sl << 10 | sl2 << 5 | su);
    add(near(g[6]) << 12 | near(u) << 6 | expected);
    const auto length = static_cast<uint32_t>(
        std::bit_width(static_cast<uint64_t>(std::min(blend_.expected, 1e9))));
    const int64_t off = distance_.code(bits, steps - guess, length);
    here.distance = std::clamp<int64_t>(sum_of(guess, off), 0, 1 << 30);
    around_.surprise[i] = static_cast<uint8_t>(std::min<uint32_t>(length_of(off), 30));
    around_.range[i] = static_cast<uint32_t>(std::min<int64_t>(here.distance, 1 << 24));
    blend_.rate(static_cast<double>(here.distance), errors_[i]);
  }

  // The coordinate across the ray, then the one along it, then z.
  template <class Bits>
  void code_rest(Bits& bits, size_t i, std::array<std::span<int64_t>, 3>& values) {
    const Seen& here = seen_[i];
    const double distance = static_cast<double>(here.distance) * plan_.distance_step;
    const double rho = distance / std::sqrt(1 + here.slope * here.slope);
    const size_t across = std::abs(here.x) > std::abs(here.y) ? 1 : 0;
    const size_t along = 1 - across;
    const std::array<double, 2> beam = {here.x, here.y};
    const uint32_t state = here.back == 0 ? 2 : here.turns > 1 ? 1 : 0;
    const auto reach = static_cast<uint32_t>(signed_log(here.distance));
    const double guess = origin_[across] + rho * beam[across];
    code_one(bits, across_, axes_[across], guess, state, reach, across_error_[state], distance,
             last_across_, values[across][i]);
    // With the distance, and how far it is aside, how far it is ahead follows.
    const double aside = axes_[across].real(values[across][i]) - origin_[across];
    const double rest = rho * rho - aside * aside;
    const double ahead = std::sqrt(rest > 0 ? rest : 0);
    code_one(bits, along_, axes_[along], origin_[along] + (beam[along] < 0 ? -ahead : ahead), state,
             reach, along_error_[state], 1, last_along_, values[along][i]);
    const double dx = axes_[0].real(values[0][i]) - origin_[0];
    const double dy = axes_[1].real(values[1][i]) - origin_[1];
    const double z = origin_[2] + std::sqrt(dx * dx + dy * dy) * (here.slope + slope_drift_);
    code_one(bits, height_, axes_[2], z, state, reach, height_error_[state], distance, last_height_,
             values[2][i]);
  }

  // `error`: what such guesses miss by, per `scale`.
  template <class Bits>
  void code_one(Bits& bits, NumberModel& model, const Axis& axis, double guess, uint32_t state,
                uint32_t reach, double& error, double scale, uint32_t& last, int64_t& value) {
    const int64_t base = axis.value(guess);
    const double miss = error * scale;
    const uint32_t expected = length_of(difference_of(axis.value(guess + miss), base));
    model.set(0, expected << 8 | state << 6 | std::min(last, 31U));
    model.set(1, expected << 8 | reach);
    model.set(2, reach << 8 | state << 6 | std::min(last, 31U));
    model.set(3, expected);
    const auto off = difference_of(value, base);
    const int64_t got = model.code(bits, off, expected);
    value = sum_of(got, base);
    last = static_cast<uint32_t>(
        std::max(0, static_cast<int>(length_of(got)) - static_cast<int>(expected) + 12));
    const double away = std::abs(axis.real(value) - guess);
    error += (std::min(away, 1.0) / std::max(scale, 1e-3) - error) * 0.05;
    error = std::clamp(error, 1e-9, 1.0);
  }

  void learn(size_t i, const std::array<std::span<int64_t>, 3>& values) {
    Seen& here = seen_[i];
    const double guessed_slope = here.slope;
    const double x = axes_[0].real(values[0][i]) - origin_[0];
    const double y = axes_[1].real(values[1][i]) - origin_[1];
    const double rho = std::sqrt(x * x + y * y);
    if (!(rho > 1e-3 && rho < 1e7)) return;
    here.x = x / rho;
    here.y = y / rho;
    here.slope = (axes_[2].real(values[2][i]) - origin_[2]) / rho;
    if (here.back == 0 || here.turns != 1) return;
    const double drift = here.slope - guessed_slope;
    if (drift < 0.002 && drift > -0.002) slope_drift_ += (drift - slope_drift_) * 0.05;
    const Seen& there = seen_[i - here.back];
    const double c = here.x * there.x + here.y * there.y;
    const double s = here.y * there.x - here.x * there.y;
    mean_turn_x_ += (c - mean_turn_x_) * kTurnRate;
    mean_turn_y_ += (s - mean_turn_y_) * kTurnRate;
    normalise(mean_turn_x_, mean_turn_y_);
  }

  static constexpr size_t kLookBack = 40;
  static constexpr double kTurnRate = 0.25;

  const TrailPlan& plan_;
  std::array<Axis, 3> axes_;
  Surroundings& around_;
  std::vector<Seen> seen_;
  std::vector<Distances::Errors> errors_;
  Distances blend_;
  Vector origin_{};
  int64_t last_back_ = 24;
  uint32_t last_links_ = 0;
  uint32_t last_across_ = 0, last_along_ = 0, last_height_ = 0;
  double slope_drift_ = 0;
  double mean_turn_x_ = plan_.turn_cos, mean_turn_y_ = plan_.turn_sin;
  std::array<double, 3> across_error_{1e-3, 1e-3, 0.1}, along_error_{2e-3, 2e-3, 0.1},
      height_error_{1e-3, 1e-3, 0.1};
  NumberModel link_{3, 12, 255}, turns_{3, 10, 255};
  NumberModel distance_;
  NumberModel across_{4, 14, 400}, along_{4, 14, 400}, height_{4, 14, 400};
};

}  // namespace pith::cloudmix

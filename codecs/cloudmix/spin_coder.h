// Codes the points of a spinning scanner that lie laser by laser (spin.h).
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "codecs/cloud/spin.h"
#include "codecs/cloudmix/blend.h"
#include "codecs/cloudmix/number_model.h"
#include "codecs/cloudmix/surroundings.h"

namespace pith::cloudmix {

using cloud::SpinGeometry;
using cloud::SpinPlan;
using cloud::SpinPoint;

class SpinCoder {
 public:
  static constexpr int kLog = 16;

  SpinCoder(const SpinPlan& plan, size_t points, size_t contexts, Surroundings& around)
      : plan_(plan),
        geometry_(plan),
        around_(around),
        fired_(plan.steps, 0),
        at_step_(2 * size_t{plan.steps}, kNoPoint),
        steps_(points),
        distances_(points),
        errors_(points),
        walk_(std::min<size_t>(contexts, 6), 14, 16, 255),
        distance_(contexts, kLog, 400) {}

  static uint64_t memory(uint64_t points, uint64_t steps) {
    return points * (16 + sizeof(Distances::Errors)) + steps * 32 +
           DecisionModel::memory(6, 14, 16) + NumberModel::memory(8, kLog) +
           4 * NumberModel::memory(3, 12);
  }

  // Codes x, y and z; decoding, fills them. `locate(i)` gives the steps of a point.
  template <class Bits, class Locate>
  bool code(Bits& bits, std::span<int64_t> x, std::span<int64_t> y, std::span<int64_t> z,
            Locate&& locate) {
    size_t i = 0;
    for (size_t laser = 0; laser < plan_.lasers.size(); ++laser) {
      const size_t end = i + plan_.lasers[laser].points;
      const size_t begin = i;
      for (; i < end; ++i) {
        const SpinPoint at = locate(i);
        around_.line[i] = static_cast<uint16_t>(laser);
        around_.left[i] = i > begin ? static_cast<uint32_t>(i - 1) : kNoPoint;
        code_step(bits, i, at.step);
        code_distance(bits, i, begin, at.distance);
        if (distances_[i] > kMostDistance || distances_[i] < -kMostDistance) return false;
        const auto place = geometry_.place(laser, steps_[i], distances_[i]);
        const auto seen = static_cast<uint32_t>(last_rests_);
        for (NumberModel* rest : {&x_rest_, &y_rest_, &z_rest_}) {
          rest->set(0, seen);
          rest->set(1, static_cast<uint32_t>(laser));
          rest->set(2, around_.surprise[i]);
        }
        const int64_t rx = x_rest_.code(bits, difference_of(x[i], place.x), 1, 0);
        const int64_t ry = y_rest_.code(bits, difference_of(y[i], place.y), 1, rx != 0 ? 1 : 0);
        x[i] = sum_of(rx, place.x);
        y[i] = sum_of(ry, place.y);
        // What is off its ray still lies on its cone.
        const bool stray = rx > 1 || rx < -1 || ry > 1 || ry < -1;
        const int64_t level = stray ? geometry_.height_at(laser, x[i], y[i]) : place.z;
        const int64_t rz = z_rest_.code(bits, difference_of(z[i], level), 1, stray ? 1 : 0);
        z[i] = sum_of(rz, level);
        last_rests_ = (last_rests_ << 1 | (rx != 0 || ry != 0 || rz != 0 ? 1U : 0U)) & 7;
      }
      finish_line(begin, end);
    }
    return true;
  }

 private:
  static constexpr size_t kPredictors = 9;
  using Distances = Blend<kPredictors>;
  static constexpr int64_t kMostDistance = int64_t{1} << 40;

  size_t wrap(int64_t step) const {
    const auto turn = static_cast<int64_t>(plan_.steps);
    const int64_t rest = step % turn;
    return static_cast<size_t>(rest < 0 ? rest + turn : rest);
  }

  // The steps between two points are walked: is there a point at this one? Lasers fire together.
  template <class Bits>
  void code_step(Bits& bits, size_t i, int64_t step) {
    const bool first = around_.left[i] == kNoPoint;
    const int64_t before = i > 0 ? steps_[i - 1] : 0;
    const int64_t ahead = step - before;
    const bool walks = !first && ahead > 0 && ahead < kMostWalk;
    irregular_.set(0, first ? 1 : 0);
    if (irregular_.decide(bits, walks ? 0 : 1, 0, 0) != 0) {
      jump_.set(0, first ? 1 : 0);
      jump_.set(1, 0);
      jump_.set(2, 0);
      steps_[i] =
          std::clamp(sum_of(before, jump_.code(bits, ahead, 5, 0)), -kMostSteps, kMostSteps);
      gaps_ = 0;
      return;
    }
    int64_t at = before;
    for (uint32_t walked = 1;; ++walked) {
      ++at;
      if (walked == kMostWalk - 1) break;
      const uint32_t now = fired_[wrap(at)];
      const uint32_t next = fired_[wrap(at + 1)];
      const uint32_t last = fired_[wrap(at - 1)];
      const uint32_t far = std::min<uint32_t>(walked, 7);
      walk_.set(0, now << 3 | far);
      walk_.set(1, (now & 15) << 11 | (next & 15) << 7 | (last & 15) << 3 | far);
      walk_.set(2, gaps_ << 4 | std::min<uint32_t>(walked, 15));
      walk_.set(3, (now & 7) << 16 | (gaps_ & 0xFF) << 3 | far);
      walk_.set(4, std::min<uint32_t>(walked, 63) << 8 | (now & 3) << 6 | (next & 1) << 5);
      walk_.set(5, static_cast<uint32_t>(std::popcount(now)) << 20 |
                       static_cast<uint32_t>(std::popcount(next)) << 12 |
                       static_cast<uint32_t>(std::popcount(last)) << 4 | far);
      if (walk_.decide(bits, at == step ? 1 : 0, far, 8 + (now & 7)) != 0) break;
    }
    steps_[i] = at;
    gaps_ = (gaps_ << 4 | std::min<uint32_t>(static_cast<uint32_t>(at - before), 15)) & 0xFFF;
  }

  template <class Bits>
  void code_distance(Bits& bits, size_t i, size_t begin, int64_t distance) {
    const size_t bin = wrap(steps_[i]);
    const size_t turn = plan_.steps;
    const auto of = [&](uint32_t p, double otherwise) {
      return p == kNoPoint ? otherwise : static_cast<double>(distances_[p]);
    };
    const uint32_t up = at_step_[bin];
    const uint32_t up_up = at_step_[turn + bin];
    const uint32_t up_right = at_step_[wrap(steps_[i] + 2)];
    around_.up[i] = up;
    const bool has_left = i > begin;
    const uint32_t left = has_left ? static_cast<uint32_t>(i - 1) : up;
    const uint32_t left2 = i > begin + 1 ? static_cast<uint32_t>(i - 2) : left;
    const uint32_t up_left = has_left ? at_step_[wrap(steps_[i - 1])] : up;
    const double u0 = of(up, of(left, 5000));
    const double l = of(left, u0);
    const double l2 = of(left2, l);
    const double u = u0;
    const double uu = of(up_up, u);
    const double ur = of(up_right, u);
    const double ul = of(up_left, u);
    double ahead = 1;
    if (i > begin + 1) {
      const auto now = static_cast<double>(steps_[i] - steps_[i - 1]);
      const auto then = static_cast<double>(steps_[i - 1] - steps_[i - 2]);
      if (then != 0) ahead = std::clamp(now / then, 0.0, 2.0);
    }
    const auto sane = [](double value, double otherwise) {
      return value > 0 && value < 1e7 ? value : otherwise;
    };
    const auto inverse = [](double value) { return 1.0 / (value > 1 ? value : 1); };
    const double il = inverse(l);
    const double il2 = inverse(l2);
    auto& g = blend_.guesses;
    g[0] = l;
    g[1] = sane(l + (l - l2) * ahead, l);
    g[2] = sane(1.0 / (il + (il - il2) * ahead), l);
    g[3] = u;
    g[4] = sane(l + u - ul, l);
    g[5] = sane(1.0 / (il + inverse(u) - inverse(ul)), l);
    g[6] = sane(1.0 / (2 * inverse(u) - inverse(uu)), u);
    g[7] = sane(l + (ur - ul) * 0.5, l);
    g[8] = (l + u) * 0.5;
    const auto errors_at = [&](uint32_t p) { return p == kNoPoint ? nullptr : &errors_[p]; };
    const double mean = blend_.mix<5>(
        {errors_at(left), errors_at(left2), errors_at(up), errors_at(up_right), errors_at(up_left)},
        1.0);
    const auto guess = static_cast<int64_t>(mean + 0.5);

    const auto near = [&](double value) {
      return static_cast<uint32_t>(
          std::clamp(signed_log(static_cast<int64_t>(value) - guess) + 24, 0, 48));
    };
    const uint32_t expected =
        static_cast<uint32_t>(signed_log(static_cast<int64_t>(blend_.expected * 2)));
    const auto surprise = [&](uint32_t p) -> uint32_t {
      return p == kNoPoint ? 31 : around_.surprise[p];
    };
    const uint32_t bl = surprise(left);
    const uint32_t bl2 = surprise(left2);
    const uint32_t bu = surprise(up);
    const uint32_t bur = surprise(up_right);
    const auto distance_class = static_cast<uint32_t>(signed_log(guess));
    const uint32_t gap = gaps_ & 15;
    size_t c = 0;
    const auto add = [&](uint32_t value) {
      distance_.set(c, value * 8 + static_cast<uint32_t>(c));
      ++c;
    };
    add(bl << 5 | bu);
    add(near(u) << 6 | near(l));
    add(expected << 6 | distance_class);
    add(near(u) << 6 | near(ur));
    add(near(g[2]) << 11 | near(l) << 5 | bl);
    add(static_cast<uint32_t>(around_.line[i]) << 6 | bl);
    add(gap << 15 | bl << 10 | bl2 << 5 | bur);
    add(near(uu) << 12 | near(u) << 6 | expected);
    const uint32_t length = static_cast<uint32_t>(
        std::bit_width(static_cast<uint64_t>(blend_.expected < 1e9 ? blend_.expected : 1e9)));
    const int64_t off =
        distance_.code(bits, distance - guess, length, std::min<uint32_t>(expected, 63));
    distances_[i] = std::clamp(sum_of(guess, off), -kMostDistance - 1, kMostDistance + 1);
    around_.surprise[i] = static_cast<uint8_t>(std::min<uint32_t>(length_of(off), 30));
    around_.range[i] = static_cast<uint32_t>(std::clamp<int64_t>(distances_[i], 0, 1 << 24));
    blend_.rate(static_cast<double>(distances_[i]), errors_[i]);
  }

  // Where the line's points lie, for the lines to come.
  void finish_line(size_t begin, size_t end) {
    if (begin == end) return;
    const size_t turn = plan_.steps;
    for (auto& seen : fired_) seen = static_cast<uint8_t>(seen << 1);
    std::copy_n(at_step_.begin(), turn, at_step_.begin() + static_cast<std::ptrdiff_t>(turn));
    std::fill_n(at_step_.begin(), turn, kNoPoint);
    for (size_t i = begin; i < end; ++i) {
      const size_t bin = wrap(steps_[i]);
      fired_[bin] |= 1;
      at_step_[bin] = static_cast<uint32_t>(i);
    }
    // Steps without a point take the nearest one, in two sweeps.
    std::vector<uint32_t>& away = scratch_;
    away.assign(turn, 0xFFFF);
    for (int round = 0; round < 2; ++round) {
      for (size_t k = 0; k < turn; ++k) spread(away, k, k == 0 ? turn - 1 : k - 1);
    }
    for (int round = 0; round < 2; ++round) {
      for (size_t k = turn; k-- > 0;) spread(away, k, k + 1 == turn ? 0 : k + 1);
    }
  }
  void spread(std::vector<uint32_t>& away, size_t k, size_t from) {
    if (at_step_[k] != kNoPoint && away[k] == 0xFFFF) away[k] = 0;
    if (at_step_[from] != kNoPoint && away[from] + 1 < away[k]) {
      away[k] = away[from] + 1;
      at_step_[k] = at_step_[from];
    }
  }

  static constexpr uint32_t kMostWalk = 1000;
  static constexpr int64_t kMostSteps = int64_t{1} << 40;

  const SpinPlan& plan_;
  SpinGeometry geometry_;
  Surroundings& around_;
  std::vector<uint8_t> fired_;     // for each step: the last lines that had a point there
  std::vector<uint32_t> at_step_;  // the nearest point of the last line and of the one before
  std::vector<uint32_t> scratch_;
  std::vector<int64_t> steps_;
  std::vector<int64_t> distances_;
  std::vector<Distances::Errors> errors_;
  Distances blend_;
  uint32_t gaps_ = 0;
  uint32_t last_rests_ = 0;
  DecisionModel irregular_{1, 4, 2, 255};
  NumberModel jump_{3, 10, 255};
  DecisionModel walk_;
  NumberModel distance_;
  NumberModel x_rest_{3, 12, 1000}, y_rest_{3, 12, 1000}, z_rest_{3, 12, 1000};
};

}  // namespace pith::cloudmix

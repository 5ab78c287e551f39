// Codes the numbers of a field of which nothing is known but the numbers before and around them.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "codecs/cloudmix/blend.h"
#include "codecs/cloudmix/number_model.h"
#include "codecs/cloudmix/surroundings.h"

namespace pith::cloudmix {

// What was wrong with the predictions of the fields of each point that came before: fields of a
// point surprise together.
struct Surprises {
  std::vector<uint8_t> last;    // bit length, of the field before
  std::vector<uint8_t> before;  // of the one before that
  std::vector<uint8_t> sign;    // of the field before

  explicit Surprises(size_t points) : last(points, 0), before(points, 0), sign(points, 0) {}
  static constexpr uint64_t memory(uint64_t points) { return points * 3; }
};

// Numbers that change slowly from point to point or from line to line.
class SmoothCoder {
 public:
  explicit SmoothCoder(size_t contexts) : model_(contexts, 15, 500, true) {}

  static uint64_t memory(uint64_t points) {
    return NumberModel::memory(kMaxContexts, 15) + points * sizeof(Guesses::Errors);
  }

  template <class Bits>
  void code(Bits& bits, const Surroundings& around, Surprises& surprises,
            std::span<int64_t> values) {
    std::vector<Guesses::Errors> errors(values.size());
    uint32_t last = 0;
    uint32_t last2 = 0;
    uint32_t last_sign = 0;
    for (size_t i = 0; i < values.size(); ++i) {
      const uint32_t left = around.left[i];
      const uint32_t up = around.up[i];
      const uint32_t left2 = left == kNoPoint ? kNoPoint : around.left[left];
      const uint32_t up_left = up == kNoPoint ? kNoPoint : around.left[up];
      const uint32_t up_right = up != kNoPoint && up + 1 < i ? up + 1 : up;
      const int64_t base = left != kNoPoint ? values[left] : up != kNoPoint ? values[up] : 0;
      // Distances from the base, so that doubles hold them exactly enough.
      const auto at = [&](uint32_t p, double otherwise) {
        return p == kNoPoint ? otherwise : difference(values[p], base);
      };
      const double l = at(left, 0);
      const double l2 = at(left2, l);
      const double u = at(up, l);
      const double ul = at(up_left, u);
      const double ur = at(up_right, u);
      auto& g = blend_.guesses;
      g[0] = l;
      g[1] = 2 * l - l2;
      g[2] = u;
      g[3] = l + u - ul;
      g[4] = (l + u) * 0.5;
      g[5] = l + (ur - ul) * 0.5;
      const auto errors_at = [&](uint32_t p) { return p == kNoPoint ? nullptr : &errors[p]; };
      const double mean = blend_.mix<4>(
          {errors_at(left), errors_at(left2), errors_at(up), errors_at(up_right)}, 0.5);
      const int64_t away = whole(mean);
      const auto near = [&](double value) {
        return static_cast<uint32_t>(std::clamp(signed_log(whole(value) - away) + 40, 0, 80));
      };
      const auto expected = static_cast<uint32_t>(
          std::bit_width(static_cast<uint64_t>(std::min(blend_.expected, 1e15))));
      const uint32_t up_length = up == kNoPoint ? 63 : lengths_at(errors[up]);
      const uint32_t other = surprises.last[i];
      const uint32_t signs = surprises.sign[i] << 1U | last_sign;
      size_t c = 0;
      const auto add = [&](uint32_t value) {
        if (c < kMaxContexts) model_.set(c, value * 8 + static_cast<uint32_t>(c));
        ++c;
      };
      add(expected << 6 | other);
      add(last << 12 | other << 6 | surprises.before[i]);
      add(last << 12 | last2 << 6 | up_length);
      add(near(u) << 8 | near(l));
      add(expected << 2 | signs);
      add(other << 12 | up_length << 2 | signs);
      add(near(g[1]) << 8 | last);
      add(static_cast<uint32_t>(around.line[i]) << 6 | expected);
      const int64_t guess =
          static_cast<int64_t>(static_cast<uint64_t>(base) + static_cast<uint64_t>(away));
      const auto off =
          static_cast<int64_t>(static_cast<uint64_t>(values[i]) - static_cast<uint64_t>(guess));
      const int64_t got = model_.code(bits, off, expected);
      values[i] = static_cast<int64_t>(static_cast<uint64_t>(guess) + static_cast<uint64_t>(got));
      blend_.rate(difference(values[i], base), errors[i]);
      last2 = last;
      last = std::min<uint32_t>(length_of(got), 63);
      last_sign = got < 0 ? 1 : 0;
      surprises.before[i] = surprises.last[i];
      surprises.last[i] = static_cast<uint8_t>(last);
      surprises.sign[i] = static_cast<uint8_t>(last_sign);
    }
  }

 private:
  static constexpr size_t kPredictors = 6;
  using Guesses = Blend<kPredictors>;

  static double difference(int64_t a, int64_t b) {
    return static_cast<double>(
        static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b)));
  }
  static int64_t whole(double value) {
    if (!(value > -9e17 && value < 9e17)) return 0;
    return static_cast<int64_t>(value + (value < 0 ? -0.5 : 0.5));
  }
  static uint32_t lengths_at(const Guesses::Errors& errors) {
    return static_cast<uint32_t>(std::bit_width(static_cast<uint64_t>(errors[0])));
  }

  Guesses blend_;
  NumberModel model_;
};

// Floats that have little to do with those before: sign, exponent and the upper bits of the
// mantissa are modelled, the rest is as it is. The values are ordered bit patterns (kOrder) or
// plain ones.
class RoughCoder {
 public:
  static constexpr uint32_t kModelled = 12;  // bits

  RoughCoder(size_t contexts, uint32_t bits)
      : bits_(bits), model_(std::min<size_t>(contexts, 6), 16, size_t{1} << kModelled, 1000) {}

  static uint64_t memory() { return DecisionModel::memory(6, 16, size_t{1} << kModelled); }

  // `bits`: of the patterns. A pattern has its sign at the top.
  template <class Bits>
  uint64_t code(Bits& coder, uint64_t pattern, uint32_t column, uint32_t left, uint32_t up) {
    const uint32_t modelled = std::min(bits_, kModelled);
    const uint32_t low = bits_ - modelled;
    size_t c = 0;
    const auto add = [&](uint32_t value) {
      model_.set(c, value * 8 + static_cast<uint32_t>(c));
      ++c;
    };
    add(0);
    add(column << 12 | left);
    add(column << 12 | left >> 3);
    add(column << 12 | up >> 3);
    add(left >> 3 << 12 | up >> 3);
    add(column);
    uint32_t node = 1;
    for (uint32_t k = modelled; k-- > 0;) {
      node =
          node << 1 | model_.decide(coder, static_cast<uint32_t>(pattern >> (low + k) & 1), node);
    }
    const uint64_t upper_bits = node - (1U << modelled);
    if (low == 0) return upper_bits;
    return upper_bits << low | coder.raw(pattern & ((uint64_t{1} << low) - 1), low);
  }
  // What the contexts take of a pattern.
  uint32_t upper(uint64_t pattern) const {
    return static_cast<uint32_t>(pattern >> (bits_ - std::min(bits_, kModelled)));
  }

 private:
  uint32_t bits_;
  DecisionModel model_;
};

// Bytes, by the bytes before.
class ByteCoder {
 public:
  ByteCoder() = default;
  static uint64_t memory() { return DecisionModel::memory(5, 16, 256); }

  template <class Bits>
  uint8_t code(Bits& bits, uint8_t byte) {
    model_.set(0, history_ & 0xFF);
    model_.set(1, (history_ & 0xFFFF) * 3 + 1);
    model_.set(2, (history_ & 0xFFFFFF) * 5 + 2);
    model_.set(3, history_ * 7 + 3);
    model_.set(4, 0);
    uint32_t node = 1;
    for (int k = 7; k >= 0; --k) {
      const uint32_t bit = static_cast<uint32_t>(byte) >> k & 1;
      node = node << 1 | model_.decide(bits, bit, node);
    }
    history_ = history_ << 8 | (node & 0xFF);
    return static_cast<uint8_t>(node);
  }

 private:
  uint32_t history_ = 0;
  DecisionModel model_{5, 16, 256, 250};
};

}  // namespace pith::cloudmix

// The modelling core of this codec: decisions and numbers, predicted by mixing what several
// contexts have seen.
//
// A decision is predicted by one adaptive probability for each context (codecs/model/), which two
// small perceptrons mix in the logistic domain; the mean of both is refined by an adaptive
// probability map. All in integers. A Bits gives `uint32_t code(uint32_t bit, uint32_t p)`: the
// encoder codes the bit with the probability of a 1 in 1/65536 and returns it, the decoder ignores
// the argument and returns what it has decoded. So one text describes both directions.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codecs/model/apm.h"
#include "codecs/model/history_map.h"
#include "codecs/model/logistic.h"

namespace pith::cloudmix {

inline constexpr size_t kMaxContexts = 8;

// Predicts decisions. Contexts share one node numbering; `Contexts` is how many are mixed.
class DecisionModel {
 public:
  // `log`: of the slots of each context. `nodes`: bound of the numbers that select weights.
  // `limit`: of the count of an adaptive probability, beyond which it forgets.
  DecisionModel(size_t contexts, int log, size_t nodes, uint32_t limit)
      : contexts_(contexts),
        shift_(32 - log),
        limit_(limit),
        size_(size_t{1} << log),
        slots_(contexts << log),
        weights_(2 * nodes),
        knots_(nodes * model::kApmKnots),
        apm_(knots_),
        nodes_(nodes) {
    for (Weights& row : weights_) {
      for (size_t c = 0; c < contexts; ++c) {
        row.exact[c] = kFirstSum / static_cast<int32_t>(contexts);
        row.upper[c] = static_cast<int16_t>(row.exact[c] >> 4);
      }
    }
  }

  static constexpr uint64_t memory(size_t contexts, int log, size_t nodes) {
    return (uint64_t{contexts} << log) * sizeof(Slot) + nodes * 2 * sizeof(Weights) +
           nodes * model::kApmKnots * sizeof(uint16_t);
  }

  // The value of context c for the decisions to come.
  void set(size_t c, uint32_t value) {
    if (c < contexts_) keys_[c] = (value + 1) * 0x9E3779B1U;
  }

  // `node`: what is decided, below `nodes`. `group`: a second choice of weights, below `nodes`.
  template <class Bits>
  uint32_t decide(Bits& bits, uint32_t bit, uint32_t node, uint32_t group) {
    // The number of contexts is known to the compiler in each of these: the loops are unrolled.
    switch (contexts_) {
      case 1:
        return decide_by<1>(bits, bit, node, group);
      case 2:
        return decide_by<2>(bits, bit, node, group);
      case 3:
        return decide_by<3>(bits, bit, node, group);
      case 4:
        return decide_by<4>(bits, bit, node, group);
      case 5:
        return decide_by<5>(bits, bit, node, group);
      case 6:
        return decide_by<6>(bits, bit, node, group);
      case 7:
        return decide_by<7>(bits, bit, node, group);
      default:
        return decide_by<8>(bits, bit, node, group);
    }
  }

 private:
  using Slot = model::AdaptiveProbability;
  static constexpr uint32_t kSure = 160;
  static constexpr int32_t kFirstSum = 80000;  // of the first weights; 65536 is 1.0

  // Weights as they are learned, and their upper parts (4096 is 1.0), with which inputs are mixed.
  struct Weights {
    alignas(16) std::array<int32_t, kMaxContexts> exact{};
    alignas(16) std::array<int16_t, kMaxContexts> upper{};
  };

  template <size_t kContexts, class Bits>
  [[gnu::noinline]] uint32_t decide_by(Bits& bits, uint32_t bit, uint32_t node, uint32_t group) {
    // Inputs that are none stay 0.
    constexpr size_t kLanes = kContexts <= 4 ? 4 : 8;
    const uint32_t salt = node * 0x85EBCA6BU;
    std::array<Slot*, kContexts> slots;
    alignas(16) std::array<int16_t, kLanes> inputs{};
    Slot* table = slots_.data();
    for (size_t c = 0; c < kContexts; ++c, table += size_) {
      slots[c] = table + (((keys_[c] ^ salt) * 0xC2B2AE35U) >> shift_);
    }
    if (const uint32_t sure = slots[0]->p16(); sure < kSure || sure >= 65536 - kSure) {
      const uint32_t got = bits.code(bit, std::clamp<uint32_t>(sure, 1, 65535));
      slots[0]->update(got, model::kMaxRateCount);
      return got;
    }
    for (size_t c = 0; c < kContexts; ++c) {
      inputs[c] = static_cast<int16_t>(model::stretch(slots[c]->p16()));
    }
    Weights& first = weights_[node];
    (void)group;
    const int mixed = dot<kLanes>(inputs, first);
    const uint32_t p = std::clamp<uint32_t>(model::squash(mixed), 16, 65536 - 16);
    const uint32_t got = bits.code(bit, p);
    const auto target = static_cast<int32_t>(got << 16);
    train<kLanes>(inputs, first, target - static_cast<int32_t>(p));
    for (size_t c = 0; c < kContexts; ++c) slots[c]->update(got, limit_);
    return got;
  }

  template <size_t kLanes>
  static int dot(const std::array<int16_t, kLanes>& inputs, const Weights& weights) {
    int32_t sum = 0;
    for (size_t i = 0; i < kLanes; ++i) sum += inputs[i] * weights.upper[i];
    return model::clamp_stretch(sum >> 12);
  }
  template <size_t kLanes>
  static void train(const std::array<int16_t, kLanes>& inputs, Weights& weights, int32_t error) {
    const auto step = static_cast<int16_t>(error >> 4);
    for (size_t i = 0; i < kLanes; ++i) {
      // |input · step| < 2^24, and a weight stays within ±8 because its input's share saturates.
      const int32_t moved = weights.exact[i] + ((inputs[i] * step + (1 << 11)) >> 12);
      const int32_t kept = moved > kMaxWeight ? kMaxWeight : moved;
      weights.exact[i] = kept < -kMaxWeight ? -kMaxWeight : kept;
      weights.upper[i] = static_cast<int16_t>(weights.exact[i] >> 4);
    }
  }
  static constexpr int32_t kMaxWeight = (8 << 16) - 1;

  size_t contexts_;
  int shift_;
  uint32_t limit_;
  size_t size_;  // slots of a context
  std::vector<Slot> slots_;
  std::vector<Weights> weights_;
  std::vector<uint16_t> knots_;
  model::Apm apm_;
  size_t nodes_;
  std::array<uint32_t, kMaxContexts> keys_{};
};

// Codes signed numbers: zero or not, sign, bit length (walked from the one that is expected), then
// the bits below the leading one. Of these the first kMixed are predicted by the contexts, those up
// to kModelled by the bits above them alone, the rest not at all.
class NumberModel {
 public:
  static constexpr uint32_t kMixed = 0;
  static constexpr uint32_t kModelled = 3;
  static constexpr uint32_t kMaxLength = 63;

  NumberModel(size_t contexts, int log, uint32_t limit)
      : model_(contexts, log, kNodes, limit), limit_(limit), plain_(kNodes - kMantissa) {}

  static constexpr uint64_t memory(size_t contexts, int log) {
    return DecisionModel::memory(contexts, log, kNodes) +
           (kNodes - kMantissa) * sizeof(model::AdaptiveProbability);
  }

  void set(size_t c, uint32_t value) { model_.set(c, value); }

  // Bits give `uint64_t raw(uint64_t value, uint32_t count)` too, for bits without a prediction.
  // `expected`: the bit length from which the walk starts. `group`: below kGroups.
  template <class Bits>
  int64_t code(Bits& bits, int64_t value, uint32_t expected, uint32_t group) {
    const uint64_t size =
        value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
    const auto length = static_cast<uint32_t>(std::bit_width(size));
    if (model_.decide(bits, length == 0, 0, group) != 0) return 0;
    const uint32_t negative = model_.decide(bits, value < 0, 1, kGroups + group);
    const uint32_t got_length = code_length(bits, length, expected, negative, 2 * kGroups + group);
    uint64_t result = 1;
    const uint32_t modelled = std::min(got_length - 1, kModelled);
    for (uint32_t k = 1; k <= modelled; ++k) {
      const uint32_t bit = (size >> (got_length - 1 - k)) & 1;
      const uint32_t node = std::min(got_length, kMaxModelled) * (1U << kModelled) +
                            (static_cast<uint32_t>(result) & ((1U << (k - 1)) - 1)) +
                            (1U << (k - 1)) - 1;
      uint32_t got = 0;
      if (k <= kMixed) {
        got = model_.decide(bits, bit, kMantissa + node, 3 * kGroups + k);
      } else {
        model::AdaptiveProbability& p = plain_[node];
        got = bits.code(bit, std::clamp<uint32_t>(p.p16(), 16, 65536 - 16));
        p.update(got, limit_);
      }
      result = result << 1 | got;
    }
    const uint32_t rest = got_length - 1 - modelled;
    if (rest > 0) result = result << rest | bits.raw(size & ((uint64_t{1} << rest) - 1), rest);
    return negative != 0 ? static_cast<int64_t>(0 - result) : static_cast<int64_t>(result);
  }

  static constexpr uint32_t kGroups = 64;

 private:
  static constexpr uint32_t kMaxModelled = 24;
  static constexpr uint32_t kLengths = 4;
  static constexpr uint32_t kMantissa = kLengths + 4 * (kMaxLength + 1);
  static constexpr uint32_t kNodes = kMantissa + (kMaxModelled + 1) * (1U << kModelled);
  static_assert(kNodes >= 4 * kGroups);

  template <class Bits>
  uint32_t code_length(Bits& bits, uint32_t length, uint32_t expected, uint32_t negative,
                       uint32_t group) {
    // Decisions "longer than j", upwards or downwards from the expected length.
    uint32_t j = std::clamp<uint32_t>(expected, 1, kMaxLength - 1);
    const auto longer = [&](uint32_t up) {
      return model_.decide(bits, length > j, kLengths + (j * 2 + up) * 2 + negative, group) != 0;
    };
    if (longer(1)) {
      while (++j < kMaxLength && longer(1)) {
      }
      return j;
    }
    while (j > 1) {
      --j;
      if (longer(0)) return j + 1;
    }
    return 1;
  }

  DecisionModel model_;
  uint32_t limit_;
  std::vector<model::AdaptiveProbability> plain_;
};

// Sums and differences modulo 2^64: a damaged payload may have any numbers.
inline int64_t sum_of(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
inline int64_t difference_of(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}

// Bit length of the size of a number; contexts are made of it.
inline uint32_t length_of(int64_t value) {
  return static_cast<uint32_t>(
      std::bit_width(value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value)));
}

// Signed logarithm in half octaves, about: 0, ±1, ±2, …
inline int32_t signed_log(int64_t value) {
  const uint64_t size = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  if (size == 0) return 0;
  const auto length = static_cast<int>(std::bit_width(size));
  const int half = length >= 2 ? static_cast<int>(size >> (length - 2) & 1) : 0;
  const int log = 2 * length - 1 + half;
  return value < 0 ? -log : log;
}

}  // namespace pith::cloudmix

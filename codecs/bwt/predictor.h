// Prediction of one binary decision: adaptive counters, mixed in the logistic domain, corrected by
// an adaptive probability map.
//
// Sources: the gated logistic mixing of PAQ (Mahoney, Adaptive weighing of context models for
// lossless data compression, 2005) and its secondary estimation.
#pragma once

#include <array>
#include <vector>

#include "codecs/bwt/logistic.h"

namespace pith::bwt {

// A probability of 1 in the upper 22 bits, the number of decisions seen in the lower 10. The first
// decisions count as in an average; from `limit` on the counter forgets at a steady rate.
using Counter = uint32_t;
inline constexpr Counter kNewCounter = Counter{1} << 31;
inline constexpr uint32_t kCountMask = 1023;

// 65536 / (n + 1.6).
constexpr std::array<int32_t, 256> make_counter_rates() {
  std::array<int32_t, 256> rates{};
  for (size_t n = 0; n < rates.size(); ++n) {
    rates[n] = static_cast<int32_t>(655360 / (10 * n + 16));
  }
  return rates;
}
inline constexpr auto kCounterRates = make_counter_rates();

inline uint32_t probability_of(Counter counter) { return counter >> 16; }

// `limit`: at most 255.
inline void update(Counter& counter, bool bit, uint32_t limit) {
  const uint32_t count = counter & kCountMask;
  // The whole counter is taken for the probability: its count is less than 2^-22 of it.
  const int64_t target = -static_cast<int64_t>(bit) & 0xFFFFFFFF;
  const int64_t step = ((target - int64_t{counter}) * kCounterRates[count]) >> 16;
  counter = (counter + (static_cast<uint32_t>(step) & ~kCountMask)) + (count < limit ? 1 : 0);
}

// Maps a logit to a probability, apart for every context: 33 knots, straight lines between them.
class ProbabilityMap {
 public:
  explicit ProbabilityMap(size_t contexts) : knots_(contexts * kKnots) {
    for (size_t i = 0; i < knots_.size(); ++i) {
      const int32_t logit = static_cast<int32_t>(i % kKnots) * kStep - 2048;
      knots_[i] = static_cast<uint16_t>(squash(std::clamp(logit, -kMaxLogit, kMaxLogit)));
    }
  }
  static uint64_t memory(size_t contexts) { return contexts * kKnots * sizeof(uint16_t); }

  uint32_t refine(int32_t logit, size_t context) {
    const auto position = static_cast<uint32_t>(logit + 2048);
    const uint32_t weight = position % kStep;
    uint16_t* knot = &knots_[context * kKnots + position / kStep];
    nearest_ = knot + (weight >= kStep / 2 ? 1 : 0);
    return (knot[0] * (kStep - weight) + knot[1] * weight) / kStep;
  }

  void update(bool bit) {
    const int32_t target = bit ? 65535 : 0;
    *nearest_ = static_cast<uint16_t>(*nearest_ + ((target - *nearest_) >> kRate));
  }

 private:
  static constexpr size_t kKnots = 33;
  static constexpr int32_t kStep = 128;
  static constexpr int kRate = 6;

  std::vector<uint16_t> knots_;
  uint16_t* nearest_ = nullptr;
};

// The weights learn fast at first: 4 + 20000 / (1000 + decisions), by steps of 256 decisions.
inline constexpr uint32_t kLearningStep = 256;
constexpr std::array<int32_t, 80> make_learning_rates() {
  std::array<int32_t, 80> rates{};
  for (size_t i = 0; i < rates.size(); ++i) {
    rates[i] = static_cast<int32_t>(4 + 20000 / (1000 + i * kLearningStep));
  }
  return rates;
}
inline constexpr auto kLearningRates = make_learning_rates();

// Codes decisions, each with the counters of `Inputs` contexts.
template <size_t Inputs, bool Refined>
class MixedCoder {
 public:
  // The counters of each context, one for every node of the decision tree.
  using Contexts = std::array<Counter*, Inputs>;
  using Limits = std::array<uint32_t, Inputs>;

  MixedCoder(size_t nodes, size_t map_contexts, const Limits& limits)
      : nodes_(nodes), map_(Refined ? map_contexts : 0), limits_(limits) {
    for (Node& node : nodes_) node.weights.fill(kFirstWeight);
  }

  // Writes `bit` (an encoder) or reads it (a decoder); returns it. Every node has its own weights.
  template <class Coder>
  bool code(Coder& coder, bool bit, const Contexts& contexts, size_t node, size_t map_context) {
    auto& [weights, seen] = nodes_[node];
    std::array<int32_t, Inputs> logits;
    int64_t sum = 0;
    for (size_t i = 0; i < Inputs; ++i) {
      logits[i] = stretch(probability_of(contexts[i][node]));
      sum += int64_t{logits[i]} * weights[i];
    }
    const auto logit = static_cast<int32_t>(std::clamp<int64_t>(sum >> 16, -kMaxLogit, kMaxLogit));
    const uint32_t mixed = squash(logit);
    uint32_t probability = mixed;
    if constexpr (Refined) probability = (mixed + map_.refine(logit, map_context)) / 2;
    bit = coder.code(bit, probability);

    const int32_t error =
        ((bit ? 65536 : 0) - static_cast<int32_t>(mixed)) * kLearningRates[seen / kLearningStep];
    seen += seen < kLearningRates.size() * kLearningStep - 1 ? 1 : 0;
    for (size_t i = 0; i < Inputs; ++i) {
      weights[i] += static_cast<int32_t>((int64_t{logits[i]} * error + (1 << 17)) >> 18);
      update(contexts[i][node], bit, limits_[i]);
    }
    if constexpr (Refined) map_.update(bit);
    return bit;
  }

 private:
  static constexpr int32_t kFirstWeight = static_cast<int32_t>(65536 * 6 / 5 / Inputs);

  struct Node {
    std::array<int32_t, Inputs> weights;  // in 1/65536
    uint32_t seen = 0;                    // decisions
  };

  std::vector<Node> nodes_;
  ProbabilityMap map_;
  Limits limits_;
};

}  // namespace pith::bwt

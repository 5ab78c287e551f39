// The modelling core of this codec: decisions and numbers, predicted by mixing what several
// contexts have seen.
//
// A decision is predicted by one adaptive probability for each context (codecs/model/), which a
// small perceptron mixes in the logistic domain; where the first context is sure, it alone counts.
// All in integers. A Bits gives `uint32_t code(uint32_t bit, uint32_t p)`: the
// encoder codes the bit with the probability of a 1 in 1/65536 and returns it, the decoder ignores
// the argument and returns what it has decoded. So one text describes both directions.
//
// To check a block, its decisions are told once more to what decodes (Bits::kReplays), which must
// ask for them in the same contexts: whatever rests on these is then the same in a decoder, and
// nothing has to be predicted again.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "codecs/model/history_map.h"
#include "codecs/model/logistic.h"

namespace pith::cloudmix {

inline constexpr size_t kMaxContexts = 8;
// Slots of so many nodes that follow each other lie in one line of the cache.
inline constexpr int kLineLog = 4;
inline constexpr uint32_t kLine = 1U << kLineLog;

// model::stretch of 16 · i + 8: one look-up, where its full precision gains nothing.
inline constexpr auto kStretched = [] {
  std::array<int16_t, 4096> table{};
  for (uint32_t i = 0; i < table.size(); ++i) {
    table[i] = static_cast<int16_t>(model::stretch(16 * i + 8));
  }
  return table;
}();

// Predicts decisions. Contexts share one node numbering; `Contexts` is how many are mixed.
class DecisionModel {
 public:
  // `log`: of the slots of each context. `nodes`: bound of the numbers that select weights.
  // `limit`: of the count of an adaptive probability, beyond which it forgets.
  DecisionModel(size_t contexts, int log, size_t nodes, uint32_t limit)
      : contexts_(contexts),
        shift_(32 - std::max(log - kLineLog, 1)),
        limit_(limit),
        size_(size_t{1} << std::max(log, kLineLog + 1)),
        weights_(nodes) {
    for (Weights& row : weights_) {
      for (size_t c = 0; c < contexts; ++c) {
        row.exact[c] = kFirstSum / static_cast<int32_t>(contexts);
        row.upper[c] = static_cast<int16_t>(row.exact[c] >> 4);
      }
    }
  }

  static constexpr uint64_t memory(size_t contexts, int log, size_t nodes) {
    return (uint64_t{contexts} << std::max(log, kLineLog + 1)) * sizeof(Slot) +
           nodes * sizeof(Weights);
  }

  // The value of context c for the decisions to come.
  void set(size_t c, uint32_t value) {
    if (c >= contexts_) return;
    keys_[c] = (value + 1) * 0x9E3779B1U;
    asked_ = std::rotl(asked_, 9) + keys_[c];
    line_ = kNoLine;
  }

  // `node`: what is decided, below `nodes`.
  template <class Bits>
  uint32_t decide(Bits& bits, uint32_t bit, uint32_t node) {
    bits.note(asked_ + node);
    if constexpr (Bits::kReplays) {
      return bits.next();
    } else {
      return decide_anew(bits, bit, node);
    }
  }

 private:
  using Slot = model::AdaptiveProbability;
  static constexpr uint32_t kNoLine = UINT32_MAX;
  static constexpr uint32_t kSure = 160;
  static constexpr int32_t kFirstSum = 80000;  // of the first weights; 65536 is 1.0

  // Weights as they are learned, and their upper parts (4096 is 1.0), with which inputs are mixed.
  struct Weights {
    alignas(16) std::array<int32_t, kMaxContexts> exact{};
    alignas(16) std::array<int16_t, kMaxContexts> upper{};
  };

  template <class Bits>
  uint32_t decide_anew(Bits& bits, uint32_t bit, uint32_t node) {
    // The number of contexts is known to the compiler in each of these: the loops are unrolled.
    switch (contexts_) {
      case 1:
        return decide_by<1>(bits, bit, node);
      case 2:
        return decide_by<2>(bits, bit, node);
      case 3:
        return decide_by<3>(bits, bit, node);
      case 4:
        return decide_by<4>(bits, bit, node);
      case 5:
        return decide_by<5>(bits, bit, node);
      case 6:
        return decide_by<6>(bits, bit, node);
      case 7:
        return decide_by<7>(bits, bit, node);
      default:
        return decide_by<8>(bits, bit, node);
    }
  }

  void find_lines(uint32_t line) {
    if (slots_.empty()) slots_.resize(contexts_ * size_);
    line_ = line;
    const uint32_t salt = line * 0x85EBCA6BU;
    Slot* table = slots_.data();
    for (size_t c = 0; c < contexts_; ++c, table += size_) {
      lines_[c] = table + (((keys_[c] ^ salt) * 0xC2B2AE35U) >> shift_) * kLine;
    }
  }

  template <size_t kContexts, class Bits>
  [[gnu::noinline]] uint32_t decide_by(Bits& bits, uint32_t bit, uint32_t node) {
    // Inputs that are none stay 0.
    constexpr size_t kLanes = kContexts <= 4 ? 4 : 8;
    if (node / kLine != line_) find_lines(node / kLine);
    std::array<Slot*, kContexts> slots;
    alignas(16) std::array<int16_t, kLanes> inputs{};
    for (size_t c = 0; c < kContexts; ++c) slots[c] = lines_[c] + node % kLine;
    if (const uint32_t sure = slots[0]->p16(); sure < kSure || sure >= 65536 - kSure) {
      const uint32_t got = bits.code(bit, std::clamp<uint32_t>(sure, 1, 65535));
      slots[0]->update(got, model::kMaxRateCount);
      return got;
    }
    Weights& weights = weights_[node];
    // Some multiplications in a row: inputs would have to be put into a vector piece by piece.
    int32_t sum = 0;
    for (size_t c = 0; c < kContexts; ++c) {
      inputs[c] = kStretched[slots[c]->p16() >> 4];
      sum += inputs[c] * weights.upper[c];
    }
    const int mixed = model::clamp_stretch(sum >> 12);
    const uint32_t p = std::clamp<uint32_t>(model::squash(mixed), 16, 65536 - 16);
    const uint32_t got = bits.code(bit, p);
    const auto target = static_cast<int32_t>(got << 16);
    train<kLanes>(inputs, weights, target - static_cast<int32_t>(p));
    for (size_t c = 0; c < kContexts; ++c) slots[c]->update(got, limit_);
    return got;
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
  size_t size_;              // slots of a context
  std::vector<Slot> slots_;  // empty until something is decided
  std::vector<Weights> weights_;
  std::array<uint32_t, kMaxContexts> keys_{};
  uint32_t asked_ = 0;       // sum of all contexts so far
  uint32_t line_ = kNoLine;  // for which the slots were found
  std::array<Slot*, kMaxContexts> lines_{};
};

// Codes signed numbers: bit length (walked from the one that is expected), sign, then the bits
// below the leading one. The length is predicted by the contexts, the sign by them or by itself; of
// the bits the first kModelled by the bits above them alone, the rest not at all.
class NumberModel {
 public:
  static constexpr uint32_t kModelled = 3;
  static constexpr uint32_t kMaxLength = 63;

  // `mixes_sign`: the contexts say something about the sign.
  NumberModel(size_t contexts, int log, uint32_t limit, bool mixes_sign = false)
      : model_(contexts, log, kNodes, limit),
        limit_(limit),
        mixes_sign_(mixes_sign),
        plain_(kPlain) {}

  static constexpr uint64_t memory(size_t contexts, int log) {
    return DecisionModel::memory(contexts, log, kNodes) +
           kPlain * sizeof(model::AdaptiveProbability);
  }

  void set(size_t c, uint32_t value) { model_.set(c, value); }

  // Bits give `uint64_t raw(uint64_t value, uint32_t count)` too, for bits without a prediction.
  // `expected`: the bit length from which the walk starts.
  template <class Bits>
  int64_t code(Bits& bits, int64_t value, uint32_t expected) {
    const uint64_t size =
        value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
    const uint32_t length =
        code_length(bits, static_cast<uint32_t>(std::bit_width(size)), expected);
    if (length == 0) return 0;
    const uint32_t lines = std::min(length, kMaxModelled) * kLine;
    const uint32_t negative = mixes_sign_
                                  ? model_.decide(bits, value < 0, kSign + std::min(length, 7U))
                                  : decide_plain(bits, value < 0, lines);
    uint64_t result = 1;
    const uint32_t modelled = std::min(length - 1, kModelled);
    for (uint32_t k = 1; k <= modelled; ++k) {
      const uint32_t bit = (size >> (length - 1 - k)) & 1;
      result = result << 1 | decide_plain(bits, bit, lines + static_cast<uint32_t>(result));
    }
    const uint32_t rest = length - 1 - modelled;
    if (rest > 0) result = result << rest | bits.raw(size & ((uint64_t{1} << rest) - 1), rest);
    return negative != 0 ? static_cast<int64_t>(0 - result) : static_cast<int64_t>(result);
  }

 private:
  static constexpr uint32_t kMaxModelled = 24;
  // Nodes of lengths, two each, and of signs.
  static constexpr uint32_t kSign = 2 * (kMaxLength + 1);
  static constexpr uint32_t kNodes = kSign + 8;
  // For each length a line: the sign, then the bits by those above them.
  static constexpr uint32_t kPlain = (kMaxModelled + 1) * kLine;
  static_assert(1U << kModelled <= kLine);

  template <class Bits>
  uint32_t decide_plain(Bits& bits, uint32_t bit, uint32_t node) {
    bits.note(node);
    if constexpr (Bits::kReplays) {
      return bits.next();
    } else {
      model::AdaptiveProbability& p = plain_[node];
      const uint32_t got = bits.code(bit, std::clamp<uint32_t>(p.p16(), 16, 65536 - 16));
      p.update(got, limit_);
      return got;
    }
  }

  template <class Bits>
  uint32_t code_length(Bits& bits, uint32_t length, uint32_t expected) {
    // Decisions "longer than j", upwards or downwards from the expected length.
    uint32_t j = std::min(expected, kMaxLength - 1);
    const auto longer = [&](uint32_t up) {
      return model_.decide(bits, length > j ? 1 : 0, j * 2 + up) != 0;
    };
    if (longer(1)) {
      while (++j < kMaxLength && longer(1)) {
      }
      return j;
    }
    while (j > 0) {
      --j;
      if (longer(0)) return j + 1;
    }
    return 0;
  }

  DecisionModel model_;
  uint32_t limit_;
  bool mixes_sign_;
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

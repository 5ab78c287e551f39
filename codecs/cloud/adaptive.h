// Adaptive coding of symbols: binary decisions, each predicted in three contexts at once.
//
// The coder of levels 4 to 6 in the place of tokens.h; the walks are the same. A symbol is a row of
// decisions; for each of them three tables hold a probability, found by the context of the walk and
// by two hints, and a mixer weighs them in the logistic domain by how well they did before.
//
// Decisions of a residual: its size class (residual.h) by a tree of four bits, 15 standing for all
// larger ones, which a tree of seven bits tells apart; the sign; the highest raw bit. Other symbols
// are trees of eight bits. The other raw bits lie apart.
#pragma once

#include <algorithm>
#include <array>
#include <vector>

#include "codecs/cloud/residual.h"
#include "codecs/cloud/tokens.h"
#include "codecs/entropy/binary_coder.h"
#include "codecs/model/logistic.h"

namespace pith::cloud {

// The slots of a section that hints are told apart for, and the values that a hint may have.
inline constexpr uint32_t kHintSlots = 8;
inline constexpr uint32_t kHintValues = 256;

// model::stretch of 16 · i + 8: one look-up, where its full precision gains nothing.
inline constexpr auto kStretched = [] {
  std::array<int16_t, 4096> table{};
  for (uint32_t i = 0; i < table.size(); ++i) {
    table[i] = static_cast<int16_t>(model::stretch(16 * i + 8));
  }
  return table;
}();

// Encodes with a BinaryEncoder or decodes with a BinaryDecoder.
template <class Binary, class Raw, bool kIsDecoder>
class AdaptiveCoder {
 public:
  static constexpr bool kDecodes = kIsDecoder;
  static constexpr bool kMixes = true;

  AdaptiveCoder(Binary binary, Raw raw, size_t contexts) : binary_(binary), raw_(std::move(raw)) {
    rows_[0].resize(contexts * kNodes);
    rows_[1].resize(kHintSlots * kHintValues * kNodes);
    rows_[2].resize(kHintSlots * kHintValues * kNodes);
    weights_.resize(kHintSlots * kNodes, {kFirstWeight, kFirstWeight, kFirstWeight});
  }
  static uint64_t memory(size_t contexts) {
    return ((contexts + 2 * kHintSlots * kHintValues) * sizeof(Probability) +
            kHintSlots * sizeof(Weights)) *
               kNodes +
           1024;
  }

  int64_t residual(uint32_t context, int64_t value, const Hints& hints) {
    choose(context, hints);
    const Split split = split_residual(value);
    const auto wanted = static_cast<uint32_t>(split.symbol + 1) / 2;
    uint32_t size_class = tree(1, 4, std::min(wanted, kLarge));
    if (size_class == kLarge) size_class += tree(kLargeNodes, 7, wanted - std::min(wanted, kLarge));
    if (size_class == 0) return 0;
    if (size_class > 127) {
      damaged_ = true;
      return 0;
    }
    const uint32_t small_class = std::min(size_class, 31U);
    const bool positive = decide(kSignNodes + small_class, (split.symbol & 1) != 0);
    const uint32_t symbol = 2 * size_class - (positive ? 1 : 0);
    const uint32_t bits = raw_bits_of(symbol);
    uint64_t raw = 0;
    if (bits > 0) {
      const bool high = decide(kHighNodes + small_class, (split.raw >> (bits - 1) & 1) != 0);
      raw = uint64_t{high ? 1U : 0U} << (bits - 1) |
            raw_of(split.raw & ((uint64_t{1} << (bits - 1)) - 1), bits - 1);
    }
    return join_residual(symbol, raw);
  }
  uint32_t symbol(uint32_t context, uint32_t value, const Hints& hints) {
    choose(context, hints);
    return tree(1, hints.bits, value);
  }
  uint64_t raw(uint64_t value, uint32_t bits) { return raw_of(value, bits); }

  Binary& binary() { return binary_; }
  Raw& raw_bits() { return raw_; }
  bool damaged() const { return damaged_; }

 private:
  static constexpr uint32_t kNodes = 256;
  static constexpr uint32_t kLarge = 15;
  // What is often used lies together.
  static constexpr uint32_t kSignNodes = 16;
  static constexpr uint32_t kHighNodes = 48;
  static constexpr uint32_t kLargeNodes = 80;
  static constexpr int32_t kFirstWeight = 22000;  // in 1/65536
  static constexpr int kMostCount = 120;

  struct Probability {
    uint16_t p = 32768;  // of a 1, in 1/65536
    uint16_t count = 0;
  };
  using Weights = std::array<int32_t, 3>;

  void choose(uint32_t context, const Hints& hints) {
    chosen_[0] = rows_[0].data() + size_t{context} * kNodes;
    chosen_[1] = rows_[1].data() + size_t{hints.slot * kHintValues + hints.a} * kNodes;
    chosen_[2] = rows_[2].data() + size_t{hints.slot * kHintValues + hints.b} * kNodes;
    chosen_weights_ = weights_.data() + size_t{hints.slot} * kNodes;
  }

  // The bits of a number, the highest first; the first node of a tree has number `first`.
  uint32_t tree(uint32_t first, int bits, uint32_t value) {
    uint32_t node = 1;
    for (int i = bits - 1; i >= 0; --i) {
      const bool bit = decide(first - 1 + node, (value >> i & 1) != 0);
      node = node << 1 | (bit ? 1 : 0);
    }
    return node - (1U << bits);
  }

  __attribute__((always_inline)) bool decide(uint32_t node, bool bit) {
    Weights& weights = chosen_weights_[node];
    std::array<int32_t, 3> inputs;
    int64_t dot = 0;
    for (size_t i = 0; i < 3; ++i) {
      inputs[i] = kStretched[chosen_[i][node].p >> 4];
      dot += int64_t{inputs[i]} * weights[i];
    }
    const int mixed = model::clamp_stretch(static_cast<int>(dot >> 16));
    const uint32_t p = model::squash(mixed);
    if constexpr (kIsDecoder) {
      bit = binary_.decode(p);
    } else {
      binary_.encode(bit, p);
    }
    const int32_t error = (bit ? 65535 : 0) - static_cast<int32_t>(p);
    for (size_t i = 0; i < 3; ++i) {
      weights[i] += (inputs[i] * error + (1 << 13)) >> 14;
      learn(chosen_[i][node], bit);
    }
    return bit;
  }

  static void learn(Probability& of, bool bit) {
    static constexpr auto kRates = [] {
      std::array<uint16_t, kMostCount + 1> rates{};
      for (size_t n = 0; n < rates.size(); ++n) {
        rates[n] = static_cast<uint16_t>(65536 * 2 / (2 * n + 3));
      }
      return rates;
    }();
    const int32_t off = (bit ? 65535 : 0) - static_cast<int32_t>(of.p);
    of.p = static_cast<uint16_t>(of.p + ((int64_t{off} * kRates[of.count]) >> 16));
    if (of.count < kMostCount) ++of.count;
  }

  uint64_t raw_of(uint64_t value, uint32_t bits) {
    if constexpr (kIsDecoder) {
      return raw_.get(bits);
    } else {
      raw_.put(value, bits);
      return value;
    }
  }

  Binary binary_;
  Raw raw_;
  std::array<std::vector<Probability>, 3> rows_;
  std::vector<Weights> weights_;
  std::array<Probability*, 3> chosen_{};
  Weights* chosen_weights_ = nullptr;
  bool damaged_ = false;
};

class AdaptiveEncoder : public AdaptiveCoder<entropy::BinaryEncoder, RawBits, false> {
 public:
  // `room`: more than the decisions take.
  AdaptiveEncoder(size_t contexts, MutableBytes room)
      : AdaptiveCoder(entropy::BinaryEncoder(room), RawBits(), contexts), room_(room) {}

  // Appends the section; false if the room was too small.
  bool finish(ByteBuffer& out);

 private:
  MutableBytes room_;
};

class AdaptiveDecoder : public AdaptiveCoder<entropy::BinaryDecoder, RawBitReader, true> {
 public:
  // Fails with kDamaged if the section has no such head.
  static Result<AdaptiveDecoder> make(size_t contexts, ByteView section);

  bool finished() {
    return !damaged() && raw_bits().finished() && binary().all_read() && binary().missing() <= 4;
  }

 private:
  using AdaptiveCoder::AdaptiveCoder;
};

}  // namespace pith::cloud

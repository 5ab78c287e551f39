// A decision that several contexts predict, by gated logistic mixing (codecs/model/mixer-inl.h, of
// which this is the small form: few inputs, one set of weights).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "codecs/entropy/binary_coder.h"
#include "codecs/model/history_map.h"
#include "codecs/model/logistic.h"

namespace pith::wavelet {

struct EncodeBits {
  entropy::BinaryEncoder coder;
  bool code(bool bit, uint32_t p) {
    coder.encode(bit, p);
    return bit;
  }
};

struct DecodeBits {
  entropy::BinaryDecoder coder;
  bool code(bool, uint32_t p) { return coder.decode(p); }
};

using Slot = model::AdaptiveProbability;

template <size_t kInputs>
class Weights {
 public:
  Weights() { values_.fill(kOne * 5 / 4 / static_cast<int32_t>(kInputs)); }

  // Codes a decision that the slots predict; they and the weights learn from it.
  template <class Coder>
  bool code(Coder& coder, bool bit, const std::array<Slot*, kInputs>& slots, uint32_t limit) {
    std::array<int, kInputs> stretched;
    int64_t sum = 0;
    for (size_t i = 0; i < kInputs; ++i) {
      stretched[i] = model::stretch(slots[i]->p16());
      sum += int64_t{stretched[i]} * values_[i];
    }
    const int mixed = static_cast<int>(std::clamp<int64_t>(sum >> 16, -kMostMixed, kMostMixed));
    const auto p = static_cast<int32_t>(model::squash(mixed));
    const bool got = coder.code(bit, static_cast<uint32_t>(p));
    const int32_t error = (got ? 65536 : 0) - p;
    for (size_t i = 0; i < kInputs; ++i) {
      const int64_t change = (int64_t{stretched[i]} * error * kRate) >> 16;
      values_[i] =
          static_cast<int32_t>(std::clamp<int64_t>(values_[i] + change, -4 * kOne, 4 * kOne));
      slots[i]->update(got ? 1 : 0, limit);
    }
    return got;
  }

 private:
  static constexpr int32_t kOne = 65536;
  static constexpr int kMostMixed = 2780;  // squash() is at least 1 there
  static constexpr int32_t kRate = 3;
  std::array<int32_t, kInputs> values_;
};

}  // namespace pith::wavelet

// Adaptive probabilities of bit histories: what followed each history so far, for one context
// order.
//
// An entry is a probability in 1/2^22 and the number of its updates, up to a limit; each update
// moves it by 1 / (n + 1.5) of the error. The stretched value is kept beside it, ready for the
// mixer.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "codecs/model/bit_history.h"
#include "codecs/model/logistic.h"

namespace pith::model {

inline constexpr uint32_t kMaxRateCount = 1023;

namespace history_map_detail {
// 65536 / (n + 1.5)
constexpr auto make_rates() {
  std::array<uint16_t, kMaxRateCount + 1> table{};
  for (uint32_t n = 0; n <= kMaxRateCount; ++n) {
    table[n] = static_cast<uint16_t>(65536 * 2 / (2 * n + 3));
  }
  return table;
}
inline constexpr auto kRates = make_rates();
}  // namespace history_map_detail

// A probability in 1/2^22 (upper 22 bits) and a count of updates (lower 10 bits).
class AdaptiveProbability {
 public:
  AdaptiveProbability() = default;
  // `p`: in 1/65536.
  AdaptiveProbability(uint32_t p, uint32_t count) : value_((p << 16) | count) {}

  uint32_t p16() const { return value_ >> 16; }
  // Updates so far, up to the limit.
  uint32_t count() const { return value_ & kMaxRateCount; }

  void update(uint32_t bit, uint32_t limit) {
    const uint32_t n = value_ & kMaxRateCount;
    const int32_t p = static_cast<int32_t>(value_ >> 10);
    const int32_t target = bit != 0 ? (1 << 22) - 1 : 0;
    const auto step =
        static_cast<int32_t>((int64_t{target - p} * history_map_detail::kRates[n]) >> 16);
    value_ = (static_cast<uint32_t>(p + step) << 10) | (n < limit ? n + 1 : limit);
  }

 private:
  uint32_t value_ = (uint32_t{32768} << 16);
};

class HistoryMap {
 public:
  HistoryMap() {
    for (size_t i = 0; i < kBitHistories; ++i) {
      const BitHistory& state = bit_histories()[i];
      const uint32_t n0 = state.n0;
      const uint32_t n1 = state.n1;
      // (n1 + 0.4) / (n0 + n1 + 0.8), trusted as six observations
      const uint32_t p = 65536 * (10 * n1 + 4) / (10 * (n0 + n1) + 8);
      entries_[i] = AdaptiveProbability(p > 65535 ? 65535 : p, 6);
      stretched_[i] = static_cast<int16_t>(stretch(entries_[i].p16()));
    }
    stretched_[0] = 0;
  }

  // 0 for a history that has seen nothing.
  int stretched(uint8_t state) const { return stretched_[state]; }
  uint32_t p16(uint8_t state) const { return entries_[state].p16(); }

  void update(uint8_t state, uint32_t bit, uint32_t limit) {
    AdaptiveProbability& entry = entries_[state];
    entry.update(bit, limit);
    stretched_[state] = static_cast<int16_t>(stretch(entry.p16()) & -static_cast<int>(state != 0));
  }

 private:
  std::array<AdaptiveProbability, kBitHistories> entries_;
  std::array<int16_t, kBitHistories> stretched_;
};

}  // namespace pith::model

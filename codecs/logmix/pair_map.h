// What followed each bit history so far, for one context: the two inputs of the mixer, ready in one
// word, and the adaptive probability behind them (codecs/model/history_map.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "codecs/model/history_map.h"

namespace pith::logmix {

class PairMap {
 public:
  PairMap() {
    const model::HistoryMap fresh;
    for (size_t i = 0; i < model::kBitHistories; ++i) {
      entries_[i] = model::AdaptiveProbability(fresh.p16(static_cast<uint8_t>(i)), 6);
      if (i > 0) renew(i);
    }
  }

  // The stretched probability in the lower half, 16 times (p - 1/2) in the upper one; both 0 for a
  // history that has seen nothing.
  uint32_t inputs(uint32_t state) const { return inputs_[state]; }

  void update(uint32_t state, uint32_t bit, uint32_t limit) {
    entries_[state].update(bit, limit);
    if (state != 0) renew(state);
  }

 private:
  void renew(size_t state) {
    const uint32_t p = entries_[state].p16();
    const int linear = (static_cast<int>(p) - 32768) >> 5;
    inputs_[state] = static_cast<uint32_t>(model::stretch(p) & 0xFFFF) |
                     static_cast<uint32_t>(linear & 0xFFFF) << 16;
  }

  std::array<uint32_t, 256> inputs_{};
  std::array<model::AdaptiveProbability, 256> entries_;
};

}  // namespace pith::logmix

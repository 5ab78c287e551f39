// A coder that only adds up what the symbols of a walk would take: for choosing among models.
#pragma once

#include <vector>

#include "codecs/cloud/residual.h"
#include "codecs/entropy/log2_table.h"
#include "codecs/entropy/rans.h"

namespace pith::cloud {

class CostMeter {
 public:
  static constexpr bool kDecodes = false;
  static constexpr bool kMixes = false;

  explicit CostMeter(size_t contexts) : counts_(contexts), used_(contexts) {}

  int64_t residual(uint32_t context, int64_t value, const Hints& = {}) {
    const Split split = split_residual(value);
    count(context, split.symbol);
    raw_ += split.raw_bits;
    return value;
  }
  uint32_t symbol(uint32_t context, uint32_t value, const Hints& = {}) {
    count(context, value);
    return value;
  }
  uint64_t raw(uint64_t value, uint32_t bits) {
    raw_ += bits;
    return value;
  }

  // Begins anew.
  void clear() {
    for (size_t context = 0; context < counts_.size(); ++context) {
      if (used_[context] != 0) counts_[context].fill(0);
      used_[context] = 0;
    }
    raw_ = 0;
  }

  // In 1/4096 bit, for so many times as much as was measured, with the tables.
  uint64_t cost(uint64_t times) const {
    constexpr uint64_t kSymbolCost = 5 << 12;
    uint64_t bits = raw_ << 12;
    uint64_t symbols = 0;
    for (size_t context = 0; context < counts_.size(); ++context) {
      if (used_[context] == 0) continue;
      uint64_t total = 0;
      for (const uint32_t count : counts_[context]) {
        if (count == 0) continue;
        total += count;
        bits -= count * uint64_t{entropy::log2_fixed(count)};
        ++symbols;
      }
      if (total > 0) bits += total * entropy::log2_fixed(total);
    }
    return bits * times + symbols * kSymbolCost;
  }

 private:
  void count(uint32_t context, uint32_t symbol) {
    ++counts_[context][symbol];
    used_[context] = 1;
  }

  std::vector<entropy::Histogram> counts_;
  std::vector<uint8_t> used_;
  uint64_t raw_ = 0;
};

}  // namespace pith::cloud

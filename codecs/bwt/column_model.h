// The model of the last column: its runs, each as a length and the rank of its symbol.
//
// The rank of a run is the number of different symbols that occur from its end to the next run of
// its own symbol. A decoder keeps the symbols in the order of their next occurrence; the first is
// the symbol of the current run, the rank says where it goes when the run ends, and the second one
// takes its place. So a rank is coded with the symbol known, what followed its last runs known, and
// also the symbol of the next run.
//
// Source of the ranks: Ghido, QLFC - quasi-lossless frequency count (2003), as in libbsc.
#pragma once

#include <memory>
#include <vector>

#include "codecs/bwt/history.h"
#include "codecs/bwt/predictor.h"

namespace pith::bwt {

// How many contexts each decision has (a higher effort has all of a lower one's); whether a
// probability map refines what is mixed; how many bits of a rank below its highest one are mixed;
// the limit of most counters.
template <int Effort>
struct EffortSettings;
template <>
struct EffortSettings<1> {
  static constexpr size_t kLengthInputs = 3;
  static constexpr size_t kRankInputs = 4;
  static constexpr bool kRefined = false;
  static constexpr uint32_t kMixedBits = 1;
  static constexpr uint32_t kLimit = 100;
};
template <>
struct EffortSettings<2> {
  static constexpr size_t kLengthInputs = 5;
  static constexpr size_t kRankInputs = 5;
  static constexpr bool kRefined = false;
  static constexpr uint32_t kMixedBits = 1;
  static constexpr uint32_t kLimit = 100;
};
template <>
struct EffortSettings<3> {
  static constexpr size_t kLengthInputs = 6;
  static constexpr size_t kRankInputs = 8;
  static constexpr bool kRefined = true;
  static constexpr uint32_t kMixedBits = 6;
  static constexpr uint32_t kLimit = 100;
};
template <>
struct EffortSettings<4> {
  static constexpr size_t kLengthInputs = 6;
  static constexpr size_t kRankInputs = 8;
  static constexpr bool kRefined = true;
  static constexpr uint32_t kMixedBits = 6;
  static constexpr uint32_t kLimit = 10;
};

// Counters of a context: `nodes` for each of its values.
class ContextTable {
 public:
  ContextTable(size_t values, size_t nodes)
      : nodes_(nodes), counters_(values * nodes, kNewCounter) {}
  Counter* operator[](size_t value) { return &counters_[value * nodes_]; }

 private:
  size_t nodes_;
  std::vector<Counter> counters_;
};

// The limits of some counters: how fast a context forgets.
inline constexpr uint32_t kFast = 12;
inline constexpr uint32_t kSlow = 250;

// What the coder knows when it codes a run. Symbols are numbers within the alphabet.
struct RunContext {
  uint32_t symbol = 0;
  uint32_t next = 0;        // the symbol of the next run
  uint32_t after_next = 0;  // of the run after it, unless the current symbol comes in between
};

// The lower bits of a number, which tell little: by one counter for each value of the bits above.
class PlainBits {
 public:
  explicit PlainBits(size_t exponents) : counters_(exponents * kValues, kNewCounter) {}

  // `value`: the bits above, the highest one included.
  template <class Coder>
  bool code(Coder& coder, bool bit, uint32_t exponent, uint32_t value) {
    if (value >= kValues) return coder.code(bit, kEven);
    Counter& counter = counters_[exponent * kValues + value];
    bit = coder.code(bit, std::clamp(probability_of(counter), kLeast, 65536 - kLeast));
    update(counter, bit, kSlow);
    return bit;
  }

 private:
  static constexpr uint32_t kValues = 128;
  static constexpr uint32_t kEven = 32768;
  static constexpr uint32_t kLeast = 32;

  std::vector<Counter> counters_;
};

// Codes lengths of at least 1: 1 or more, and then what is more as a power of two and the bits
// below it, the first of which has contexts of its own.
template <class Settings>
class LengthModel {
 public:
  static constexpr uint32_t kMaxExponent = 23;  // lengths are at most 2^24

  explicit LengthModel(size_t alphabet)
      : coder_(kNodes, kNodes * 32, limits()),
        long_coder_(kLongNodes, kLongNodes, {kFast, Settings::kLimit, Settings::kLimit}),
        plain_bits_(kMaxExponent + 1),
        by_symbol_(alphabet, kNodes),
        by_last_and_ranks_(16 * 32 * 16, kNodes),
        by_average_(32, kNodes),
        by_symbol_and_rank_(alphabet * 8, kNodes),
        by_neighbours_(16 * 16, kNodes),
        by_ranks_(32 * 32, kNodes),
        long_by_symbol_(alphabet, kLongNodes),
        long_by_last_(16, kLongNodes),
        long_by_average_(32, kLongNodes) {}

  template <class Coder>
  uint32_t code(Coder& coder, uint32_t length, const RunContext& run, const SymbolHistory& symbol,
                const RunHistory& history) {
    const uint32_t average = symbol.lengths.level();
    typename Mixed::Contexts contexts;
    const auto set = [&contexts](size_t i, Counter* counters) {
      if (i < kInputs) contexts[i] = counters;
    };
    set(0, by_symbol_[run.symbol]);
    set(1, by_last_and_ranks_[(symbol.length_class_1 * 32 + symbol.ranks.level()) * 16 +
                              history.length_class_1]);
    set(2, by_average_[average]);
    set(3, by_symbol_and_rank_[run.symbol * 8 + symbol.rank_class_1]);
    set(4, by_neighbours_[history.length_class_1 * 16 + history.length_class_2]);
    set(5, by_ranks_[symbol.ranks.level() * 32 + history.ranks.level()]);
    const uint32_t more = length - 1;  // of no meaning to a decoder
    for (uint32_t node = 0; node < kNodes; ++node) {
      if (!coder_.code(coder, more >> node != 0, contexts, node, node * 32 + average)) {
        return node == 0 ? 1 : 1 + code_below(coder, more, node - 1, run, symbol);
      }
    }
    const auto long_contexts = long_contexts_of(run, symbol);
    uint32_t exponent = kNodes - 1;
    while (exponent < kMaxExponent &&
           long_coder_.code(coder, more >> exponent > 1, long_contexts, exponent, exponent)) {
      ++exponent;
    }
    return 1 + code_below(coder, more, exponent, run, symbol);
  }

 private:
  static constexpr size_t kInputs = Settings::kLengthInputs;
  using Mixed = MixedCoder<kInputs, Settings::kRefined>;
  using LongMixed = MixedCoder<3, Settings::kRefined>;

  static constexpr size_t kNodes = 8;
  static constexpr size_t kLongNodes = 64;  // 0 to 23: is it longer; 32 and more: the first bits

  static constexpr typename Mixed::Limits limits() {
    typename Mixed::Limits limits;
    limits.fill(Settings::kLimit);
    limits[0] = kFast;
    return limits;
  }

  typename LongMixed::Contexts long_contexts_of(const RunContext& run,
                                                const SymbolHistory& symbol) {
    return {long_by_symbol_[run.symbol], long_by_last_[symbol.length_class_1],
            long_by_average_[symbol.lengths.level()]};
  }

  // Returns the value, which is at least 2^exponent and less than twice that.
  template <class Coder>
  uint32_t code_below(Coder& coder, uint32_t value, uint32_t exponent, const RunContext& run,
                      const SymbolHistory& symbol) {
    if (exponent == 0) return 1;
    const size_t node = 32 + exponent;
    const bool half = (value >> (exponent - 1) & 1) != 0;
    uint32_t result = 2 + long_coder_.code(coder, half, long_contexts_of(run, symbol), node, node);
    for (uint32_t below = exponent - 1; below-- > 0;) {
      result = result * 2 + plain_bits_.code(coder, (value >> below & 1) != 0, exponent, result);
    }
    return result;
  }

  Mixed coder_;
  LongMixed long_coder_;
  PlainBits plain_bits_;
  ContextTable by_symbol_;
  ContextTable by_last_and_ranks_;
  ContextTable by_average_;
  ContextTable by_symbol_and_rank_;
  ContextTable by_neighbours_;
  ContextTable by_ranks_;
  ContextTable long_by_symbol_;
  ContextTable long_by_last_;
  ContextTable long_by_average_;
};

// Codes ranks of at least 1 and less than the alphabet's size: the power of two, then the bits
// below it, some of which have contexts of their own.
template <class Settings>
class RankModel {
 public:
  explicit RankModel(size_t alphabet)
      : max_exponent_(log2_of(static_cast<uint32_t>(alphabet - 1) | 1)),
        alphabet_(alphabet),
        coder_(kNodes, kNodes * 32, limits()),
        low_coder_(kLowNodes, kLowNodes,
                   {kFast, Settings::kLimit, Settings::kLimit, Settings::kLimit}),
        plain_bits_(kNodes),
        by_symbol_(alphabet, kNodes),
        by_history_(8 * 8 * 4 * 8, kNodes),
        by_pair_(alphabet * alphabet, kNodes),
        by_last_(32, kNodes),
        by_average_(32 * 8 * 8, kNodes),
        by_second_pair_(kInputs > 5 ? alphabet * alphabet : 0, kNodes),
        by_symbol_slow_(alphabet, kNodes),
        by_averages_(32 * 32, kNodes),
        low_by_symbol_(alphabet, kLowNodes),
        low_by_last_(32, kLowNodes),
        low_by_average_(32, kLowNodes),
        low_by_next_(alphabet, kLowNodes) {}

  // Returns the rank; a decoder's may be too large when its input is damaged.
  template <class Coder>
  uint32_t code(Coder& coder, uint32_t rank, uint32_t length, const RunContext& run,
                const SymbolHistory& symbol, const SymbolHistory& next, const RunHistory& history) {
    const uint32_t average = symbol.ranks.level();
    typename Mixed::Contexts contexts;
    const auto set = [&contexts](size_t i, Counter* counters) {
      if (i < kInputs) contexts[i] = counters;
    };
    set(0, by_symbol_[run.symbol]);
    set(1, by_history_[((symbol.rank_class_1 * 8U + symbol.rank_class_2) * 4 +
                        std::min<uint32_t>(length, 4) - 1) *
                           8 +
                       history.rank_class_1]);
    set(2, by_pair_[run.symbol * alphabet_ + run.next]);
    set(3, by_last_[symbol.last_rank]);
    set(4, by_average_[(average * 8 + history.rank_class_1) * 8 + next.rank_class_1]);
    if constexpr (kInputs > 5) set(5, by_second_pair_[run.symbol * alphabet_ + run.after_next]);
    set(6, by_symbol_slow_[run.symbol]);
    set(7, by_averages_[average * 32 + next.ranks.level()]);
    uint32_t least = 0;
    uint32_t most = max_exponent_;
    while (least < most) {
      const uint32_t node = (least + most + 1) / 2;
      if (coder_.code(coder, rank >> node != 0, contexts, node, node * 32 + average)) {
        least = node;
      } else {
        most = node - 1;
      }
    }
    const uint32_t exponent = least;
    if (exponent == 0) return 1;

    const typename LowMixed::Contexts low_contexts = {
        low_by_symbol_[run.symbol], low_by_last_[symbol.last_rank], low_by_average_[average],
        low_by_next_[run.next]};
    uint32_t value = 1;
    for (uint32_t below = exponent; below-- > 0;) {
      const bool bit = (rank >> below & 1) != 0;
      if (value >> Settings::kMixedBits == 0) {
        const uint32_t node = (1U << exponent) + value;
        value = value * 2 + low_coder_.code(coder, bit, low_contexts, node, node);
      } else {
        value = value * 2 + plain_bits_.code(coder, bit, exponent, value);
      }
    }
    return value;
  }

 private:
  static constexpr size_t kInputs = Settings::kRankInputs;
  using Mixed = MixedCoder<kInputs, Settings::kRefined>;
  using LowMixed = MixedCoder<4, Settings::kRefined>;

  static constexpr size_t kNodes = 8;
  static constexpr size_t kLowNodes = 256;

  static constexpr typename Mixed::Limits limits() {
    typename Mixed::Limits limits;
    limits.fill(Settings::kLimit);
    limits[0] = kFast;
    if constexpr (kInputs > 6) limits[6] = kSlow;
    return limits;
  }

  uint32_t max_exponent_;
  size_t alphabet_;
  Mixed coder_;
  LowMixed low_coder_;
  PlainBits plain_bits_;
  ContextTable by_symbol_;
  ContextTable by_history_;
  ContextTable by_pair_;
  ContextTable by_last_;
  ContextTable by_average_;
  ContextTable by_second_pair_;
  ContextTable by_symbol_slow_;
  ContextTable by_averages_;
  ContextTable low_by_symbol_;
  ContextTable low_by_last_;
  ContextTable low_by_average_;
  ContextTable low_by_next_;
};

}  // namespace pith::bwt

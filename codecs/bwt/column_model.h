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

// How many contexts each decision has; a higher effort has all of a lower one's.
template <int Effort>
struct EffortSettings;
template <>
struct EffortSettings<1> {
  static constexpr size_t kLengthInputs = 3;
  static constexpr size_t kRankInputs = 4;
  static constexpr bool kRefined = false;  // by a probability map
};
template <>
struct EffortSettings<2> {
  static constexpr size_t kLengthInputs = 5;
  static constexpr size_t kRankInputs = 6;
  static constexpr bool kRefined = true;
};
template <>
struct EffortSettings<3> {
  static constexpr size_t kLengthInputs = 6;
  static constexpr size_t kRankInputs = 8;
  static constexpr bool kRefined = true;
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

// The limits of the counters: how fast a context forgets.
inline constexpr uint32_t kFast = 12;
inline constexpr uint32_t kMedium = 60;
inline constexpr uint32_t kSlow = 250;

// What the coder knows when it codes a run. Symbols are numbers within the alphabet.
struct RunContext {
  uint32_t symbol = 0;
  uint32_t next = 0;        // the symbol of the next run
  uint32_t after_next = 0;  // of the run after it, unless the current symbol comes in between
};

// Codes lengths of at least 1.
template <size_t Inputs, bool Refined>
class LengthModel {
 public:
  static constexpr uint32_t kUnary = 6;         // lengths 1 to 6 have a node each
  static constexpr uint32_t kMaxExponent = 23;  // lengths are below 2^24

  explicit LengthModel(size_t alphabet)
      : coder_(kNodes, kNodes * 32, limits()),
        long_coder_(kLongNodes, kLongNodes, {kFast, kMedium, kMedium}),
        by_symbol_(alphabet, kNodes),
        by_last_and_ranks_(16 * 32 * 16, kNodes),
        by_average_(32, kNodes),
        by_symbol_and_rank_(alphabet * 8, kNodes),
        by_neighbours_(16 * 16, kNodes),
        by_ranks_(32 * 32, kNodes),
        long_by_symbol_(alphabet, kLongNodes),
        long_by_last_(16, kLongNodes),
        long_by_average_(32, kLongNodes) {}

  // Returns the length; more than 2^24 means that a decoder's input is damaged.
  template <class Coder>
  uint32_t code(Coder& coder, uint32_t length, const RunContext& run, const SymbolHistory& symbol,
                const RunHistory& history) {
    const uint32_t average = symbol.lengths.level();
    typename MixedCoder<Inputs, Refined>::Contexts contexts;
    const auto set = [&contexts](size_t i, Counter* counters) {
      if (i < Inputs) contexts[i] = counters;
    };
    set(0, by_symbol_[run.symbol]);
    set(1, by_last_and_ranks_[(symbol.length_class_1 * 32 + symbol.ranks.level()) * 16 +
                              history.length_class_1]);
    set(2, by_average_[average]);
    set(3, by_symbol_and_rank_[run.symbol * 8 + symbol.rank_class_1]);
    set(4, by_neighbours_[history.length_class_1 * 16 + history.length_class_2]);
    set(5, by_ranks_[symbol.ranks.level() * 32 + history.ranks.level()]);
    const auto decide = [&](bool bit, uint32_t node) {
      return coder_.code(coder, bit, contexts, node, node * 32 + average);
    };
    for (uint32_t shorter = 1; shorter <= kUnary; ++shorter) {
      if (!decide(length > shorter, shorter - 1)) return shorter;
    }

    // The rest as a power of two and what is above it.
    const typename MixedCoder<3, Refined>::Contexts long_contexts = {
        long_by_symbol_[run.symbol], long_by_last_[symbol.length_class_1],
        long_by_average_[average]};
    const auto decide_long = [&](bool bit, uint32_t node) {
      return long_coder_.code(coder, bit, long_contexts, node, node);
    };
    const uint32_t rest = length - kUnary;  // of no meaning to a decoder
    uint32_t exponent = 0;
    while (exponent <= kMaxExponent) {
      const bool more = rest >> exponent > 1;
      const bool is_more =
          exponent < 2 ? decide(more, kUnary + exponent) : decide_long(more, exponent);
      if (!is_more) break;
      ++exponent;
    }
    if (exponent > kMaxExponent) return ~uint32_t{0};
    uint32_t value = 1;
    for (uint32_t below = exponent; below-- > 0;) {
      const bool bit = (rest >> below & 1) != 0;
      const uint32_t level = exponent - 1 - below;
      const bool is_set = level < kModelledBits
                              ? decide_long(bit, (32U << level) + (exponent << level) +
                                                     (value & ((1U << level) - 1)))
                              : coder.code(bit, 32768);
      value = value * 2 + (is_set ? 1 : 0);
    }
    return value + kUnary;
  }

 private:
  static constexpr size_t kNodes = 8;
  static constexpr uint32_t kModelledBits = 3;  // of what is above the power of two
  static constexpr size_t kLongNodes = 256;

  static constexpr typename MixedCoder<Inputs, Refined>::Limits limits() {
    typename MixedCoder<Inputs, Refined>::Limits limits;
    limits.fill(kMedium);
    limits[0] = kFast;
    return limits;
  }

  MixedCoder<Inputs, Refined> coder_;
  MixedCoder<3, Refined> long_coder_;
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

// Codes ranks of at least 1 and less than the alphabet's size.
template <size_t Inputs, bool Refined>
class RankModel {
 public:
  explicit RankModel(size_t alphabet)
      : max_exponent_(log2_of(static_cast<uint32_t>(alphabet - 1) | 1)),
        alphabet_(alphabet),
        coder_(kNodes, kNodes * 32, limits()),
        low_coder_(kLowNodes, kLowNodes, {kFast, kMedium, kMedium, kMedium}),
        by_symbol_(alphabet, kNodes),
        by_history_(8 * 8 * 4 * 8, kNodes),
        by_pair_(alphabet * alphabet, kNodes),
        by_last_(32, kNodes),
        by_average_(32 * 8 * 8, kNodes),
        by_second_pair_(Inputs > 5 ? alphabet * alphabet : 0, kNodes),
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
    typename MixedCoder<Inputs, Refined>::Contexts contexts;
    const auto set = [&contexts](size_t i, Counter* counters) {
      if (i < Inputs) contexts[i] = counters;
    };
    set(0, by_symbol_[run.symbol]);
    set(1, by_history_[((symbol.rank_class_1 * 8U + symbol.rank_class_2) * 4 +
                        std::min<uint32_t>(length, 4) - 1) *
                           8 +
                       history.rank_class_1]);
    set(2, by_pair_[run.symbol * alphabet_ + run.next]);
    set(3, by_last_[symbol.last_rank]);
    set(4, by_average_[(average * 8 + history.rank_class_1) * 8 + next.rank_class_1]);
    if constexpr (Inputs > 5) set(5, by_second_pair_[run.symbol * alphabet_ + run.after_next]);
    set(6, by_symbol_slow_[run.symbol]);
    set(7, by_averages_[average * 32 + next.ranks.level()]);
    uint32_t exponent = 0;
    while (exponent < max_exponent_ &&
           coder_.code(coder, rank >> exponent > 1, contexts, exponent, exponent * 32 + average)) {
      ++exponent;
    }
    if (exponent == 0) return 1;

    const typename MixedCoder<4, Refined>::Contexts low_contexts = {
        low_by_symbol_[run.symbol], low_by_last_[symbol.last_rank], low_by_average_[average],
        low_by_next_[run.next]};
    uint32_t value = 1;
    for (uint32_t below = exponent; below-- > 0;) {
      const uint32_t node = (1U << exponent) + value;
      const bool bit = low_coder_.code(coder, (rank >> below & 1) != 0, low_contexts, node, node);
      value = value * 2 + (bit ? 1 : 0);
    }
    return value;
  }

 private:
  static constexpr size_t kNodes = 8;
  static constexpr size_t kLowNodes = 256;

  static constexpr typename MixedCoder<Inputs, Refined>::Limits limits() {
    typename MixedCoder<Inputs, Refined>::Limits limits;
    limits.fill(kMedium);
    limits[0] = kFast;
    if constexpr (Inputs > 6) limits[6] = kSlow;
    return limits;
  }

  uint32_t max_exponent_;
  size_t alphabet_;
  MixedCoder<Inputs, Refined> coder_;
  MixedCoder<4, Refined> low_coder_;
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

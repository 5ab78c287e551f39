// What is known, when a run of the column is coded, of the runs before it.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace pith::bwt {

// floor(log2(value)), value >= 1.
inline uint32_t log2_of(uint32_t value) { return static_cast<uint32_t>(std::bit_width(value)) - 1; }

// About 8 · log2(value), value >= 1: 8 for each doubling, straight lines between.
inline uint32_t log2_in_eighths(uint32_t value) {
  const uint32_t exponent = log2_of(value);
  return 8 * exponent + static_cast<uint32_t>(((uint64_t{value} << 3) >> exponent) & 7);
}

// Ranks in 8 classes: 0 (none yet), 1, 2, 3, 4-7, 8-15, 16-31, 32 and more.
inline uint32_t rank_class(uint32_t rank) {
  return rank < 4 ? rank : std::min<uint32_t>(7, log2_of(rank) + 2);
}

// Lengths in 16 classes: 0 (none yet) to 7 alone, then one for each doubling.
inline uint32_t length_class(uint32_t length) {
  return length < 8 ? length : std::min<uint32_t>(15, log2_of(length) + 5);
}

// A moving average of log2_in_eighths values, in 1/16 of them.
class LogAverage {
 public:
  void add(uint32_t value, int rate) {
    const auto target = static_cast<int32_t>(std::min<uint32_t>(63, log2_in_eighths(value)) * 16);
    average_ += (target - average_) >> rate;
  }
  // 0 to 31.
  uint32_t level() const { return static_cast<uint32_t>(average_) >> 5; }

 private:
  int32_t average_ = 64;  // 0 to 1008
};

struct SymbolHistory {
  static constexpr int kRate = 2;

  uint8_t last_rank = 0;       // at most 31
  uint8_t rank_class_1 = 0;    // of the last rank
  uint8_t rank_class_2 = 0;    // of the rank before
  uint8_t length_class_1 = 0;  // of the last run
  LogAverage ranks;
  LogAverage lengths;

  void add_length(uint32_t length) {
    length_class_1 = static_cast<uint8_t>(length_class(length));
    lengths.add(length, kRate);
  }
  void add_rank(uint32_t rank) {
    last_rank = static_cast<uint8_t>(std::min<uint32_t>(31, rank));
    rank_class_2 = rank_class_1;
    rank_class_1 = static_cast<uint8_t>(rank_class(rank));
    ranks.add(rank, kRate);
  }
};

// Of all runs, whatever their symbol.
struct RunHistory {
  static constexpr int kRate = 3;

  uint32_t rank_class_1 = 0;
  uint32_t length_class_1 = 0;
  uint32_t length_class_2 = 0;
  LogAverage ranks;

  void add(uint32_t length, uint32_t rank) {
    rank_class_1 = rank_class(rank);
    length_class_2 = length_class_1;
    length_class_1 = length_class(length);
    ranks.add(rank, kRate);
  }
};

}  // namespace pith::bwt

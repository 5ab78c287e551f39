// How large the numbers of a matrix are: a scale for each column, times one for each row.
//
// Scales are running means of magnitudes, in fixed point, so few numbers tell them well. A row's is
// the mean of its numbers over the scales of their columns; when a row ends, each column's takes
// the number over the scale of the row. New scales begin as what is usual and are moved slowly at
// first. All in integers.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "codecs/model/history_map.h"

namespace pith::tensor {

// Logarithms are in 1/32 octave.
class Scales {
 public:
  // Magnitudes are below 2^kMagnitudeBits.
  static constexpr int kMagnitudeBits = 46;
  // The logarithm of a row's scale that is like the others'.
  static constexpr int32_t kUsualRow = 20 * 32;

  static constexpr uint64_t memory(size_t columns) { return columns * (sizeof(Mean) + 8); }

  // `columns`: 0 if the matrix has no rows that are known.
  void begin(size_t columns) {
    columns_.assign(columns, Mean{});
    row_magnitudes_.assign(columns, 0);
    all_ = {};
    row_ = usual_row();
    at_ = 0;
    find_column();
  }

  int32_t all() const { return log_of(all_.value); }
  int32_t column() const { return column_; }
  int32_t row() const { return log_of(row_.value); }
  // What the next number is likely to be.
  int32_t expected() const { return std::max(0, column_ + row() - kUsualRow); }

  void add(int64_t magnitude) {
    all_.add(magnitude);
    if (columns_.empty()) {
      find_column();
      return;
    }
    row_.add(divided(magnitude, column_ - kUsualRow));
    row_magnitudes_[at_] = magnitude;
    if (++at_ == columns_.size()) end_row();
    find_column();
  }

 private:
  static constexpr uint32_t kRowPrior = 20;
  static constexpr uint32_t kColumnPrior = 12;
  static constexpr uint32_t kMostCounted = 400;
  static constexpr int64_t kMost = (int64_t{1} << kMagnitudeBits) - 1;

  struct Mean {
    int64_t value = 0;
    uint32_t count = 0;
    void add(int64_t x) {
      if (count == 0 && value == 0) value = x;
      value += (x - value) * model::history_map_detail::kRates[count] >> 16;
      if (++count > kMostCounted) count = kMostCounted / 2;
    }
  };
  static constexpr Mean usual_row() { return {int64_t{1} << (kUsualRow / 32), kRowPrior}; }

  static int32_t log_of(int64_t x) {
    if (x <= 0) return 0;
    const int top = static_cast<int>(std::bit_width(static_cast<uint64_t>(x))) - 1;
    const int64_t five = top >= 5 ? x >> (top - 5) : x << (5 - top);
    return top * 32 + static_cast<int32_t>(five & 31);
  }

  // x · 2^(-log / 32), as far as it fits.
  static int64_t divided(int64_t x, int32_t log) {
    // 2^(16 - i / 32)
    static constexpr std::array<uint32_t, 32> kParts = {
        65536, 64132, 62757, 61413, 60097, 58809, 57549, 56316, 55109, 53928, 52773,
        51642, 50535, 49452, 48393, 47356, 46341, 45348, 44376, 43425, 42495, 41584,
        40693, 39821, 38968, 38133, 37316, 36516, 35734, 34968, 34219, 33486};
    const int64_t part = x * int64_t{kParts[static_cast<size_t>(log & 31)]} >> 16;
    const int shift = log >> 5;
    if (shift >= 0) return part >> std::min(shift, 63);
    return part > kMost >> std::min(-shift, 63) ? kMost : part << -shift;
  }

  void find_column() {
    const bool known = at_ < columns_.size() && columns_[at_].count > 0;
    column_ = log_of(known ? columns_[at_].value : all_.value);
  }

  void end_row() {
    const int32_t row_log = row() - kUsualRow;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (columns_[i].count == 0) columns_[i] = {all_.value, kColumnPrior};
      columns_[i].add(divided(row_magnitudes_[i], row_log));
    }
    row_ = usual_row();
    at_ = 0;
  }

  std::vector<Mean> columns_;
  std::vector<int64_t> row_magnitudes_;
  Mean all_;
  Mean row_ = usual_row();
  size_t at_ = 0;  // in the row
  int32_t column_ = 0;
};

}  // namespace pith::tensor

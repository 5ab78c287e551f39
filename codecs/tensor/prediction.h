// The prediction of a word from words before it: their weighted sum in fixed-point integers, turned
// into the nearest number of the format.
#pragma once

#include <array>
#include <vector>

#include "codecs/tensor/fixed_point.h"
#include "codecs/tensor/predicted.h"

namespace pith::tensor {

// What the neighbours of a word are, as distances; 0 where there is none.
inline std::array<size_t, kNeighbours> distances(const Predictor& p) {
  const size_t row = p.row;
  const bool rows = row > 1;
  return {1,
          2,
          rows ? row : 3,
          rows ? row + 1 : 0,
          rows && row > 2 ? row - 1 : 0,
          rows ? 2 * row : 0,
          p.plane,
          p.plane > 0 ? p.plane + 1 : 0};
}

class Prediction {
 public:
  Prediction(const NumberFormat& format, const Predictor& predictor, size_t words)
      : fixed_(format, predictor.highest),
        coefficients_(predictor.coefficients),
        distances_(distances(predictor)) {
    values_.reserve(words);
  }
  static uint64_t memory(size_t words) { return words * sizeof(int64_t); }

  const FixedPoint& fixed() const { return fixed_; }
  size_t distance(size_t neighbour) const { return distances_[neighbour]; }

  // What the next word should be.
  uint64_t next() const {
    int64_t sum = 0;
    const size_t i = values_.size();
    for (size_t k = 0; k < kNeighbours; ++k) {
      if (coefficients_[k] == 0 || distances_[k] > i || distances_[k] == 0) continue;
      sum += coefficients_[k] * values_[i - distances_[k]];
    }
    return fixed_.nearest(sum >> kCoefficientBits);
  }
  // What it is.
  void add(uint64_t word) { values_.push_back(fixed_.value(word)); }

 private:
  FixedPoint fixed_;
  std::array<int16_t, kNeighbours> coefficients_;
  std::array<size_t, kNeighbours> distances_;
  std::vector<int64_t> values_;  // so far
};

}  // namespace pith::tensor

// A linear predictor that fits itself to what it has seen: least squares whose old equations fade,
// solved by Cholesky's decomposition every few points.
//
// In doubles, with nothing but + - * / and sqrt, each of which IEEE 754 defines to the last bit, in
// a fixed order (the project is built without contraction): every machine finds the same weights.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace pith::las {

template <size_t kTerms>
class LeastSquares {
 public:
  LeastSquares(double fade, double ridge, int every) : fade_(fade), ridge_(ridge), every_(every) {}

  using Terms = std::array<double, kTerms>;

  // The weights before anything has been seen.
  void start(const Terms& weights) { std::copy(weights.begin(), weights.end(), weights_.begin()); }

  double predict(const Terms& terms) {
    std::copy(terms.begin(), terms.end(), terms_.begin());
    double sum = 0;
    for (size_t i = 0; i < kTerms; ++i) sum += weights_[i] * terms[i];
    return sum;
  }

  // What the last prediction should have been.
  void learn(double target) {
    const double rest = 1 - fade_;
    // Both halves of the matrix, in whole rows: that is less work for vectors than one half.
    for (size_t i = 0; i < kTerms; ++i) {
      for (size_t k = 0; k < kRow; ++k) {
        squares_[i][k] = squares_[i][k] * fade_ + terms_[i] * terms_[k] * rest;
      }
    }
    for (size_t k = 0; k < kRow; ++k) {
      products_[k] = products_[k] * fade_ + terms_[k] * target * rest;
    }
    if (++seen_ % every_ == 0) solve();
  }

 private:
  static constexpr size_t kRow = (kTerms + 3) / 4 * 4;
  using Row = std::array<double, kRow>;

  void solve() {
    std::array<Row, kTerms> root;
    Row inverse;  // of the root's diagonal
    for (size_t i = 0; i < kTerms; ++i) {
      for (size_t k = 0; k <= i; ++k) {
        double sum = squares_[i][k];
        for (size_t m = 0; m < k; ++m) sum -= root[i][m] * root[k][m];
        if (i == k) {
          sum += ridge_;
          if (!(sum > 1e-9) || !(sum < 1e30)) return;
          inverse[i] = 1 / std::sqrt(sum);
        } else {
          root[i][k] = sum * inverse[k];
        }
      }
    }
    Row half;
    for (size_t i = 0; i < kTerms; ++i) {
      double sum = products_[i];
      for (size_t m = 0; m < i; ++m) sum -= root[i][m] * half[m];
      half[i] = sum * inverse[i];
    }
    for (size_t i = kTerms; i-- > 0;) {
      double sum = half[i];
      for (size_t m = i + 1; m < kTerms; ++m) sum -= root[m][i] * weights_[m];
      weights_[i] = sum * inverse[i];
    }
  }

  double fade_;
  double ridge_;
  int every_;
  int seen_ = 0;
  Row weights_{};
  Row terms_{};
  Row products_{};
  std::array<Row, kTerms> squares_{};
};

}  // namespace pith::las

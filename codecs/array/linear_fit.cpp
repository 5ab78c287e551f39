#include "codecs/array/linear_fit.h"

namespace pith::array {
namespace {

constexpr double kRidge = 1.0 / 65536;  // keeps weights small where neighbours are alike

}  // namespace

void LinearFit::add(const double* around, double target, double importance) {
  ++cells_;
  for (size_t i = 0; i < count_; ++i) {
    const double scaled = around[i] * importance;
    for (size_t k = 0; k <= i; ++k) squares_[i][k] += scaled * around[k];
    targets_[i] += scaled * target;
  }
}

std::optional<Weights> LinearFit::solve() const {
  if (cells_ < 4 * count_) return std::nullopt;
  // Cholesky's decomposition without roots: squares = L D L'.
  std::array<std::array<double, kMaxWeights>, kMaxWeights> lower{};
  std::array<double, kMaxWeights> diagonal{};
  std::array<double, kMaxWeights> solution{};
  double trace = 0;
  for (size_t i = 0; i < count_; ++i) trace += squares_[i][i];
  if (!(trace > 0)) return std::nullopt;
  const double floor = trace / static_cast<double>(count_) * 1e-9;
  for (size_t i = 0; i < count_; ++i) {
    for (size_t k = 0; k <= i; ++k) {
      double sum = squares_[i][k];
      if (i == k) sum += squares_[i][i] * kRidge + floor;
      for (size_t m = 0; m < k; ++m) sum -= lower[i][m] * lower[k][m] * diagonal[m];
      if (i == k) {
        if (!(sum > 0)) return std::nullopt;
        diagonal[i] = sum;
        lower[i][i] = 1;
      } else {
        lower[i][k] = sum / diagonal[k];
      }
    }
  }
  for (size_t i = 0; i < count_; ++i) {
    double sum = targets_[i];
    for (size_t k = 0; k < i; ++k) sum -= lower[i][k] * solution[k];
    solution[i] = sum;
  }
  for (size_t i = 0; i < count_; ++i) solution[i] /= diagonal[i];
  for (size_t i = count_; i-- > 0;) {
    for (size_t k = i + 1; k < count_; ++k) solution[i] -= lower[k][i] * solution[k];
  }
  Weights weights;
  weights.count = count_;
  for (size_t i = 0; i < count_; ++i) {
    const double scaled = solution[i] * (1 << kWeightBits);
    if (!(scaled > -static_cast<double>(kMostWeight) &&
          scaled < static_cast<double>(kMostWeight))) {
      return std::nullopt;
    }
    weights.weight[i] = static_cast<int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  }
  return weights;
}

}  // namespace pith::array

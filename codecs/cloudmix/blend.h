// Blends predictions: each is weighted by how well it did lately and close by.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace pith::cloudmix {

// All in IEEE doubles and + - * / alone, so that every machine computes the same.
template <size_t kPredictors>
class Blend {
 public:
  using Errors = std::array<float, kPredictors>;

  std::array<double, kPredictors> guesses{};
  double expected = 0;  // error of the blend, about

  // `near`: errors of the predictors at points close by; null for none.
  template <size_t kNear>
  double mix(const std::array<const Errors*, kNear>& near, double floor) {
    double sum = 0;
    double weights = 0;
    double errors = 0;
    for (size_t p = 0; p < kPredictors; ++p) {
      double error = floor;
      for (const Errors* at : near) {
        if (at != nullptr) error += static_cast<double>((*at)[p]);
      }
      const double inverse = 1.0 / error;
      const double weight = inverse * inverse * inverse;
      sum += weight * guesses[p];
      weights += weight;
      errors += weight * error;
    }
    expected = errors / weights / static_cast<double>(kNear);
    return sum / weights;
  }

  // Errors of all predictors, given what came.
  void rate(double value, Errors& errors) const {
    for (size_t p = 0; p < kPredictors; ++p) {
      const double error = guesses[p] - value;
      const double size = error < 0 ? -error : error;
      errors[p] = static_cast<float>(size < kMost ? size : kMost);
    }
  }

 private:
  static constexpr double kMost = 1e6;
};

}  // namespace pith::cloudmix

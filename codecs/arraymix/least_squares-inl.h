// Recursive weighted least squares: the linear predictor with the smallest sum of squared errors
// over the samples so far, old ones forgotten bit by bit.
//
// Strictly IEEE: + - * / and sqrt on doubles, in one order whatever the vector width. No sum runs
// across lanes but that of `dot`, whose order is fixed.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_ARRAYMIX_LEAST_SQUARES_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_ARRAYMIX_LEAST_SQUARES_INL_H
#undef PITH_ARRAYMIX_LEAST_SQUARES_INL_H
#else
#define PITH_ARRAYMIX_LEAST_SQUARES_INL_H
#endif

#include <cmath>
#include <cstddef>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::arraymix {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

inline constexpr size_t kStride = 8;  // doubles; rows are padded to a multiple

// Eight sums, added up in a fixed order.
template <size_t kPadded>
HWY_INLINE double dot(const double* HWY_RESTRICT a, const double* HWY_RESTRICT b) {
  const hn::CappedTag<double, kStride> d;
  alignas(64) double sums[kStride];
  for (size_t lane = 0; lane < kStride; lane += hn::Lanes(d)) {
    auto sum = hn::Zero(d);
    for (size_t i = 0; i < kPadded; i += kStride) {
      sum = hn::Add(sum, hn::Mul(hn::Load(d, a + i + lane), hn::Load(d, b + i + lane)));
    }
    hn::Store(sum, d, sums + lane);
  }
  return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}

// kInputs inputs; arrays of them are padded with zeros to kPadded. All but the first kFew may be
// said to be zero at all times, which spares work and changes nothing.
template <size_t kInputs, size_t kFew = kInputs>
class LeastSquares {
 public:
  static constexpr size_t kPadded = (kInputs + kStride - 1) / kStride * kStride;

  // `memory`: what a sample's weight is multiplied by as the next one comes. `ridge`: what is added
  // to the diagonal. Solved anew every `period` samples.
  void set_up(double memory, double ridge, uint32_t period, bool few = false) {
    few_ = few;
    growth_ = 1 / memory;
    ridge_ = ridge;
    period_ = period;
  }

  HWY_INLINE double predict(const double* inputs) const { return dot<kPadded>(inputs, weights_); }

  HWY_INLINE void learn(const double* HWY_RESTRICT inputs, double target, double weight) {
    if (few_) {
      learn_some<kFew>(inputs, target, weight);
    } else {
      learn_some<kInputs>(inputs, target, weight);
    }
  }

 private:
  static constexpr size_t padded(size_t inputs) {
    return (inputs + kStride - 1) / kStride * kStride;
  }

  template <size_t kSome>
  HWY_INLINE void learn_some(const double* HWY_RESTRICT inputs, double target, double weight) {
    const hn::CappedTag<double, kStride> d;
    now_ *= growth_;
    const double scaled = weight * now_;
    // The upper triangle; what lies left of the diagonal is never read.
    for (size_t i = 0; i < kSome; ++i) {
      const auto by = hn::Set(d, inputs[i] * scaled);
      double* row = matrix_ + i * kPadded;
      for (size_t j = i / hn::Lanes(d) * hn::Lanes(d); j < padded(kSome); j += hn::Lanes(d)) {
        hn::Store(hn::Add(hn::Load(d, row + j), hn::Mul(by, hn::Load(d, inputs + j))), d, row + j);
      }
    }
    const auto by = hn::Set(d, target * scaled);
    for (size_t j = 0; j < kPadded; j += hn::Lanes(d)) {
      hn::Store(hn::Add(hn::Load(d, right_ + j), hn::Mul(by, hn::Load(d, inputs + j))), d,
                right_ + j);
    }
    if (++samples_ >= next_) {
      solve<kSome>();
      next_ = samples_ + (samples_ < 4 * kInputs ? 2 : period_);
    }
    if (now_ > 1e60) rescale();
  }

  void rescale() {
    const double by = 1 / now_;
    for (double& x : matrix_) x *= by;
    for (double& x : right_) x *= by;
    now_ = 1;
  }

  // By Cholesky's method; the weights stay as they are if the matrix is not positive.
  template <size_t kSome>
  void solve() {
    const hn::CappedTag<double, kStride> d;
    // What is taken off the later columns runs along rows. What lies left of the diagonal is never
    // read, or zero when it is.
    const double by = 1 / now_;
    const auto scale = hn::Set(d, by);
    for (size_t i = 0; i < kSome; ++i) {
      for (size_t j = i * kPadded + i / hn::Lanes(d) * hn::Lanes(d);
           j < i * kPadded + padded(kSome); j += hn::Lanes(d)) {
        hn::Store(hn::Mul(hn::Load(d, matrix_ + j), scale), d, work_ + j);
      }
    }
    alignas(64) double rest[kPadded] = {};
    for (size_t i = 0; i < kSome; ++i) {
      rest[i] = right_[i] * by;
      double& diagonal = work_[i * kPadded + i];
      diagonal = diagonal * (1 + 1e-9) + ridge_;
    }
    alignas(64) double pivots[kPadded] = {};
    for (size_t k = 0; k < kSome; ++k) {
      double* HWY_RESTRICT row = work_ + k * kPadded;
      if (!(row[k] > 0) || !(row[k] < 1e300)) return;
      pivots[k] = 1 / row[k];
      for (size_t i = 0; i <= k; ++i) row[i] = 0;
      for (size_t j = k + 1; j < kSome; ++j) {
        const auto factor = hn::Set(d, row[j] * pivots[k]);
        double* HWY_RESTRICT to = work_ + j * kPadded;
        for (size_t i = j / hn::Lanes(d) * hn::Lanes(d); i < padded(kSome); i += hn::Lanes(d)) {
          hn::Store(hn::Sub(hn::Load(d, to + i), hn::Mul(factor, hn::Load(d, row + i))), d, to + i);
        }
      }
      const auto part = hn::Set(d, rest[k] * pivots[k]);
      for (size_t i = (k + 1) / hn::Lanes(d) * hn::Lanes(d); i < padded(kSome); i += hn::Lanes(d)) {
        hn::Store(hn::Sub(hn::Load(d, rest + i), hn::Mul(part, hn::Load(d, row + i))), d, rest + i);
      }
    }
    // Backwards. The later weights are found, the others still zero.
    alignas(64) double found[kPadded] = {};
    for (size_t k = kSome; k-- > 0;) {
      found[k] = (rest[k] - dot<padded(kSome)>(work_ + k * kPadded, found)) * pivots[k];
      if (!(found[k] > -1e6 && found[k] < 1e6)) return;
    }
    for (size_t k = 0; k < kPadded; ++k) weights_[k] = found[k];
  }

  alignas(64) double matrix_[kInputs * kPadded] = {};
  alignas(64) double work_[kInputs * kPadded] = {};
  alignas(64) double right_[kPadded] = {};
  alignas(64) double weights_[kPadded] = {};
  bool few_ = false;
  double growth_ = 1;
  double now_ = 1;
  double ridge_ = 1;
  uint32_t period_ = 8;
  uint64_t samples_ = 0;
  uint64_t next_ = 1;
};

}  // namespace HWY_NAMESPACE
}  // namespace pith::arraymix
HWY_AFTER_NAMESPACE();

#endif

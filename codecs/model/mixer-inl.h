// Gated logistic mixing: several small perceptrons over the same inputs, each with weights chosen
// by a context, and a second layer that mixes their outputs (after Mahoney's PAQ8).
//
// Inputs are stretched probabilities (13 bits, kept as int32), weights int32 with 65536 = 1.0. An
// output is Σ input · (weight >> 4) >> 12, clamped; the error (bit << 16) - squash(output) moves
// every weight by (input · step + 2^13) >> 14, where step = error · rate >> 10. All in 32-bit
// integers, so that the kernels of all vector widths and the scalar one give the same numbers.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_MODEL_MIXER_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_MODEL_MIXER_INL_H
#undef PITH_MODEL_MIXER_INL_H
#else
#define PITH_MODEL_MIXER_INL_H
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "codecs/model/logistic.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::model {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

inline constexpr size_t kMixerStep = 16;  // inputs are padded to a multiple of this
inline constexpr int32_t kMaxWeight = (8 << 16) - 1;

constexpr size_t padded(size_t inputs) {
  return (inputs + kMixerStep - 1) / kMixerStep * kMixerStep;
}

template <size_t kInputs>
HWY_INLINE int32_t dot(const int32_t* HWY_RESTRICT inputs, const int32_t* HWY_RESTRICT weights) {
  const hn::CappedTag<int32_t, kMixerStep> d;
  auto sum = hn::Zero(d);
  for (size_t i = 0; i < kInputs; i += hn::Lanes(d)) {
    const auto w = hn::ShiftRight<4>(hn::Load(d, weights + i));
    sum = hn::Add(sum, hn::Mul(hn::Load(d, inputs + i), w));
  }
  return hn::GetLane(hn::SumOfLanes(d, sum)) >> 12;
}

template <size_t kInputs>
HWY_INLINE void train(const int32_t* HWY_RESTRICT inputs, int32_t* HWY_RESTRICT weights,
                      int32_t step) {
  const hn::CappedTag<int32_t, kMixerStep> d;
  const auto by = hn::Set(d, step);
  const auto half = hn::Set(d, 1 << 13);
  const auto most = hn::Set(d, kMaxWeight);
  const auto least = hn::Set(d, -kMaxWeight);
  for (size_t i = 0; i < kInputs; i += hn::Lanes(d)) {
    const auto change = hn::ShiftRight<14>(hn::Add(hn::Mul(hn::Load(d, inputs + i), by), half));
    const auto w = hn::Add(hn::Load(d, weights + i), change);
    hn::Store(hn::Min(hn::Max(w, least), most), d, weights + i);
  }
}

// kInputs: padded. Weights of all sets lie in one array that the caller gives.
template <size_t kInputs, size_t kSets>
class MixerLayer {
 public:
  alignas(64) int32_t inputs[kInputs] = {};
  int outputs[kSets] = {};

  // Rows of the sets follow each other in `weights`, which holds the sum of `rows` · kInputs.
  void place(std::span<int32_t> weights, const std::array<size_t, kSets>& rows, int32_t first) {
    std::fill(weights.begin(), weights.end(), first);
    int32_t* at = weights.data();
    for (size_t s = 0; s < kSets; ++s) {
      sets_[s] = at;
      at += rows[s] * kInputs;
    }
  }

  HWY_INLINE void select(size_t set, size_t row) { rows_[set] = sets_[set] + row * kInputs; }

  HWY_INLINE void mix() {
    for (size_t s = 0; s < kSets; ++s) outputs[s] = clamp_stretch(dot<kInputs>(inputs, rows_[s]));
  }

  // `rate`: see above.
  HWY_INLINE void learn(uint32_t bit, int32_t rate) {
    for (size_t s = 0; s < kSets; ++s) {
      const int32_t error =
          static_cast<int32_t>(bit << 16) - static_cast<int32_t>(squash(outputs[s]));
      const int32_t step = (error * rate) >> 10;
      train<kInputs>(inputs, rows_[s], step);
    }
  }

 private:
  int32_t* sets_[kSets] = {};
  int32_t* rows_[kSets] = {};
};

}  // namespace HWY_NAMESPACE
}  // namespace pith::model
HWY_AFTER_NAMESPACE();

#endif

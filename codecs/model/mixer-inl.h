// Gated logistic mixing: several small perceptrons over the same inputs, each with weights chosen
// by a context, and a second layer that mixes their outputs (after Mahoney's PAQ8).
//
// Inputs are stretched probabilities in 16 bits (kept as unsigned numbers: see multiply-inl.h),
// weights int32 with 65536 = 1.0. An output is Σ input · (weight >> 4) >> 12, clamped; the error
// (bit << 16) - squash(output) moves every weight by (input · step + 2^11) >> 12, where step =
// (error · rate + 2^11) >> 12. All in 32-bit integers, so that the kernels of all vector widths and
// the scalar one give the same numbers.
//
// No product or sum may leave 32 bits: a weight is kept within ±4.5, so that weight >> 4 is at most
// 18432, and the largest layer, that of shape 9, has 40 inputs within ±2815, three within ±1024 and
// the constant 256, which is less than 2^31 / 18432 in all.
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
#include "codecs/model/multiply-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::model {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

inline constexpr size_t kMixerStep = 16;  // inputs are padded to a multiple of this
inline constexpr int32_t kMaxWeight = (9 << 15) - 1;

constexpr size_t padded(size_t inputs) {
  return (inputs + kMixerStep - 1) / kMixerStep * kMixerStep;
}

#if HWY_TARGET == HWY_SCALAR

template <size_t kInputs>
int32_t dot(const uint32_t* inputs, const int32_t* weights) {
  int32_t sum = 0;
  for (size_t i = 0; i < kInputs; ++i) {
    sum += static_cast<int16_t>(static_cast<uint16_t>(inputs[i])) * (weights[i] >> 4);
  }
  return sum >> 12;
}

template <size_t kInputs>
void train(const uint32_t* inputs, int32_t* weights, int32_t step) {
  for (size_t i = 0; i < kInputs; ++i) {
    const int32_t product = static_cast<int16_t>(static_cast<uint16_t>(inputs[i])) * step;
    weights[i] = std::clamp(weights[i] + ((product + (1 << 11)) >> 12), -kMaxWeight, kMaxWeight);
  }
}

#else

template <size_t kInputs>
HWY_INLINE int32_t dot(const uint32_t* HWY_RESTRICT inputs, const int32_t* HWY_RESTRICT weights) {
  const hn::CappedTag<int32_t, kMixerStep> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  auto sum = hn::Zero(d);
  for (size_t i = 0; i < kInputs; i += hn::Lanes(d)) {
    const auto w = hn::ShiftRight<4>(hn::Load(d, weights + i));
    sum = hn::Add(sum, multiply_low(d, hn::BitCast(d, hn::Load(du, inputs + i)), w));
  }
  return hn::GetLane(hn::SumOfLanes(d, sum)) >> 12;
}

template <size_t kInputs>
HWY_INLINE void train(const uint32_t* HWY_RESTRICT inputs, int32_t* HWY_RESTRICT weights,
                      int32_t step) {
  const hn::CappedTag<int32_t, kMixerStep> d;
  const hn::RebindToUnsigned<decltype(d)> du;
  const auto by = hn::Set(d, step);
  const auto half = hn::Set(d, 1 << 11);
  const auto most = hn::Set(d, kMaxWeight);
  const auto least = hn::Set(d, -kMaxWeight);
  for (size_t i = 0; i < kInputs; i += hn::Lanes(d)) {
    const auto product = multiply_low(d, hn::BitCast(d, hn::Load(du, inputs + i)), by);
    const auto change = hn::ShiftRight<12>(hn::Add(product, half));
    const auto w = hn::Add(hn::Load(d, weights + i), change);
    hn::Store(hn::Min(hn::Max(w, least), most), d, weights + i);
  }
}

#endif

// kInputs: padded. Weights of all sets lie in one array that the caller gives.
template <size_t kInputs, size_t kSets>
class MixerLayer {
 public:
  alignas(64) uint32_t inputs[kInputs] = {};
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

  HWY_INLINE void set_input(size_t i, int32_t x) {
    inputs[i] = static_cast<uint16_t>(static_cast<int16_t>(x));
  }

  HWY_INLINE void select(size_t set, size_t row) { rows_[set] = sets_[set] + row * kInputs; }

  HWY_INLINE void mix() {
    for (size_t s = 0; s < kSets; ++s) outputs[s] = clamp_stretch(dot<kInputs>(inputs, rows_[s]));
  }

  // `rate`: below 2048.
  HWY_INLINE void learn(uint32_t bit, int32_t rate) {
    for (size_t s = 0; s < kSets; ++s) {
      const int32_t error =
          static_cast<int32_t>(bit << 16) - static_cast<int32_t>(squash(outputs[s]));
      const int32_t step = (error * rate + 2048) >> 12;
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

// The mixer of the fast text model: one perceptron of eight inputs, kept in registers.
//
// Inputs are stretched probabilities in 16 bits (as an unsigned number: the upper half of its
// vector lane stays zero). Weights are int32 with 2^28 = 1.0, within ±7.5; their upper halves
// are multiplied with the inputs, whole they learn: w += input · step. With both factors in the low
// halves of 32-bit lanes, one instruction that multiplies pairs of 16-bit numbers and adds them
// does either product on most machines. All in integers, the same numbers on every target.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_FAST_MIXER_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_FAST_MIXER_INL_H
#undef PITH_FAST_MIXER_INL_H
#else
#define PITH_FAST_MIXER_INL_H
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "codecs/model/logistic.h"
#include "codecs/model/multiply-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::text {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

inline constexpr size_t kFastInputs = 8;
inline constexpr int32_t kFastWeightOne = 1 << 28;
inline constexpr int32_t kFastWeightMost = 0x77FFFFFF;

#if HWY_TARGET == HWY_SCALAR

class FastDot {
 public:
  FastDot(const std::array<uint32_t, kFastInputs>& inputs, int32_t* weights) : weights_(weights) {
    for (size_t i = 0; i < kFastInputs; ++i) {
      inputs_[i] = static_cast<int16_t>(static_cast<uint16_t>(inputs[i]));
    }
  }
  int mixed() const {
    int32_t sum = 0;
    for (size_t i = 0; i < kFastInputs; ++i) sum += inputs_[i] * (weights_[i] >> 16);
    return model::clamp_stretch(sum >> 12);
  }
  void learn(int32_t step) {
    for (size_t i = 0; i < kFastInputs; ++i) {
      const int32_t moved = weights_[i] + inputs_[i] * step;
      weights_[i] = std::clamp(moved, -kFastWeightMost, kFastWeightMost);
    }
  }

 private:
  std::array<int32_t, kFastInputs> inputs_;
  int32_t* weights_;
};

#else

using model::HWY_NAMESPACE::multiply_low;

class FastDot {
 public:
  // `weights`: aligned to 16 bytes.
  HWY_INLINE FastDot(const std::array<uint32_t, kFastInputs>& inputs, int32_t* weights)
      : inputs0_(four(inputs[0], inputs[1], inputs[2], inputs[3])),
        inputs1_(four(inputs[4], inputs[5], inputs[6], inputs[7])),
        weights0_(hn::Load(Wide(), weights)),
        weights1_(hn::Load(Wide(), weights + 4)),
        weights_(weights) {}

  // The stretched probability, clamped.
  HWY_INLINE int mixed() const {
    const Wide d;
    const auto products = hn::Add(multiply_low(d, inputs0_, hn::ShiftRight<16>(weights0_)),
                                  multiply_low(d, inputs1_, hn::ShiftRight<16>(weights1_)));
    const auto sum = hn::ShiftRight<12>(hn::SumOfLanes(d, products));
    const auto least = hn::Set(d, -model::kStretchLimit);
    return hn::GetLane(hn::Min(hn::Max(sum, least), hn::Set(d, model::kStretchLimit)));
  }

  // `step`: in 16 bits.
  HWY_INLINE void learn(int32_t step) {
    const Wide d;
    const auto by = hn::Set(d, step & 0xFFFF);
    const auto most = hn::Set(d, kFastWeightMost);
    const auto least = hn::Set(d, -kFastWeightMost);
    const auto moved0 = hn::Add(weights0_, multiply_low(d, inputs0_, by));
    const auto moved1 = hn::Add(weights1_, multiply_low(d, inputs1_, by));
    hn::Store(hn::Min(hn::Max(moved0, least), most), d, weights_);
    hn::Store(hn::Min(hn::Max(moved1, least), most), d, weights_ + 4);
  }

 private:
  using Wide = hn::FixedTag<int32_t, 4>;
  using Lanes = hn::Vec<Wide>;

  static HWY_INLINE Lanes four(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
    auto lanes = hn::Set(Wide(), static_cast<int32_t>(a));
    lanes = hn::InsertLane(lanes, 1, static_cast<int32_t>(b));
    lanes = hn::InsertLane(lanes, 2, static_cast<int32_t>(c));
    return hn::InsertLane(lanes, 3, static_cast<int32_t>(d));
  }

  Lanes inputs0_;
  Lanes inputs1_;
  Lanes weights0_;
  Lanes weights1_;
  int32_t* weights_;
};

#endif

}  // namespace HWY_NAMESPACE
}  // namespace pith::text
HWY_AFTER_NAMESPACE();

#endif

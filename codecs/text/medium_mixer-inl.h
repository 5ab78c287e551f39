// The mixer of the medium text model: four perceptrons of sixteen inputs, and one that mixes them.
//
// The perceptrons are those of fast_mixer-inl.h. Their outputs stay in a vector, which is the input
// of the last one; its weights are int32 with 65536 = 1.0, within ±2. No sum can leave 32 bits:
// 16 inputs of at most 2815 times the upper half of a weight, at most 30719, are below 2^31; so are
// 4 outputs of at most 2815 times 131072.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_MEDIUM_MIXER_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_MEDIUM_MIXER_INL_H
#undef PITH_MEDIUM_MIXER_INL_H
#else
#define PITH_MEDIUM_MIXER_INL_H
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "codecs/model/logistic.h"
#include "codecs/text/fast_mixer-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::text {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

inline constexpr size_t kMediumInputs = 16;
inline constexpr size_t kMediumSets = 4;
inline constexpr int32_t kMediumFinalOne = 1 << 16;
inline constexpr int32_t kMediumFinalMost = 1 << 17;

#if HWY_TARGET == HWY_SCALAR

class MediumMixer {
 public:
  MediumMixer(const std::array<uint32_t, kMediumInputs>& inputs,
              const std::array<int32_t*, kMediumSets>& rows, int32_t* final_row)
      : rows_(rows), final_row_(final_row) {
    for (size_t i = 0; i < kMediumInputs; ++i) {
      inputs_[i] = static_cast<int16_t>(static_cast<uint16_t>(inputs[i]));
    }
    int32_t total = 0;
    for (size_t s = 0; s < kMediumSets; ++s) {
      int32_t sum = 0;
      for (size_t i = 0; i < kMediumInputs; ++i) sum += inputs_[i] * (rows_[s][i] >> 16);
      outputs_[s] = model::clamp_stretch(sum >> 12);
      total += outputs_[s] * final_row[s];
    }
    mixed_ = model::clamp_stretch(total >> 16);
  }
  int mixed() const { return mixed_; }
  void learn(int32_t target, int32_t final_step, int32_t rate) {
    for (size_t s = 0; s < kMediumSets; ++s) {
      const int32_t moved = final_row_[s] + ((outputs_[s] * final_step + (1 << 13)) >> 14);
      final_row_[s] = std::clamp(moved, -kMediumFinalMost, kMediumFinalMost);
      const int32_t error = target - static_cast<int32_t>(model::squash(outputs_[s]));
      const int32_t step = (error * rate + 2048) >> 12;
      for (size_t i = 0; i < kMediumInputs; ++i) {
        const int32_t weight = rows_[s][i] + inputs_[i] * step;
        rows_[s][i] = std::clamp(weight, -kFastWeightMost, kFastWeightMost);
      }
    }
  }

 private:
  std::array<int32_t, kMediumInputs> inputs_;
  std::array<int32_t*, kMediumSets> rows_;
  std::array<int32_t, kMediumSets> outputs_;
  int32_t* final_row_;
  int mixed_;
};

#else

class MediumMixer {
 public:
  // Rows of weights: aligned to 64 bytes, the final one to 16.
  HWY_INLINE MediumMixer(const std::array<uint32_t, kMediumInputs>& inputs,
                         const std::array<int32_t*, kMediumSets>& rows, int32_t* final_row)
      : rows_(rows), final_row_(final_row) {
    const Quad q;
    for (size_t i = 0; i < kVectors; ++i) inputs_[i] = gather(Wide(), inputs, i * kLanes);
    const auto sum0 = dot(0);
    const auto sum1 = dot(1);
    const auto sum2 = dot(2);
    const auto sum3 = dot(3);
    // Their lanes are added up in one vector.
    const auto pairs01 =
        hn::Add(hn::InterleaveLower(q, sum0, sum1), hn::InterleaveUpper(q, sum0, sum1));
    const auto pairs23 =
        hn::Add(hn::InterleaveLower(q, sum2, sum3), hn::InterleaveUpper(q, sum2, sum3));
    const auto sums = hn::Add(hn::ConcatLowerLower(q, pairs23, pairs01),
                              hn::ConcatUpperUpper(q, pairs23, pairs01));
    outputs_ = hn::Min(hn::Max(hn::ShiftRight<12>(sums), hn::Set(q, -model::kStretchLimit)),
                       hn::Set(q, model::kStretchLimit));
    final_weights_ = hn::Load(q, final_row);
  }

  // The stretched probability, clamped.
  HWY_INLINE int mixed() const {
    const Quad q;
    return model::clamp_stretch(hn::GetLane(hn::SumOfLanes(q, hn::Mul(outputs_, final_weights_))) >>
                                16);
  }

  // `target`: the bit, in 1/65536. `final_step`: of the last perceptron, within ±2^12. `rate`: of
  // the others, below 2048.
  HWY_INLINE void learn(int32_t target, int32_t final_step, int32_t rate) {
    const Quad q;
    const auto change =
        hn::ShiftRight<14>(hn::Add(hn::Mul(outputs_, hn::Set(q, final_step)), hn::Set(q, 1 << 13)));
    const auto moved = hn::Add(final_weights_, change);
    hn::Store(hn::Min(hn::Max(moved, hn::Set(q, -kMediumFinalMost)), hn::Set(q, kMediumFinalMost)),
              q, final_row_);
    learn_set(0, target - squashed(hn::GetLane(outputs_)), rate);
    learn_set(1, target - squashed(hn::ExtractLane(outputs_, 1)), rate);
    learn_set(2, target - squashed(hn::ExtractLane(outputs_, 2)), rate);
    learn_set(3, target - squashed(hn::ExtractLane(outputs_, 3)), rate);
  }

 private:
  using Quad = hn::FixedTag<int32_t, 4>;
  using Wide = hn::CappedTag<int32_t, 8>;
  static constexpr size_t kLanes = hn::MaxLanes(Wide());
  static constexpr size_t kVectors = kMediumInputs / kLanes;
  using Lanes = hn::Vec<Wide>;

  static HWY_INLINE hn::Vec<Quad> four(const std::array<uint32_t, kMediumInputs>& in, size_t at) {
    auto lanes = hn::Set(Quad(), static_cast<int32_t>(in[at]));
    lanes = hn::InsertLane(lanes, 1, static_cast<int32_t>(in[at + 1]));
    lanes = hn::InsertLane(lanes, 2, static_cast<int32_t>(in[at + 2]));
    return hn::InsertLane(lanes, 3, static_cast<int32_t>(in[at + 3]));
  }

  // A vector of inputs, from `at` on.
  template <class D>
  static HWY_INLINE hn::Vec<D> gather(D d, const std::array<uint32_t, kMediumInputs>& in,
                                      size_t at) {
    if constexpr (hn::MaxLanes(D()) == 8) {
      return hn::Combine(d, four(in, at + 4), four(in, at));
    } else {
      return four(in, at);
    }
  }

  // The sum of its halves, if it is so long that it has any.
  template <class D>
  static HWY_INLINE hn::Vec<Quad> folded(D, hn::Vec<D> sum) {
    if constexpr (hn::MaxLanes(D()) == 8) {
      return hn::Add(hn::LowerHalf(Quad(), sum), hn::UpperHalf(Quad(), sum));
    } else {
      return sum;
    }
  }

  static HWY_INLINE int32_t squashed(int x) { return static_cast<int32_t>(model::squash(x)); }

  // Of a set, as four sums.
  HWY_INLINE hn::Vec<Quad> dot(size_t set) const {
    const Wide d;
    auto sum = multiply_low(d, inputs_[0], hn::ShiftRight<16>(hn::Load(d, rows_[set])));
    for (size_t i = 1; i < kVectors; ++i) {
      const auto weights = hn::ShiftRight<16>(hn::Load(d, rows_[set] + i * kLanes));
      sum = hn::Add(sum, multiply_low(d, inputs_[i], weights));
    }
    return folded(d, sum);
  }

  HWY_INLINE void learn_set(size_t set, int32_t error, int32_t rate) {
    const Wide d;
    const auto by = hn::Set(d, ((error * rate + 2048) >> 12) & 0xFFFF);
    const auto most = hn::Set(d, kFastWeightMost);
    const auto least = hn::Set(d, -kFastWeightMost);
    for (size_t i = 0; i < kVectors; ++i) {
      int32_t* const weights = rows_[set] + i * kLanes;
      const auto moved = hn::Add(hn::Load(d, weights), multiply_low(d, inputs_[i], by));
      hn::Store(hn::Min(hn::Max(moved, least), most), d, weights);
    }
  }

  Lanes inputs_[kVectors];
  std::array<int32_t*, kMediumSets> rows_;
  int32_t* final_row_;
  hn::Vec<Quad> outputs_;
  hn::Vec<Quad> final_weights_;
};

#endif

}  // namespace HWY_NAMESPACE
}  // namespace pith::text
HWY_AFTER_NAMESPACE();

#endif

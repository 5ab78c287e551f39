// Gated logistic mixing for the model of logs: perceptrons over 16-bit inputs, whose 32-bit weights
// are kept as two arrays of halves.
//
// Predicting takes the upper halves alone, half the memory and twice the lanes; learning adds to
// both: w += input · step, exactly, the upper half clamped to 16 bits. 2^28 stands for a weight of
// 1.0, so 4096 in the upper half. All in integers; sums wrap at 32 bits. The kernels of all vector
// widths and the scalar one give the same numbers.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_LOGMIX_MIXER_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_LOGMIX_MIXER_INL_H
#undef PITH_LOGMIX_MIXER_INL_H
#else
#define PITH_LOGMIX_MIXER_INL_H
#endif

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "codecs/model/logistic.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::logmix {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

inline constexpr size_t kMixerStep = 16;  // inputs are padded to a multiple of this
inline constexpr int16_t kUnitWeight = 4096;

constexpr size_t padded(size_t inputs) {
  return (inputs + kMixerStep - 1) / kMixerStep * kMixerStep;
}

// A row: the upper halves of its weights, then the lower ones.
#if HWY_TARGET == HWY_SCALAR

template <size_t kInputs>
HWY_INLINE int32_t dot(const int16_t* inputs, const int16_t* row) {
  uint32_t sum = 0;
  for (size_t i = 0; i < kInputs; ++i) sum += static_cast<uint32_t>(int32_t{inputs[i]} * row[i]);
  return static_cast<int32_t>(sum) >> 12;
}

template <size_t kInputs>
HWY_INLINE void train(const int16_t* inputs, int16_t* row, int32_t step) {
  for (size_t i = 0; i < kInputs; ++i) {
    const int32_t product = int32_t{inputs[i]} * step;
    const uint32_t low =
        static_cast<uint16_t>(row[kInputs + i]) + (static_cast<uint32_t>(product) & 0xFFFF);
    const int32_t up = std::min(row[i] + (product >> 16), 32767);
    row[i] = static_cast<int16_t>(
        std::clamp(std::max(up, -32768) + static_cast<int32_t>(low >> 16), -32768, 32767));
    row[kInputs + i] = static_cast<int16_t>(static_cast<uint16_t>(low & 0xFFFF));
  }
}

#else

template <size_t kInputs>
HWY_INLINE int32_t dot(const int16_t* HWY_RESTRICT inputs, const int16_t* HWY_RESTRICT row) {
  const hn::CappedTag<int16_t, kMixerStep> d;
  const hn::RepartitionToWide<decltype(d)> wide;
  auto even = hn::Zero(wide);
  auto odd = hn::Zero(wide);
  for (size_t i = 0; i < kInputs; i += hn::Lanes(d)) {
    even = hn::ReorderWidenMulAccumulate(wide, hn::Load(d, inputs + i), hn::Load(d, row + i), even,
                                         odd);
  }
  return hn::GetLane(hn::SumOfLanes(wide, hn::Add(even, odd))) >> 12;
}

template <size_t kInputs>
HWY_INLINE void train(const int16_t* HWY_RESTRICT inputs, int16_t* HWY_RESTRICT row, int32_t step) {
  const hn::CappedTag<int16_t, kMixerStep> d;
  const hn::RebindToUnsigned<decltype(d)> u;
  const auto by = hn::Set(d, static_cast<int16_t>(step));
  for (size_t i = 0; i < kInputs; i += hn::Lanes(d)) {
    const auto x = hn::Load(d, inputs + i);
    const auto low = hn::BitCast(u, hn::Load(d, row + kInputs + i));
    const auto added = hn::BitCast(u, hn::Mul(x, by));
    const auto sum = hn::Add(low, added);
    // All ones where the lower half has wrapped.
    const auto carry = hn::BitCast(d, hn::VecFromMask(u, hn::Lt(sum, low)));
    const auto up = hn::SaturatedAdd(hn::Load(d, row + i), hn::MulHigh(x, by));
    hn::Store(hn::SaturatedSub(up, carry), d, row + i);
    hn::Store(hn::BitCast(d, sum), d, row + kInputs + i);
  }
}

#endif

// Several perceptrons over the same inputs, each with a row of weights that a context selects.
// kInputs: padded.
template <size_t kInputs, size_t kSets>
class Mixer {
 public:
  alignas(64) int16_t inputs[kInputs] = {};
  int outputs[kSets] = {};

  static constexpr size_t weights(size_t rows) { return rows * 2 * kInputs; }

  // `storage`: weights(sum of `rows`) numbers.
  void place(std::span<int16_t> storage, const std::array<size_t, kSets>& rows, int16_t first) {
    int16_t* at = storage.data();
    for (size_t s = 0; s < kSets; ++s) {
      sets_[s] = at;
      for (size_t r = 0; r < rows[s]; ++r, at += 2 * kInputs) {
        std::fill(at, at + kInputs, first);
        std::fill(at + kInputs, at + 2 * kInputs, int16_t{0});
      }
    }
  }

  HWY_INLINE void select(size_t set, size_t row) { rows_[set] = sets_[set] + row * 2 * kInputs; }

  HWY_INLINE void mix() {
    for (size_t s = 0; s < kSets; ++s) {
      outputs[s] = model::clamp_stretch(dot<kInputs>(inputs, rows_[s]));
    }
  }

  // Sets whose error is below `least` (in 1/65536) learn nothing.
  HWY_INLINE void learn(uint32_t bit, int32_t rate, int32_t least) {
    for (size_t s = 0; s < kSets; ++s) {
      const int32_t error =
          static_cast<int32_t>(bit << 16) - static_cast<int32_t>(model::squash(outputs[s]));
      if (error < least && error > -least) continue;
      train<kInputs>(inputs, rows_[s], std::clamp((error * rate + 2048) >> 12, -32767, 32767));
    }
  }

 private:
  int16_t* sets_[kSets] = {};
  int16_t* rows_[kSets] = {};
};

}  // namespace HWY_NAMESPACE
}  // namespace pith::logmix
HWY_AFTER_NAMESPACE();

#endif

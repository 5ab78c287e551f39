// What the model of points predicts bits with: adaptive counters, and a logistic mixer over them.
//
// A counter is a probability in 1/2^22 (upper 22 bits, the uppermost inverted) and a count of
// updates. So it is zero when nothing is known, and tables need no start values. The mixer's inputs
// have 16 bits, its weights 32, kept as two arrays of halves: predicting takes the upper halves
// alone; 2^28 stands for a weight of 1. All in integers; the kernels of all vector widths give the
// same numbers.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_LAS_MIXING_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_LAS_MIXING_INL_H
#undef PITH_LAS_MIXING_INL_H
#else
#define PITH_LAS_MIXING_INL_H
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "codecs/las/mixing_tables.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::las {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

inline uint32_t probability(Counter counter) { return (counter ^ kUnknownHalf) >> 16; }

HWY_INLINE Counter updated(Counter counter, uint32_t bit, uint32_t limit) {
  const uint32_t value = counter ^ kUnknownHalf;
  const uint32_t n = value & kCountMask;
  const auto p = static_cast<int32_t>(value >> 10);
  const int32_t target = bit != 0 ? (1 << 22) - 1 : 0;
  const int32_t step = (((target - p) >> 7) * kRates[n]) >> 9;
  return ((static_cast<uint32_t>(p + step) << 10) | std::min(n + 1, limit)) ^ kUnknownHalf;
}

// One row: the upper halves of the weights, then the lower ones.
struct alignas(16) WeightRow {
  int16_t high[kInputs];
  int16_t low[kInputs];
};

// Inputs lie in one number, as in memory: a vector of numbers that were just written one by one
// would have to wait for them.
inline int shift_of(size_t input) {
  return 16 *
         static_cast<int>(std::endian::native == std::endian::little ? input : kInputs - 1 - input);
}

// Moves the weights by input · step, exactly; the upper halves are clamped to 16 bits.
HWY_INLINE void train(uint64_t inputs, WeightRow& row, int32_t step) {
#if HWY_TARGET == HWY_SCALAR
  for (size_t i = 0; i < kInputs; ++i) {
    const int32_t product = int32_t{static_cast<int16_t>(inputs >> shift_of(i))} * step;
    const uint32_t low =
        static_cast<uint16_t>(row.low[i]) + (static_cast<uint32_t>(product) & 0xFFFF);
    const int32_t up = std::min(row.high[i] + (product >> 16), 32767);
    row.high[i] = static_cast<int16_t>(
        std::clamp(std::max(up, -32768) + static_cast<int32_t>(low >> 16), -32768, 32767));
    row.low[i] = static_cast<int16_t>(static_cast<uint16_t>(low & 0xFFFF));
  }
#else
  const hn::CappedTag<int16_t, kInputs> d;
  const hn::RebindToUnsigned<decltype(d)> u;
  const auto by = hn::Set(d, static_cast<int16_t>(step));
  const auto x = hn::BitCast(d, hn::Set(hn::CappedTag<uint64_t, 1>(), inputs));
  const auto low = hn::BitCast(u, hn::Load(d, row.low));
  const auto sum = hn::Add(low, hn::BitCast(u, hn::Mul(x, by)));
  // All ones where the lower half has wrapped.
  const auto carry = hn::BitCast(d, hn::VecFromMask(u, hn::Lt(sum, low)));
  const auto up = hn::SaturatedAdd(hn::Load(d, row.high), hn::MulHigh(x, by));
  hn::Store(hn::SaturatedSub(up, carry), d, row.high);
  hn::Store(hn::BitCast(d, sum), d, row.low);
#endif
}

// Puts kInputs counters together to one decision.
class Mixing {
 public:
  // Weights learn fast at first, slowly after `points` points.
  void settle(size_t points) {
    rate_ = static_cast<int32_t>(kFastest / 12 + kFastest * 512 / (512 + points));
  }

  // Or ask a few contexts only, and take their mean.
  void set_full(bool full) { full_ = full; }
  bool is_full() const { return full_; }

  // `counters`: table of all; those of this decision are at `places`, plus `node`: one for each
  // context. `weights`: the row of the decision. `coder(bit, p) -> bit`.
  //
  // One counter after another: to gather them takes longer than the few multiplications.
  template <size_t kContexts, class Coder>
  HWY_INLINE uint32_t decide(uint32_t bit, Counter* HWY_RESTRICT counters,
                             const uint32_t* HWY_RESTRICT places, uint32_t node, WeightRow& weights,
                             uint32_t limit, Coder& coder) {
    uint64_t inputs = 0;
    Counter* some[kContexts];
    uint32_t sum = 0;
    for (size_t i = 0; i < kContexts; ++i) {
      some[i] = counters + places[i] + node;
      const int16_t input = kStretched[(*some[i] ^ kUnknownHalf) >> 20];
      inputs |= uint64_t{static_cast<uint16_t>(input)} << shift_of(i);
      sum += static_cast<uint32_t>(int32_t{input} * weights.high[i]);
    }
    const uint32_t p = model::squash(model::clamp_stretch(static_cast<int32_t>(sum) >> 12));
    const uint32_t got = coder.code(bit, p);
    learn(inputs, weights, static_cast<int32_t>(got << 16) - static_cast<int32_t>(p));
    for (Counter* counter : some) *counter = updated(*counter, got, limit);
    return got;
  }

  template <class Coder>
  HWY_INLINE uint32_t decide_lightly(uint32_t bit, Counter* counters, const uint32_t* places,
                                     uint32_t node, uint32_t limit, Coder& coder) const {
    Counter* const some[3] = {counters + places[0] + node, counters + places[1] + node,
                              counters + places[2] + node};
    int sum = 0;
    for (const Counter* counter : some) sum += kStretched[(*counter ^ kUnknownHalf) >> 20];
    const uint32_t p = model::squash(model::clamp_stretch((sum * 7) >> 4));
    const uint32_t got = coder.code(bit, p);
    for (Counter* counter : some) *counter = updated(*counter, got, limit);
    return got;
  }

 private:
  HWY_INLINE void learn(uint64_t inputs, WeightRow& row, int32_t error) const {
    if (error < kLeastError && error > -kLeastError) return;
    train(inputs, row, std::clamp(error * rate_ >> 12, -32767, 32767));
  }

  static constexpr int32_t kLeastError = 384;  // in 1/65536
  static constexpr uint64_t kFastest = 3000;
  bool full_ = true;
  int32_t rate_ = static_cast<int32_t>(kFastest);
};

}  // namespace HWY_NAMESPACE
}  // namespace pith::las
HWY_AFTER_NAMESPACE();

#endif

// The product that the mixers are made of.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_MODEL_MULTIPLY_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_MODEL_MULTIPLY_INL_H
#undef PITH_MODEL_MULTIPLY_INL_H
#else
#define PITH_MODEL_MULTIPLY_INL_H
#endif

#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::model {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

// For lanes of 32 bits: the product of their low halves as signed numbers, if the upper half of `a`
// or of `b` is zero.
template <class D>
HWY_INLINE hn::Vec<D> multiply_low([[maybe_unused]] D d, hn::Vec<D> a, hn::Vec<D> b) {
#if HWY_TARGET == HWY_SSE4 || HWY_TARGET == HWY_AVX2
  // Lane by lane on these targets, though it need not be.
  const hn::Repartition<int16_t, D> halves;
  auto unused = hn::Zero(d);
  return hn::ReorderWidenMulAccumulate(d, hn::BitCast(halves, a), hn::BitCast(halves, b),
                                       hn::Zero(d), unused);
#else
  return hn::Mul(hn::ShiftRight<16>(hn::ShiftLeft<16>(a)),
                 hn::ShiftRight<16>(hn::ShiftLeft<16>(b)));
#endif
}

#endif

}  // namespace HWY_NAMESPACE
}  // namespace pith::model
HWY_AFTER_NAMESPACE();

#endif

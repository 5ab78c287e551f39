// How likely the value lies above a boundary, by each predictor's guess and expected error.
//
// The error of a predictor is taken to be distributed like Student's t with four degrees of
// freedom, whose distribution function is algebraic: with u = x / sqrt(4 + x²) it is
// 1/2 + (3u - u³) / 4. Its mean magnitude is 1. So no machine needs exp or log: IEEE + - * / and
// sqrt on floats, lane by lane, and a logarithm by bits and a polynomial.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_ARRAYMIX_SPREAD_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_ARRAYMIX_SPREAD_INL_H
#undef PITH_ARRAYMIX_SPREAD_INL_H
#else
#define PITH_ARRAYMIX_SPREAD_INL_H
#endif

#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::arraymix {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// log2 of a normal positive float; the error is below 0.0004.
template <class D, class V>
HWY_INLINE V log2_of(D d, V x) {
  const hn::RebindToSigned<D> di;
  const auto bits = hn::BitCast(di, x);
  const auto exponent = hn::ConvertTo(d, hn::Sub(hn::ShiftRight<23>(bits), hn::Set(di, 127)));
  const auto mantissa =
      hn::BitCast(d, hn::Or(hn::And(bits, hn::Set(di, 0x007FFFFF)), hn::Set(di, 0x3F800000)));
  // A polynomial through log2 on [1, 2], exact at both ends.
  const auto t = hn::Sub(mantissa, hn::Set(d, 1.0F));
  auto p = hn::Set(d, -0.08177F);
  p = hn::Add(hn::Mul(p, t), hn::Set(d, 0.32133F));
  p = hn::Add(hn::Mul(p, t), hn::Set(d, -0.67935F));
  p = hn::Add(hn::Mul(p, t), hn::Set(d, 1.43979F));
  return hn::Add(exponent, hn::Mul(p, t));
}

// Probabilities of lying below and above a boundary, both exact to a float where they are small.
template <size_t kLanes>
struct Sides {
  alignas(64) float below[kLanes];
  alignas(64) float above[kLanes];

  void at_lowest() {
    for (size_t i = 0; i < kLanes; ++i) below[i] = 0, above[i] = 1;
  }
  void at_highest() {
    for (size_t i = 0; i < kLanes; ++i) below[i] = 1, above[i] = 0;
  }
};

// kLanes guesses relative to a centre and the inverses of their expected errors.
template <size_t kLanes>
struct Spread {
  static constexpr size_t kStep = kLanes < 16 ? kLanes : 16;
  alignas(64) float guesses[kLanes] = {};
  alignas(64) float inverse[kLanes] = {};

  // The sides of `boundary`, and the logistic odds (in 1/256) that the value lies above it, given
  // that it lies between two others.
  HWY_INLINE void split(float boundary, const Sides<kLanes>& low, const Sides<kLanes>& high,
                        Sides<kLanes>& middle, int32_t* HWY_RESTRICT odds) const {
    const hn::CappedTag<float, kStep> d;
    const hn::RebindToSigned<decltype(d)> di;
    const auto one = hn::Set(d, 1.0F);
    const auto four = hn::Set(d, 4.0F);
    const auto tiny = hn::Set(d, 1e-30F);
    const auto most = hn::Set(d, 1e5F);
    for (size_t i = 0; i < kLanes; i += hn::Lanes(d)) {
      const auto x = hn::Mul(hn::Sub(hn::Set(d, boundary), hn::Load(d, guesses + i)),
                             hn::Load(d, inverse + i));
      const auto size = hn::Min(hn::Abs(x), most);
      const auto root = hn::Sqrt(hn::Add(four, hn::Mul(size, size)));
      const auto rest = hn::Div(four, hn::Mul(root, hn::Add(root, size)));  // 1 - u
      const auto tail = hn::Mul(hn::Mul(rest, rest),
                                hn::Sub(hn::Set(d, 0.75F), hn::Mul(rest, hn::Set(d, 0.25F))));
      const auto other = hn::Sub(one, tail);
      const auto is_left = hn::Lt(x, hn::Zero(d));  // the boundary lies below the guess
      const auto below = hn::IfThenElse(is_left, tail, other);
      const auto above = hn::IfThenElse(is_left, other, tail);
      hn::Store(below, d, middle.below + i);
      hn::Store(above, d, middle.above + i);
      const auto up = hn::IfThenElse(is_left, hn::Sub(hn::Load(d, high.below + i), below),
                                     hn::Sub(above, hn::Load(d, high.above + i)));
      const auto down = hn::IfThenElse(is_left, hn::Sub(below, hn::Load(d, low.below + i)),
                                       hn::Sub(hn::Load(d, low.above + i), above));
      const auto ratio = hn::Sub(log2_of(d, hn::Max(up, tiny)), log2_of(d, hn::Max(down, tiny)));
      // 256 · ln 2
      const auto scaled = hn::Mul(ratio, hn::Set(d, 177.4457F));
      const auto limited = hn::Min(hn::Max(scaled, hn::Set(d, -2047.0F)), hn::Set(d, 2047.0F));
      hn::Store(hn::ConvertTo(di, limited), di, odds + i);
    }
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace pith::arraymix
HWY_AFTER_NAMESPACE();

#endif

// What a cell is predicted from.
//
//     nw  n  ne          pnw pn            the same place of an earlier
//  ww  w  x          and  pw  p  pe        slice or band (a reference)
//
// Fixed predictors take no more than these; linear ones (linear_fit.h) weigh many of them. All of
// them compute in integers that wrap around.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "codecs/array/volume.h"

namespace pith::array {

// Rows around a row of cells. `ref` are those of the references, above and below it, too.
template <class Word>
struct Rows {
  const Word* x = nullptr;
  const Word* n = nullptr;
  const Word* nn = nullptr;
  std::array<const Word*, kMaxRefs> p{};
  std::array<const Word*, kMaxRefs> pn{};
  std::array<const Word*, kMaxRefs> ps{};
};

// The numbers stand in payloads. Those from kTime on take a reference: each has kModes numbers
// between that and the next reference's.
enum Mode : uint8_t {
  kLeft = 0,
  kAbove = 1,
  kMedian = 2,       // w, n or w + n - nw: the one in the middle
  kPlane = 3,        // w + n - nw
  kSlope = 4,        // (w + n) / 2 + (ne - nw) / 4
  kLine = 5,         // 2 w - ww
  kLineAbove = 6,    // 2 n - nn
  kTime = 7,         // p
  kTimeLeft = 8,     // p + w - pw
  kTimeAbove = 9,    // p + n - pn
  kTimeMedian = 10,  // p + the median of differences to the reference
  kTimePlane = 11,   // p + w + n - nw - pw - pn + pnw
  kTimeSlope = 12,   // p + half the differences at w and n
  kFixedModes = 13,
  kLinear = 13,  // a linear predictor with weights of its own
  kModes = 14,
};
constexpr bool needs_above(Mode mode) {
  return mode == kAbove || mode == kMedian || mode == kPlane || mode == kSlope ||
         mode == kLineAbove || (mode >= kTimeAbove && mode <= kTimeSlope);
}
constexpr bool needs_time(Mode mode) { return mode >= kTime && mode <= kTimeSlope; }

template <class Int = int64_t, class Word>
Int at(const Word* row, ptrdiff_t c) {
  return static_cast<Int>(row[c]);
}
template <class Int>
constexpr Int plus(Int a, Int b) {
  using Unsigned = std::make_unsigned_t<Int>;
  return static_cast<Int>(static_cast<Unsigned>(a) + static_cast<Unsigned>(b));
}
template <class Int>
constexpr Int minus(Int a, Int b) {
  using Unsigned = std::make_unsigned_t<Int>;
  return static_cast<Int>(static_cast<Unsigned>(a) - static_cast<Unsigned>(b));
}

// A prediction, and on which side of it the cell is more likely to be.
struct Guess {
  int64_t value = 0;
  bool above = false;
};

template <class Int>
constexpr Int median_of(Int w, Int n, Int nw) {
  const Int low = w < n ? w : n;
  const Int high = w < n ? n : w;
  return nw >= high ? low : nw <= low ? high : minus(plus(w, n), nw);
}

// Keys up to this can be predicted in 32 bits: no sum of neighbours leaves them.
inline constexpr uint32_t kHighestNarrow = (uint32_t{1} << 28) - 1;

// The prediction of cell c by a fixed mode. `left`: the cell before it, which a decoder has at hand
// sooner than memory has it. `Int`: int64_t, or int32_t for such keys.
template <Mode kMode, class Int = int64_t, class Word>
Int predict(const Rows<Word>& rows, size_t ref, ptrdiff_t c, Word left) {
  const Word* x = rows.x;
  const Word* n = rows.n;
  const Int before = static_cast<Int>(left);
  if constexpr (kMode == kLeft) return before;
  if constexpr (kMode == kAbove) return at<Int>(n, c);
  if constexpr (kMode == kMedian) return median_of(before, at<Int>(n, c), at<Int>(n, c - 1));
  if constexpr (kMode == kPlane) return plus(before, minus(at<Int>(n, c), at<Int>(n, c - 1)));
  if constexpr (kMode == kSlope) {
    return plus(before / 2,
                plus(at<Int>(n, c) / 2, minus(at<Int>(n, c + 1), at<Int>(n, c - 1)) / 4));
  }
  if constexpr (kMode == kLine) return plus(before, minus(before, at<Int>(x, c - 2)));
  if constexpr (kMode == kLineAbove)
    return plus(at<Int>(n, c), minus(at<Int>(n, c), at<Int>(rows.nn, c)));
  if constexpr (kMode >= kTime) {
    const Word* p = rows.p[ref];
    const Word* pn = rows.pn[ref];
    if constexpr (kMode == kTime) return at<Int>(p, c);
    const Int w = minus(before, at<Int>(p, c - 1));
    if constexpr (kMode == kTimeLeft) return plus(before, minus(at<Int>(p, c), at<Int>(p, c - 1)));
    const Int above = minus(at<Int>(n, c), at<Int>(pn, c));
    if constexpr (kMode == kTimeAbove) return plus(at<Int>(p, c), above);
    if constexpr (kMode == kTimeSlope) return plus(w / 2, plus(at<Int>(p, c), above / 2));
    const Int corner = minus(at<Int>(n, c - 1), at<Int>(pn, c - 1));
    if constexpr (kMode == kTimeMedian) return plus(at<Int>(p, c), median_of(w, above, corner));
    if constexpr (kMode == kTimePlane) {
      return plus(before, plus(minus(at<Int>(p, c), at<Int>(p, c - 1)), minus(above, corner)));
    }
  }
  return 0;
}

template <Mode kMode, class Int = int64_t, class Word>
Int predict(const Rows<Word>& rows, size_t ref, ptrdiff_t c) {
  return predict<kMode, Int>(rows, ref, c, rows.x[c - 1]);
}

// Calls f(the mode as a type) for a fixed mode.
template <class F>
void with_mode(Mode mode, F&& f) {
  const auto call = [&]<Mode kMode>() { f(std::integral_constant<Mode, kMode>{}); };
  switch (mode) {
    case kAbove:
      return call.template operator()<kAbove>();
    case kMedian:
      return call.template operator()<kMedian>();
    case kPlane:
      return call.template operator()<kPlane>();
    case kSlope:
      return call.template operator()<kSlope>();
    case kLine:
      return call.template operator()<kLine>();
    case kLineAbove:
      return call.template operator()<kLineAbove>();
    case kTime:
      return call.template operator()<kTime>();
    case kTimeLeft:
      return call.template operator()<kTimeLeft>();
    case kTimeAbove:
      return call.template operator()<kTimeAbove>();
    case kTimeMedian:
      return call.template operator()<kTimeMedian>();
    case kTimePlane:
      return call.template operator()<kTimePlane>();
    case kTimeSlope:
      return call.template operator()<kTimeSlope>();
    default:
      return call.template operator()<kLeft>();
  }
}

// Predictions are kept within the keys, if these leave room for that.
template <class Word>
class Limits {
 public:
  explicit Limits(Word highest)
      : word_(highest),
        highest_(uint64_t{highest} >> 62 != 0 ? std::numeric_limits<int64_t>::max()
                                              : static_cast<int64_t>(highest)),
        lowest_(uint64_t{highest} >> 62 != 0 ? std::numeric_limits<int64_t>::min() : 0) {}
  Word clamp(int64_t prediction) const {
    return static_cast<Word>(std::min(std::max(prediction, lowest_), highest_));
  }

  Word highest() const { return word_; }

 private:
  Word word_;
  int64_t highest_;
  int64_t lowest_;
};

// The rows around row number `row` of a volume.
template <class Word>
Rows<Word> rows_around(const Volume<Word>& volume, uint64_t row, const Place& place, uint64_t up) {
  Rows<Word> rows;
  rows.x = volume.row(row);
  rows.n = place.up ? volume.row(row - up) : volume.zeros();
  rows.nn = place.up2 ? volume.row(row - 2 * up) : rows.n;
  for (size_t i = 0; i < kMaxRefs; ++i) {
    const bool there = i < place.refs;
    const uint64_t ref = there ? row - place.distance[i] : 0;
    rows.p[i] = there ? volume.row(ref) : volume.zeros();
    rows.pn[i] = there && place.up && ref >= up ? volume.row(ref - up) : rows.p[i];
    // The row below is known if it is not the next one of the same slice.
    rows.ps[i] = there && place.up && ref + up < row ? volume.row(ref + up) : rows.p[i];
  }
  return rows;
}

}  // namespace pith::array

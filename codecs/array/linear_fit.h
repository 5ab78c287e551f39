// Linear predictors: x = w + Σ weight · (neighbour - w), with weights that the encoder finds by
// least squares and writes down.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>

#include "codecs/array/predictors.h"

namespace pith::array {

inline constexpr size_t kNear = 6;     // neighbours in the slice, besides w
inline constexpr size_t kFromRef = 6;  // neighbours in a reference
inline constexpr size_t kMaxWeights = kNear + kMaxRefs * kFromRef;
inline constexpr int kWeightBits = 16;  // weights are in 1/65536
inline constexpr int64_t kMostWeight = int64_t{1} << 22;

struct Weights {
  std::array<int32_t, kMaxWeights> weight{};
  size_t count = 0;
};

// Differences of keys lose so many bits before they are weighed, lest the sum overflows.
template <class Word>
int weighing_shift(Word highest) {
  return std::max(0, static_cast<int>(std::bit_width(highest)) - 40);
}

// How many weights rows with such surroundings take.
constexpr size_t weight_count(const Place& place) { return kNear + place.refs * kFromRef; }

// The differences of the neighbours to `left`, the cell before, in the order of the weights.
template <size_t kRefs, class Word, class To>
void neighbours(const Rows<Word>& rows, ptrdiff_t c, Word left, To* to) {
  const Word* x = rows.x;
  const Word* n = rows.n;
  const auto w = static_cast<int64_t>(left);
  const auto put = [&](int64_t value) { *to++ = static_cast<To>(minus(value, w)); };
  put(at(x, c - 2));
  put(at(n, c - 1));
  put(at(n, c));
  put(at(n, c + 1));
  put(at(n, c + 2));
  put(at(rows.nn, c));
  for (size_t r = 0; r < kRefs; ++r) {
    // In a reference what counts is where it goes from its own w.
    const Word* p = rows.p[r];
    const int64_t pw = at(p, c - 1);
    const auto put_ref = [&](int64_t value) { *to++ = static_cast<To>(minus(value, pw)); };
    put_ref(at(p, c));
    put_ref(at(p, c + 1));
    put_ref(at(rows.pn[r], c));
    put_ref(at(rows.pn[r], c - 1));
    put_ref(at(rows.ps[r], c));
    put(pw);
  }
}

template <size_t kRefs, class Word>
Guess predict_linear(const Rows<Word>& rows, const Weights& weights, int shift, ptrdiff_t c,
                     Word left) {
  std::array<int64_t, kNear + kRefs * kFromRef> around;  // NOLINT: filled at once
  neighbours<kRefs>(rows, c, left, around.data());
  uint64_t sum = 0;
  for (size_t i = 0; i < around.size(); ++i) {
    sum += static_cast<uint64_t>(around[i] >> shift) *
           static_cast<uint64_t>(static_cast<int64_t>(weights.weight[i]));
  }
  constexpr uint64_t kHalf = uint64_t{1} << (kWeightBits - 1);
  const int64_t change = static_cast<int64_t>(sum + kHalf) >> kWeightBits;
  const uint64_t fraction = sum & (2 * kHalf - 1);
  return {.value = plus(static_cast<int64_t>(left),
                        static_cast<int64_t>(static_cast<uint64_t>(change) << shift)),
          .above = fraction != 0 && fraction < kHalf};
}

// Sums for the normal equations.
class LinearFit {
 public:
  explicit LinearFit(size_t count) : count_(count) {}

  void add(const double* around, double target, double importance);
  // The weights, or nothing if there is too little to go by. What the cells leave open is taken
  // from the prior weights.
  std::optional<Weights> solve(const Weights& prior) const;
  size_t cells() const { return cells_; }

 private:
  size_t count_;
  size_t cells_ = 0;
  std::array<std::array<double, kMaxWeights>, kMaxWeights> squares_{};
  std::array<double, kMaxWeights> targets_{};
};

}  // namespace pith::array

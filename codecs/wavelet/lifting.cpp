#include "codecs/wavelet/lifting.h"

#include <algorithm>

namespace pith::wavelet {
namespace {

constexpr double kSteps[] = {-1.586134342059924, -0.052980118572961, 0.882911075530934,
                             0.443506852043971};
constexpr double kScale = 1.149604398860241;
constexpr double kInverse = 1 / kScale;

// Adds to each number of `to` those of `from` on both sides, times `by`. Number i of the even ones
// lies before number i of the odd ones.
void lift_odd(double* odd, size_t odds, const double* even, size_t evens, double by) {
  const size_t inside = std::min(odds, evens - 1);
  for (size_t i = 0; i < inside; ++i) odd[i] += by * (even[i] + even[i + 1]);
  if (inside < odds) odd[inside] += by * (even[inside] + even[inside]);
}
void lift_even(double* even, size_t evens, const double* odd, size_t odds, double by) {
  even[0] += by * (odd[0] + odd[0]);
  const size_t inside = std::min(evens, odds);
  for (size_t i = 1; i < inside; ++i) even[i] += by * (odd[i - 1] + odd[i]);
  if (inside < evens) even[inside] += by * (odd[odds - 1] + odd[odds - 1]);
}

// Adds to every other vector, from `first` on, its neighbours, times `by`.
void lift_vectors(std::span<double* const> vectors, size_t first, size_t width, double by) {
  for (size_t k = first; k < vectors.size(); k += 2) {
    const double* left = vectors[k == 0 ? 1 : k - 1];
    const double* right = vectors[k + 1 == vectors.size() ? k - 1 : k + 1];
    double* to = vectors[k];
    for (size_t i = 0; i < width; ++i) to[i] += by * (left[i] + right[i]);
  }
}

void scale_vectors(std::span<double* const> vectors, size_t width, double low, double high) {
  for (size_t k = 0; k < vectors.size(); ++k) {
    const double by = k % 2 == 0 ? low : high;
    for (size_t i = 0; i < width; ++i) vectors[k][i] *= by;
  }
}

}  // namespace

void split_line(double* line, size_t length, double* spare) {
  if (length < 2) return;
  const size_t evens = low_part(length);
  const size_t odds = length - evens;
  double* const even = spare;
  double* const odd = spare + evens;
  for (size_t i = 0; i < odds; ++i) {
    even[i] = line[2 * i];
    odd[i] = line[2 * i + 1];
  }
  if (evens > odds) even[odds] = line[2 * odds];
  lift_odd(odd, odds, even, evens, kSteps[0]);
  lift_even(even, evens, odd, odds, kSteps[1]);
  lift_odd(odd, odds, even, evens, kSteps[2]);
  lift_even(even, evens, odd, odds, kSteps[3]);
  for (size_t i = 0; i < evens; ++i) line[i] = even[i] * kScale;
  for (size_t i = 0; i < odds; ++i) line[evens + i] = odd[i] * kInverse;
}

void join_line(double* line, size_t length, double* spare) {
  if (length < 2) return;
  const size_t evens = low_part(length);
  const size_t odds = length - evens;
  double* const even = spare;
  double* const odd = spare + evens;
  for (size_t i = 0; i < evens; ++i) even[i] = line[i] * kInverse;
  for (size_t i = 0; i < odds; ++i) odd[i] = line[evens + i] * kScale;
  lift_even(even, evens, odd, odds, -kSteps[3]);
  lift_odd(odd, odds, even, evens, -kSteps[2]);
  lift_even(even, evens, odd, odds, -kSteps[1]);
  lift_odd(odd, odds, even, evens, -kSteps[0]);
  for (size_t i = 0; i < odds; ++i) {
    line[2 * i] = even[i];
    line[2 * i + 1] = odd[i];
  }
  if (evens > odds) line[2 * odds] = even[odds];
}

void split_vectors(std::span<double* const> vectors, size_t width) {
  if (vectors.size() < 2) return;
  lift_vectors(vectors, 1, width, kSteps[0]);
  lift_vectors(vectors, 0, width, kSteps[1]);
  lift_vectors(vectors, 1, width, kSteps[2]);
  lift_vectors(vectors, 0, width, kSteps[3]);
  scale_vectors(vectors, width, kScale, kInverse);
}

void join_vectors(std::span<double* const> vectors, size_t width) {
  if (vectors.size() < 2) return;
  scale_vectors(vectors, width, kInverse, kScale);
  lift_vectors(vectors, 0, width, -kSteps[3]);
  lift_vectors(vectors, 1, width, -kSteps[2]);
  lift_vectors(vectors, 0, width, -kSteps[1]);
  lift_vectors(vectors, 1, width, -kSteps[0]);
}

}  // namespace pith::wavelet

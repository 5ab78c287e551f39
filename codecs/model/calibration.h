// The micro-diffusion step: one step of denoising of a probability by Tweedie's formula.
//
// A cell holds what its context saw of the residual y - p, over a window that grows: R = Σ(y - p),
// E = Σ(y - p)², n. The mean residual δ = R / n is Tweedie's correction of p; the James-Stein
// factor λ = min(1, R² / 4E) shrinks it while it is not significant (λ = 1 from two standard
// deviations on). p' = p + λδ. After Tacconelli's Midicoth (binary-tree Tweedie denoising), in
// integers: e = (y << 16) - p; R in 1/2^16, E in 1/2^32; when n reaches 2^20 all three are halved.
// The correction λδ is kept in the cell and computed when the cell learns, so that predicting costs
// one look-up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace pith::model {

struct CalibrationCell {
  int64_t residual = 0;
  uint64_t energy = uint64_t{8} << 32;
  uint32_t count = 32;
  int32_t correction = 0;  // λδ in 1/65536

  // `p`: what the step was given, in 1/65536.
  void learn(uint32_t bit, uint32_t p) {
    const int32_t e = static_cast<int32_t>(bit << 16) - static_cast<int32_t>(p);
    residual += e;
    energy += static_cast<uint64_t>(int64_t{e} * e);
    if (++count == 1U << 20) {
      residual /= 2;
      energy /= 2;
      count /= 2;
    }
    if ((count & 7) != 0) return;
    const int64_t delta = residual / static_cast<int64_t>(count);
    const uint64_t size = static_cast<uint64_t>(residual < 0 ? -residual : residual) >> 5;
    const uint64_t squared = size * size;       // R² in 1/2^22
    const uint64_t bound = 4 * (energy >> 10);  // 4E in 1/2^22
    // In 1/1024. Where λ is 1, the square could be too large to shift.
    const auto lambda = static_cast<int64_t>(squared >= bound ? 1024 : (squared << 10) / bound);
    correction = static_cast<int32_t>((delta * lambda) / 1024);
  }
};

// The number of bins of the logistic domain that the cells tell apart.
inline constexpr size_t kCalibrationBins = 20;

inline uint32_t calibrated(uint32_t p, const CalibrationCell& cell) {
  const int32_t moved = static_cast<int32_t>(p) + cell.correction;
  return static_cast<uint32_t>(moved < 1 ? 1 : (moved > 65535 ? 65535 : moved));
}

}  // namespace pith::model

// Adaptive probability maps (secondary symbol estimation): a probability, refined by what really
// followed such probabilities in a context. Each context has knots at every 1/2 of the logistic
// domain; the estimate is interpolated between two, the nearer one learns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "codecs/model/logistic.h"

namespace pith::model {

inline constexpr size_t kApmKnots = 32;  // a cache line

class Apm {
 public:
  Apm() = default;
  // `knots`: contexts · kApmKnots entries, set here.
  explicit Apm(std::span<uint16_t> knots) : knots_(knots.data()) {
    for (size_t i = 0; i < knots.size(); ++i) {
      const int centre = static_cast<int>(i % kApmKnots * 65536 * 64 / 23080) - 2816;
      knots[i] = static_cast<uint16_t>(squash(clamp_stretch(centre)));
    }
  }

  // `stretched`: within ±kStretchLimit. In 1/65536, 0 to 65535.
  uint32_t refine(int stretched, size_t context) {
    const uint32_t at = static_cast<uint32_t>(stretched + 2816) * 23080 >> 16;
    const uint32_t weight = at & 63;
    uint16_t* low = knots_ + context * kApmKnots + (at >> 6);
    nearest_ = low + (weight >> 5);
    return (low[0] * (64 - weight) + low[1] * weight) >> 6;
  }

  void prefetch(size_t context) const { __builtin_prefetch(knots_ + context * kApmKnots, 1); }

  void update(uint32_t bit, int rate) {
    const int target = bit != 0 ? 65535 : 0;
    *nearest_ = static_cast<uint16_t>(*nearest_ + ((target - *nearest_) >> rate));
  }

 private:
  uint16_t* knots_ = nullptr;
  uint16_t* nearest_ = nullptr;
};

}  // namespace pith::model

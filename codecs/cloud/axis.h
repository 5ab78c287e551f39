// A coordinate as a real number, and the way back to the value that a prediction hits.
//
// Doubles with + - * / and sqrt alone: the same everywhere.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "codecs/cloud/grid.h"

namespace pith::cloud {

class Axis {
 public:
  Axis() = default;
  explicit Axis(const Grid& grid)
      : ordered_(grid.kind == GridKind::kOrder),
        base_(static_cast<double>(grid.base)),
        step_(static_cast<double>(grid.step)) {
    if (grid.kind == GridKind::kDecimal || grid.kind == GridKind::kBinary) units_ = grid.units();
    per_real_ = grid.step == 0 ? 0 : units_ / step_;
    shift_ = grid.step == 0 ? 0 : base_ / step_;
    unit_ = step_ / units_;
    zero_ = base_ / units_;
  }

  // True if models of the geometry can use such a field: a float of 32 bits, or on a grid.
  static bool serves(const Grid& grid) {
    if (grid.kind == GridKind::kOrder) return grid.type == NumberType::kF32 && grid.step == 1;
    return grid.kind != GridKind::kWhole || grid.type < NumberType::kF16;
  }

  // True if values are whole numbers of the same unit.
  static bool have_same_units(const std::array<Axis, 3>& axes) {
    return std::all_of(axes.begin(), axes.end(), [&](const Axis& axis) {
      return !axis.ordered_ && axis.base_ == 0 && axis.step_ == 1 && axis.units_ == axes[0].units_;
    });
  }

  double real(int64_t value) const {
    if (!ordered_) return zero_ + static_cast<double>(value) * unit_;
    const auto magnitude = static_cast<uint32_t>(value < 0 ? -value : value) & 0x7FFFFFFF;
    const auto size = static_cast<double>(std::bit_cast<float>(magnitude));
    return value < 0 ? -size : size;
  }

  int64_t nearest(double real) const {
    if (!ordered_) {
      const double value = real * per_real_ - shift_;
      if (!(value > -kMost && value < kMost)) return 0;
      return static_cast<int64_t>(value + (value < 0 ? -0.5 : 0.5));
    }
    if (!(real > -1e30 && real < 1e30)) return 0;
    const auto bits = std::bit_cast<uint32_t>(static_cast<float>(real));
    const auto magnitude = static_cast<int64_t>(bits & 0x7FFFFFFF);
    return bits >> 31 != 0 ? -magnitude : magnitude;
  }

 private:
  static constexpr double kMost = 4503599627370496.0;  // 2^52

  bool ordered_ = false;
  double base_ = 0;
  double step_ = 1;
  double units_ = 1;
  double per_real_ = 1;
  double shift_ = 0;
  double unit_ = 1;
  double zero_ = 0;
};

}  // namespace pith::cloud

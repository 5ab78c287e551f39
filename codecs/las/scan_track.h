// Where a coordinate goes: onwards with the scan, and along the laser's ray as z falls.
//
// In doubles, with nothing but + - * / (least_squares.h says why that is the same everywhere).
#pragma once

#include <array>

#include "codecs/las/small_numbers.h"

namespace pith::las {

class ScanTrack {
 public:
  // How far it goes in so many pulses while z rises by `risen`.
  double ahead(double steps, double risen) const { return along_ray(risen) + speed() * steps; }
  double along_ray(double risen) const { return slope_ * risen; }
  // The middle one of the last three.
  double speed() const {
    const double low = speeds_[0] < speeds_[1] ? speeds_[0] : speeds_[1];
    const double high = speeds_[0] < speeds_[1] ? speeds_[1] : speeds_[0];
    return speeds_[2] < low ? low : (speeds_[2] > high ? high : speeds_[2]);
  }
  double last_speed() const { return speeds_[0]; }

  // `same`: within a pulse, where the ray alone moves.
  void learn(double moved, double steps, double risen, bool same) {
    const double off = moved - along_ray(risen);
    if (same) {
      // A long way along the ray says more than a short one.
      slope_ += off * risen / (2 * risen * risen + kDoubt);
      if (!(slope_ > -1e3 && slope_ < 1e3)) slope_ = 0;
    } else if (steps > 0 && steps < 64) {
      speeds_ = {off / steps, speeds_[0], speeds_[1]};
    }
  }

 private:
  static constexpr double kDoubt = 100;
  double slope_ = 0;
  std::array<double, 3> speeds_{};
};

// A prediction as an integer within ±2^40; 0 for what is not a number.
inline int64_t to_integer(double value) {
  constexpr double kLimit = 1099511627776.0;
  if (!(value > -kLimit && value < kLimit)) return 0;
  return static_cast<int64_t>(value < 0 ? value - 0.5 : value + 0.5);
}

}  // namespace pith::las

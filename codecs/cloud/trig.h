// Angles for the searches of the encoder, in turns (1 = 360 degrees), by + - * / and sqrt of IEEE
// doubles alone: the same input gives the same bytes on every machine, which libm would not
// promise.
#pragma once

#include <cmath>
#include <utility>

namespace pith::cloud {

namespace trig_detail {
inline constexpr double kPi = 3.14159265358979323846;
}  // namespace trig_detail

// Cosine and sine of an angle, |turns| below 2^40.
inline std::pair<double, double> unit_vector(double turns) {
  // To the nearest eighth: |rest| <= 1/16 turn.
  const double scaled = turns * 8;
  const auto eighths = static_cast<long long>(scaled + (scaled < 0 ? -0.5 : 0.5));
  const double a = (scaled - static_cast<double>(eighths)) * (trig_detail::kPi / 4);
  const double b = a * a;
  const double s =
      a * (1 + b * (-1.0 / 6 + b * (1.0 / 120 + b * (-1.0 / 5040 +
                                                     b * (1.0 / 362880 + b * (-1.0 / 39916800))))));
  const double c =
      1 + b * (-0.5 + b * (1.0 / 24 +
                           b * (-1.0 / 720 +
                                b * (1.0 / 40320 + b * (-1.0 / 3628800 + b * (1.0 / 479001600))))));
  constexpr double kHalf = 0.70710678118654752440;
  switch (eighths & 7) {
    case 0:
      return {c, s};
    case 1:
      return {(c - s) * kHalf, (c + s) * kHalf};
    case 2:
      return {-s, c};
    case 3:
      return {(-c - s) * kHalf, (c - s) * kHalf};
    case 4:
      return {-c, -s};
    case 5:
      return {(s - c) * kHalf, (-c - s) * kHalf};
    case 6:
      return {s, -c};
    default:
      return {(c + s) * kHalf, (s - c) * kHalf};
  }
}

// The angle of a vector, 0 to 1 (0 of the null vector).
inline double turns_of(double x, double y) {
  if (x == 0 && y == 0) return 0;
  const double ax = x < 0 ? -x : x;
  const double ay = y < 0 ? -y : y;
  const double low = ax < ay ? ax : ay;
  const double high = ax < ay ? ay : ax;
  // Halve the angle twice, then the series: tan of an eighth of a right angle's half is below 0.2.
  double t = low / high;
  t = t / (1 + std::sqrt(1 + t * t));
  t = t / (1 + std::sqrt(1 + t * t));
  const double b = t * t;
  double sum = 0;
  for (int k = 21; k >= 1; k -= 2) sum = 1.0 / k - b * sum;
  double turns = 4 * t * sum / (2 * trig_detail::kPi);
  if (ay > ax) turns = 0.25 - turns;
  if (x < 0) turns = 0.5 - turns;
  if (y < 0) turns = 1 - turns;
  return turns < 1 ? turns : 0;
}

}  // namespace pith::cloud

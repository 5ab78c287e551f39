// Clouds that once were float32 numbers in another frame.
//
// A scan that is freed of the car's motion goes through the frame of the map, where a kilometre
// away from the origin a float32 has steps of 2^-14 m, and back. All its points then lie on a
// lattice of parallel planes, turned against the axes: there are vectors k with k · p + shift near
// to a whole number for every point p. Two such vectors leave but one coordinate to be told finely.
#pragma once

#include <array>
#include <optional>
#include <span>

namespace pith::cloudmix {

using Vector = std::array<double, 3>;

inline double dot(const Vector& a, const Vector& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

struct Lattice {
  Vector first{}, second{};  // planes per metre, and across
  double first_shift = 0, second_shift = 0;
  bool exists = false;

  // x and y of the point with these whole numbers and this z.
  std::array<double, 2> place(double u, double v, double z) const {
    const double a = u - first_shift - first[2] * z;
    const double b = v - second_shift - second[2] * z;
    const double det = first[0] * second[1] - first[1] * second[0];
    return {(a * second[1] - first[1] * b) / det, (first[0] * b - a * second[0]) / det};
  }
  double u(const Vector& p) const { return dot(first, p) + first_shift; }
  double v(const Vector& p) const { return dot(second, p) + second_shift; }
};

// `path`: points that lie close to each other along a curve, in its order (where the scanner was).
// `points`: any others. Used by the encoder alone.
std::optional<Lattice> find_lattice(std::span<const Vector> path, std::span<const Vector> points);

}  // namespace pith::cloudmix

// Made frames of scanners of three kinds, as float32 numbers, record after record.
#pragma once

#include <array>
#include <cmath>
#include <random>
#include <vector>

namespace pith::test {

inline constexpr double kTurn = 6.283185307179586;

inline float on_grid(double metres, double units) {
  return static_cast<float>(std::round(metres * units) / units);
}

// A room, as seen by a laser.
inline double wall(double turns) { return 8 + 3 * std::sin(turns * kTurn * 3); }

// Lasers one after another, angles in steps of 0.09 degrees, distances of 2 mm, all displaced.
inline std::vector<float> spin_frame(size_t lasers, std::mt19937& random) {
  std::vector<float> numbers;
  for (size_t laser = 0; laser < lasers; ++laser) {
    const double slope = 0.03 - 0.01 * static_cast<double>(laser);
    const double aside = laser % 2 == 0 ? 0.026 : -0.026;
    for (int step = 12; step < 3990; step += 2) {
      if (random() % 16 == 0) continue;
      const double turns = (step + 0.1 * static_cast<double>(laser % 3)) / 4000;
      const auto steps = std::floor(wall(turns) / 0.002 + static_cast<double>(random() % 8));
      const double w = steps * 0.002 / std::sqrt(1 + slope * slope);
      const double c = std::cos(turns * kTurn);
      const double s = std::sin(turns * kTurn);
      numbers.push_back(on_grid(w * c + aside * s, 1000));
      numbers.push_back(on_grid(w * s - aside * c, 1000));
      numbers.push_back(on_grid(w * slope + 0.2, 1000));
      numbers.push_back(on_grid(static_cast<double>(random() % 40) / 100, 100));
    }
  }
  return numbers;
}

// Columns of 32 lasers from a moving place, some without an echo; `step`: of the lattice of the
// map's frame, 0 for none.
inline std::vector<float> sweep_frame(size_t columns, double step, std::mt19937& random) {
  std::vector<float> numbers;
  const double yaw = 0.61;
  for (size_t column = 0; column < columns; ++column) {
    const std::array<double, 3> o = {0.0002 * static_cast<double>(column),
                                     0.0004 * static_cast<double>(column), 0};
    const double turns = static_cast<double>(column) / 1085;
    for (size_t laser = 0; laser < 32; ++laser) {
      const double slope = -0.5 + 0.02 * static_cast<double>(laser);
      std::array<double, 3> p = o;
      if (laser < 26) {
        const auto steps = std::floor(wall(turns) / 0.002 + static_cast<double>(random() % 8));
        const double rho = steps * 0.002 / std::sqrt(1 + slope * slope);
        p = {o[0] + rho * std::cos(turns * kTurn), o[1] + rho * std::sin(turns * kTurn),
             o[2] + rho * slope};
      }
      if (step > 0) {
        const double u = std::round((std::cos(yaw) * p[0] + std::sin(yaw) * p[1]) / step) * step;
        const double v = std::round((std::cos(yaw) * p[1] - std::sin(yaw) * p[0]) / step) * step;
        p[0] = std::cos(yaw) * u - std::sin(yaw) * v;
        p[1] = std::sin(yaw) * u + std::cos(yaw) * v;
      }
      for (const double part : p) numbers.push_back(static_cast<float>(part));
      numbers.push_back(static_cast<float>(random() % 30));
      numbers.push_back(static_cast<float>(laser));
    }
  }
  return numbers;
}

// Lasers in a fixed order, some without an echo, from a moving place.
inline std::vector<float> trail_frame(size_t firings, std::mt19937& random) {
  std::vector<float> numbers;
  for (size_t firing = 0; firing < firings; ++firing) {
    for (size_t laser = 0; laser < 24; ++laser) {
      if (random() % 12 == 0) continue;
      const double turns =
          static_cast<double>(firing) / 1800 + 0.01 * static_cast<double>(laser % 4);
      const double slope = -0.3 + 0.02 * static_cast<double>(laser * 7 % 24);
      const double rho = wall(turns) + static_cast<double>(random() % 100) / 5000;
      numbers.push_back(on_grid(0.8 + rho * std::cos(turns * kTurn), 1e5));
      numbers.push_back(on_grid(rho * std::sin(turns * kTurn), 1e5));
      numbers.push_back(on_grid(1.5 + rho * slope, 1e5));
    }
  }
  return numbers;
}

}  // namespace pith::test

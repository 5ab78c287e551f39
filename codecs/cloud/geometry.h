// What the models of sensors share: a set of points, their neighbours, directions, sizes.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "codecs/cloud/axis.h"
#include "codecs/cloud/residual.h"

namespace pith::cloud {

// For each point a point before it that was measured by the same laser just before, and one beside
// it on the scan line (or column) before; as they were found while the coordinates were coded. The
// other fields are coded after the coordinates and look there. The point itself stands for none.
struct Neighbours {
  std::vector<uint32_t> left;
  std::vector<uint32_t> up;

  void resize(size_t count) {
    left.resize(count);
    up.resize(count);
  }
};

// The coordinates of a cloud.
struct Points {
  std::array<Axis, 3> axes;
  std::array<int64_t*, 3> values{};
  size_t count = 0;
};

// Bits of a residual's size. Without a branch: its sign cannot be foreseen.
inline uint32_t size_of(int64_t residual) {
  const auto sign = static_cast<uint64_t>(residual >> 63);
  return static_cast<uint32_t>(std::bit_width((static_cast<uint64_t>(residual) ^ sign) - sign));
}

// The same of a length, in 1/1024.
inline uint32_t size_of_length(double length) {
  const double units = length * 1024;
  if (!(units > -1e15 && units < 1e15)) return 50;
  return size_of(static_cast<int64_t>(units));
}

// The sign and size of a length, for a hint: 0 to 31, 15 or 16 for small ones.
inline uint32_t signed_size(double length) {
  const uint32_t size =
      std::min(15U, size_of_length(length) - std::min(3U, size_of_length(length)));
  return length < 0 ? 15 - size : 16 + size;
}

inline int64_t difference(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}

inline int64_t sum(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

// Codes the residual of a value against a prediction; sets the value when decoding. The residual.
template <class Coder>
int64_t code_value(Coder& coder, uint32_t context, int64_t& value, int64_t predicted,
                   const Hints& hints = {}) {
  const int64_t residual =
      coder.residual(context, Coder::kDecodes ? 0 : difference(value, predicted), hints);
  if constexpr (Coder::kDecodes) value = sum(predicted, residual);
  return residual;
}

// A running mean of sizes, in 1/16 bit.
class MeanSize {
 public:
  explicit MeanSize(int32_t first) : mean_(first * 16) {}
  void add(uint32_t size) { mean_ += (static_cast<int32_t>(size * 16) - mean_) / 4; }
  // In half bits.
  uint32_t halves() const { return static_cast<uint32_t>(mean_) >> 3; }

 private:
  int32_t mean_;
};

// A turn in the plane.
struct Turn {
  double c = 1;
  double s = 0;

  Turn then(const Turn& next) const { return {c * next.c - s * next.s, s * next.c + c * next.s}; }
  Turn back() const { return {c, -s}; }
  // This turn so many times.
  Turn times(int64_t n) const {
    Turn result;
    Turn power = n < 0 ? back() : *this;
    for (uint64_t left = n < 0 ? 0 - static_cast<uint64_t>(n) : static_cast<uint64_t>(n); left > 0;
         left >>= 1) {
      if ((left & 1) != 0) result = result.then(power);
      power = power.then(power);
    }
    return result;
  }
};

// The turn by an angle of less than a fourth of a circle, by the first terms of the series: no
// library computes the same sine everywhere.
inline Turn turn_by(double angle) {
  const double q = angle * angle;
  return {1 - q / 2 * (1 - q / 12 * (1 - q / 30 * (1 - q / 56))),
          angle * (1 - q / 6 * (1 - q / 20 * (1 - q / 42 * (1 - q / 72))))};
}

// The angle from one direction to another, exact for small ones.
inline double angle_between(double ax, double ay, double bx, double by) {
  const double cross = ax * by - ay * bx;
  const double dot = ax * bx + ay * by;
  if (!(dot > 0)) return cross < 0 ? -1.5 : 1.5;
  const double t = cross / dot;
  const double q = t * t;
  if (!(q <= 0.25)) return t < 0 ? -0.5 : 0.5;
  return t * (1 - q * (1.0 / 3 - q * (0.2 - q / 7)));
}

}  // namespace pith::cloud

// Made clouds: what a spinning sensor with some lasers sees of a plain with walls.
#pragma once

#include <cmath>
#include <random>
#include <vector>

#include "base/bytes.h"
#include "base/segment.h"

namespace pith::test {

struct CloudPoint {
  double x, y, z;
  double intensity;
};

// How far a ray from a height of 1.8 m goes; 0 if it hits nothing within 100 m.
inline double range_of(double azimuth, double slope, std::mt19937& random) {
  const double wall = 12 + 6 * std::sin(3 * azimuth) + (std::sin(17 * azimuth) > 0.6 ? 15 : 0);
  const double ground = slope < -0.02 ? 1.8 / -slope : 1000;
  const double noise = static_cast<double>(random() % 1000) * 1e-5;
  const double range = std::min(wall, ground) + noise;
  const bool lost = random() % 23 == 0 || (slope > 0.1 && std::sin(5 * azimuth) > 0);
  return lost || range > 100 ? 0 : range;
}

inline double rounded_to(double value, double units) { return std::round(value * units) / units; }

// Ring after ring, in millimetres; lasers beside and above one another.
inline std::vector<CloudPoint> sweep_points(int rings, int steps, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<CloudPoint> points;
  for (int r = 0; r < rings; ++r) {
    const double slope = 0.05 - 0.02 * r;
    const double side = r % 2 == 0 ? 0.026 : -0.026;
    const double height = 0.2 - 0.002 * r;
    for (int s = 0; s < steps; ++s) {
      const double azimuth = 6.2831853 * (s + 0.5) / steps;
      const double range = range_of(azimuth, slope, random);
      if (range == 0) continue;
      const double c = std::cos(azimuth);
      const double d = std::sin(azimuth);
      points.push_back({rounded_to(range * c + side * d, 1000),
                        rounded_to(range * d - side * c, 1000),
                        rounded_to(height + slope * range, 1000),
                        rounded_to(static_cast<double>(random() % 40) / 100, 100)});
    }
  }
  return points;
}

// Round after round of all lasers, from a moving place; ranges are multiples of 2 mm. Without
// `absent`, points that did not return are left out.
inline std::vector<CloudPoint> firing_points(int rounds, bool absent, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<CloudPoint> points;
  for (int r = 0; r < rounds; ++r) {
    const double px = 0.3 - 0.0007 * r;
    const double pz = 0.01 + 0.00002 * r;
    for (int l = 0; l < 32; ++l) {
      const int order = l * 13 % 32;
      const double slope = 0.18 - 0.023 * order;
      const double azimuth = -0.0058 * r + 0.002 * (l % 4);
      const double range = 0.002 * std::round(range_of(azimuth, slope, random) * 500);
      if (range == 0 && !absent) continue;
      const double flat = range / std::sqrt(1 + slope * slope);
      points.push_back({px + flat * std::cos(azimuth), flat * std::sin(azimuth), pz + flat * slope,
                        static_cast<double>(random() % 30)});
    }
  }
  return points;
}

inline PointField field(const char* name, NumberType type, FieldRole role, uint32_t offset) {
  return {.name = name, .type = type, .role = role, .offset = offset};
}

// Records of x, y, z, intensity as floats of 32 or 64 bits.
inline PointLayout float_layout(uint64_t count, bool wide = false, bool big_endian = false) {
  const NumberType type = wide ? NumberType::kF64 : NumberType::kF32;
  const uint32_t size = wide ? 8 : 4;
  PointLayout layout{.record_size = 4 * size, .count = count, .big_endian = big_endian};
  layout.fields = {field("x", type, FieldRole::kX, 0), field("y", type, FieldRole::kY, size),
                   field("z", type, FieldRole::kZ, 2 * size),
                   field("intensity", type, FieldRole::kIntensity, 3 * size)};
  return layout;
}

template <class Float>
void append_number(ByteBuffer& out, double value, bool big_endian) {
  const auto narrow = static_cast<Float>(value);
  std::byte bytes[sizeof(Float)];
  std::memcpy(bytes, &narrow, sizeof(Float));
  if (big_endian) std::reverse(bytes, bytes + sizeof(Float));
  append(out, bytes);
}

inline ByteBuffer float_records(const std::vector<CloudPoint>& points, bool wide = false,
                                bool big_endian = false) {
  ByteBuffer bytes;
  for (const CloudPoint& point : points) {
    for (const double value : {point.x, point.y, point.z, point.intensity}) {
      if (wide) {
        append_number<double>(bytes, value, big_endian);
      } else {
        append_number<float>(bytes, value, big_endian);
      }
    }
  }
  return bytes;
}

inline Segment points_segment(const PointLayout& layout, uint64_t size, uint64_t offset = 0) {
  Segment segment{.size = size, .type = SegmentType::kPoints, .layout = {}};
  segment.layout.points = std::make_shared<const PointLayout>(layout);
  segment.layout.offset = offset;
  return segment;
}

}  // namespace pith::test

// What the coder of a cloud's shape finds out about each point and the coder of the other fields
// makes contexts of.
#pragma once

#include <cstdint>
#include <vector>

namespace pith::cloudmix {

inline constexpr uint32_t kNoPoint = 0xFFFFFFFF;

struct Surroundings {
  std::vector<uint32_t> left;     // the point before in the same scan line, or kNoPoint
  std::vector<uint32_t> up;       // the point next to it in the scan line before, or kNoPoint
  std::vector<uint32_t> range;    // distance from the sensor in some small unit
  std::vector<uint8_t> surprise;  // bit length of what was wrong with the predicted distance
  std::vector<uint16_t> line;     // number of the scan line or laser, as far as it is known

  explicit Surroundings(size_t points = 0) { resize(points); }
  void resize(size_t points) {
    left.assign(points, kNoPoint);
    up.assign(points, kNoPoint);
    range.assign(points, 0);
    surprise.assign(points, 0);
    line.assign(points, 0);
  }
  static constexpr uint64_t memory(uint64_t points) { return points * 15; }
};

}  // namespace pith::cloudmix

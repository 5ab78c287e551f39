// Where earlier points lie: a grid over x and y whose cells remember the point that came last.
//
// The cells are slots of a table that is addressed by a hash, so that memory does not depend on
// where the points lie; points of far cells in the same slot are told apart by their distance.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace pith::las {

// What later points ask of an earlier one.
struct Seen {
  int64_t x = 0;
  int64_t y = 0;
  int64_t z = 0;
  int32_t intensity = 0;
  std::array<int32_t, 4> color{};  // red, green, blue, infrared
  uint8_t returns = 0;
  uint8_t place = 0;  // 0: the only return, 1: the first, 2: between, 3: the last
  uint8_t classed = 0;
  uint8_t user = 0;
  uint32_t index = 0;
};

class Neighbours {
 public:
  static constexpr size_t kMost = 9;

  static uint64_t memory(uint64_t points, int log) {
    return points * sizeof(Seen) + (sizeof(uint32_t) << log);
  }

  // `cell`: side of a cell, at least 1. 2^log slots.
  Neighbours(size_t points, int64_t cell, int log)
      : cell_(cell), log_(log), slots_(size_t{1} << log, 0) {
    seen_.reserve(points);
  }

  struct Found {
    const Seen* point;
    int64_t distance;  // |dx| + |dy|
  };

  // Points near a place; at most kMost. Which of them are near enough cannot be foreseen: they are
  // put down all, each over the one before if that was not.
  size_t find(int64_t x, int64_t y, std::array<Found, kMost + 1>& found) const {
    if (seen_.empty()) return 0;
    const int64_t cx = floor_divide(x);
    const int64_t cy = floor_divide(y);
    size_t count = 0;
    const int64_t reach = 2 * cell_;
    const int64_t left = (cx - 1) >> kRowLog;
    for (int64_t j = -1; j <= 1; ++j) {
      const size_t row = row_of(left, cy + j);
      const size_t next = row_of((cx + 1) >> kRowLog, cy + j);
      for (int64_t i = -1; i <= 1; ++i) {
        const size_t base = (cx + i) >> kRowLog == left ? row : next;
        const uint32_t number = slots_[base + place_of_cell(cx + i)];  // from 1
        const Seen& point = seen_[number - (number != 0 ? 1 : 0)];
        const int64_t dx = point.x > x ? point.x - x : x - point.x;
        const int64_t dy = point.y > y ? point.y - y : y - point.y;
        found[count] = {&point, dx + dy};
        count += static_cast<size_t>(number != 0) & static_cast<size_t>(dx <= reach) &
                 static_cast<size_t>(dy <= reach);
      }
    }
    return count;
  }

  void add(const Seen& point) {
    seen_.push_back(point);
    const int64_t cx = floor_divide(point.x);
    slots_[row_of(cx >> kRowLog, floor_divide(point.y)) + place_of_cell(cx)] =
        static_cast<uint32_t>(seen_.size());
  }

  size_t size() const { return seen_.size(); }
  // The point that came `back` before the next one; `back` is 1 to size().
  const Seen& last(size_t back) const { return seen_[seen_.size() - back]; }

 private:
  int64_t floor_divide(int64_t v) const { return v >= 0 ? v / cell_ : -((-v + cell_ - 1) / cell_); }
  // Eight cells that lie side by side share a line of the cache: neighbours are asked for together.
  static constexpr int kRowLog = 3;
  size_t row_of(int64_t row, int64_t cy) const {
    const uint64_t key = static_cast<uint64_t>(row) * 0x9E3779B97F4A7C15ULL ^
                         static_cast<uint64_t>(cy) * 0xC2B2AE3D27D4EB4FULL;
    return static_cast<size_t>((key * 0xD6E8FEB86659FD93ULL) >> (64 - log_ + kRowLog)) << kRowLog;
  }
  static size_t place_of_cell(int64_t cx) { return static_cast<size_t>(cx & ((1 << kRowLog) - 1)); }

  int64_t cell_;
  int log_;
  std::vector<uint32_t> slots_;
  std::vector<Seen> seen_;
};

}  // namespace pith::las

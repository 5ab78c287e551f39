// Clouds of a spinning sensor that lie laser by laser and whose calibration is known exactly
// (spin.h): of each point there are coded the number of its angle step, that of its distance step,
// and how far x, y and z are from where these two put it, which is nearly always nowhere.
//
// All contexts are integers, so that nothing is waited for but symbols.
#pragma once

#include <span>

#include "codecs/cloud/geometry.h"
#include "codecs/cloud/spin.h"

namespace pith::cloud {

// Contexts of the walk's slots.
inline constexpr std::array<uint16_t, 5> kSpinSlots = {64, 1, 16 * 16, 8, 6};

template <class Coder>
class SpinWalk {
 public:
  // `located`: of all points; an encoder's.
  SpinWalk(Coder& coder, const SpinPlan& plan, std::span<const SpinPoint> located,
           const Points& points, Neighbours& neighbours, std::span<uint8_t> sizes)
      : coder_(coder),
        plan_(plan),
        geometry_(plan),
        located_(located),
        points_(points),
        neighbours_(neighbours),
        sizes_(sizes),
        cells_(plan.steps + kAhead) {
    uint32_t first_context = 0;
    for (size_t i = 0; i < kSpinSlots.size(); ++i) {
      contexts_[i] = first_context;
      first_context += kSpinSlots[i];
    }
  }

  static uint64_t memory(const SpinPlan& plan) {
    return SpinGeometry::memory(plan) + (plan.steps + kAhead) * sizeof(Cell);
  }

  // Lasers `first` to `end`, whose points begin with number `point`.
  void run(size_t first, size_t end, size_t point) {
    for (size_t l = first; l < end; ++l) {
      laser(l, point, point + plan_.lasers[l].points);
      point += plan_.lasers[l].points;
    }
  }

 private:
  // Steps from -4 to 26 have symbols of their own.
  static constexpr int64_t kLeastSteps = 4;
  static constexpr uint32_t kFar = 31;
  // Cells beyond the turn, where those of its beginning stand again.
  static constexpr size_t kAhead = 4;
  // One for each of x, y and z, or all three are told by themselves.
  static constexpr uint32_t kRests = 27;

  enum Slot { kSteps, kFarSteps, kDistance, kRest, kStray };

  // What lies at an angle step.
  struct Cell {
    int64_t distance = 5000;
    uint32_t point = 0;
    uint32_t laser = 0;  // the last one that had a point here, from 1
  };

  void laser(size_t l, size_t begin, size_t end) {
    size_t at = first_bin_;
    int64_t step = static_cast<int64_t>(first_bin_);
    const auto number = static_cast<uint32_t>(l) + 1;
    uint32_t gap = 1;
    uint32_t gap_before = 1;
    int64_t left = cells_[at].distance;
    int64_t up_left = left;
    uint32_t size = 4;
    uint32_t size_before = 4;
    uint32_t rests = 0;
    for (size_t point = begin; point < end; ++point) {
      // The angle.
      const Cell* ahead = &cells_[at];
      // At which of the next steps the laser before had points.
      uint32_t fired = 0;
      for (size_t k = 0; k < kAhead; ++k) {
        fired |= static_cast<uint32_t>(ahead[k + 1].laser == number - 1) << k;
      }
      int64_t by = 0;
      if constexpr (!Coder::kDecodes) by = located_[point].step - step;
      const bool is_near = by >= -kLeastSteps && by < static_cast<int64_t>(kFar) - kLeastSteps;
      const uint32_t symbol = coder_.symbol(
          contexts_[kSteps] + gap * 16 + fired,
          is_near ? static_cast<uint32_t>(by + kLeastSteps) : kFar, hints_of<Coder>([&] {
            const uint32_t old_gap = gap << 2 | std::min(3U, gap_before);
            return Hints{kSteps, std::min(15U, number - ahead[1].laser) << 4 | fired,
                         old_gap << 4 | std::min(15U, number - ahead[2].laser), 5};
          }));
      by = symbol < kFar ? static_cast<int64_t>(symbol) - kLeastSteps
                         : coder_.residual(contexts_[kFarSteps], by, Hints{kFarSteps, 0, 0});
      const size_t bin = bin_after(at, by);
      if constexpr (!Coder::kDecodes) step = located_[point].step;
      gap_before = gap;
      gap = static_cast<uint32_t>(std::clamp<int64_t>(by, 1, 4)) - 1;

      // The distance.
      const int64_t up = cells_[bin].distance;
      const int64_t up_by = difference(up, up_left);
      const int64_t level = difference(up, left);
      const uint32_t edge = std::min(15U, size_of(up_by));
      const uint32_t off = std::min(15U, size_of(level));
      const uint32_t context =
          contexts_[kDistance] +
          std::min(15U, (2 * size + size_before + 2) / 3 + (gap > 1 ? 1U : 0U)) * 16 +
          std::max(edge, std::max(off, 2U) - 2);
      // What lies above changed by little: so does this. (Without a branch, which nobody foresees.)
      const int64_t follows = -static_cast<int64_t>(edge < off);
      int64_t distance = Coder::kDecodes ? 0 : located_[point].distance;
      const int64_t expected = sum(left, up_by & follows);
      const int64_t residual = code_value(
          coder_, context, distance, expected, hints_of<Coder>([&] {
            return Hints{kDistance, (level < 0 ? 128 : 0) | off << 3 | std::min(7U, size / 2),
                         pair_hint(size, edge)};
          }));
      size_before = size;
      size = size_of(residual);

      // Where that is.
      const auto place = geometry_.place_at(l, bin, distance);
      rests = rest(l, point, place, rests);

      neighbours_.left[point] =
          static_cast<uint32_t>(point > begin ? point - 1 : cells_[bin].point);
      neighbours_.up[point] = cells_[bin].point;
      sizes_[point] = static_cast<uint8_t>(size);
      up_left = up;
      left = distance;
      if (point == begin) first_bin_ = bin;
      cells_[bin] = {.distance = distance, .point = static_cast<uint32_t>(point), .laser = number};
      if (bin < kAhead) cells_[plan_.steps + bin] = cells_[bin];
      at = bin;
    }
  }

  size_t bin_after(size_t at, int64_t by) const {
    const auto turn = static_cast<int64_t>(plan_.steps);
    const int64_t bin = sum(static_cast<int64_t>(at), by);
    if (bin >= 0 && bin < turn) return static_cast<size_t>(bin);
    return geometry_.wrap(bin);
  }

  // How far x, y and z are from the place; 0 or 1, and the last ones.
  uint32_t rest(size_t l, size_t point, const SpinGeometry::Place& place, uint32_t rests) {
    int64_t& x = points_.values[0][point];
    int64_t& y = points_.values[1][point];
    int64_t& z = points_.values[2][point];
    uint32_t wanted = kRests;
    if constexpr (!Coder::kDecodes) {
      const int64_t dx = difference(x, place.x) + 1;
      const int64_t dy = difference(y, place.y) + 1;
      const int64_t dz = difference(z, place.z) + 1;
      if (dx >= 0 && dx <= 2 && dy >= 0 && dy <= 2 && dz >= 0 && dz <= 2) {
        wanted = static_cast<uint32_t>(dx * 9 + dy * 3 + dz);
      }
    }
    const uint32_t symbol = coder_.symbol(contexts_[kRest] + rests, wanted,
                                          Hints{kRest, rests, static_cast<uint32_t>(l) & 255, 5});
    if (symbol == kNoRest) {
      if constexpr (Coder::kDecodes) {
        x = place.x;
        y = place.y;
        z = place.z;
      }
      return rests << 1 & 7;
    }
    if (symbol < kRests) {
      if constexpr (Coder::kDecodes) {
        x = sum(place.x, static_cast<int64_t>(symbol / 9) - 1);
        y = sum(place.y, static_cast<int64_t>(symbol / 3 % 3) - 1);
        z = sum(place.z, static_cast<int64_t>(symbol % 3) - 1);
      }
    } else {
      const uint32_t first = contexts_[kStray];
      code_value(coder_, first, x, place.x, Hints{kStray, 0, 0});
      code_value(coder_, first + 1, y, place.y, Hints{kStray, 1, 0});
      // What is off its ray still lies on its cone.
      code_value(coder_, first + 2, z, geometry_.height_at(l, x, y), Hints{kStray, 2, 0});
    }
    return (rests << 1 | 1) & 7;
  }
  static constexpr uint32_t kNoRest = 13;

  Coder& coder_;
  const SpinPlan& plan_;
  SpinGeometry geometry_;
  std::span<const SpinPoint> located_;
  const Points& points_;
  Neighbours& neighbours_;
  std::span<uint8_t> sizes_;
  std::array<uint32_t, kSpinSlots.size()> contexts_{};
  std::vector<Cell> cells_;
  size_t first_bin_ = 0;  // of the laser before
};

}  // namespace pith::cloud

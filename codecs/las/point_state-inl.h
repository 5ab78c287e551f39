// What the models of the fields know in common: the points before, and what has been coded of this
// one.
//
// Included once for every SIMD target (hwy/foreach_target.h).
#if defined(PITH_LAS_POINT_STATE_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef PITH_LAS_POINT_STATE_INL_H
#undef PITH_LAS_POINT_STATE_INL_H
#else
#define PITH_LAS_POINT_STATE_INL_H
#endif

#include <array>

#include "codecs/las/cloud_shape.h"
#include "codecs/las/mixing-inl.h"
#include "codecs/las/neighbours.h"
#include "codecs/las/small_numbers.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::las {
namespace HWY_NAMESPACE {

struct PointState {
  explicit PointState(const CloudShape& cloud)
      : shape(record_shape(cloud.format)),
        seen(static_cast<size_t>(cloud.points), cloud.cell, grid_log(cloud.points)) {}

  static int grid_log(uint64_t points) {
    int log = 10;
    while (log < 20 && (uint64_t{1} << log) < 2 * points) ++log;
    return log;
  }
  static uint64_t memory(uint64_t points) {
    return Neighbours::memory(points, grid_log(points)) + sizeof(PointState);
  }

  const RecordShape& shape;
  Neighbours seen;
  Mixing mixing;

  Seen now;                        // as far as it is coded
  Seen one;                        // the point before
  Seen two;                        // and the one before that
  std::array<Seen, 4> of_place{};  // the last of each place
  bool same_pulse = false;
  int64_t pulses = 1;         // since the point before
  int64_t pulses_before = 1;  // the same of the point before
  uint32_t flags = 0;
  uint32_t rest_size[3] = {0, 0, 0};  // bit lengths of the last residuals of x, y, z

  void finish_point() {
    now.index = static_cast<uint32_t>(seen.size());
    seen.add(now);
    two = one;
    one = now;
    of_place[now.place] = now;
    pulses_before = pulses;
    mixing.settle(seen.size());
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace pith::las
HWY_AFTER_NAMESPACE();

#endif

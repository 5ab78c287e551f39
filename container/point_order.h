// Orders of the points of a cloud, and putting them into one.
#pragma once

#include "base/bytes.h"
#include "base/segment.h"

namespace pith {

enum class PointOrder : uint8_t {
  kCurve,  // along a Hilbert curve through the cube around all points
  kTime,   // by the field that has the role
};
inline constexpr PointOrder kPointOrders[] = {PointOrder::kCurve, PointOrder::kTime};

// The whole points of a segment, if they may be put into another order; else 0.
uint64_t free_points(const Segment& segment);

// Puts the whole points of a segment into the order; those that are the same by it, and bytes of
// points that are not there as a whole, stay as they are. False, with nothing moved, if they are in
// that order already or have no such order.
bool sort_points(MutableBytes bytes, const Segment& segment, PointOrder order);

}  // namespace pith

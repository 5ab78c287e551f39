// What follows from a layout, whatever family it is of: sizes, places to cut, parts that go
// together.
#pragma once

#include <optional>

#include "base/segment.h"

namespace pith {

inline constexpr size_t kMaxArrayAxes = 8;
// Bytes of the largest array.
inline constexpr uint64_t kMaxArray = uint64_t{1} << 60;

// Bytes of an array with this type, shape, tile and filter; 0 if an axis is empty. Nothing if there
// is no such array, or none of at most kMaxArray bytes.
std::optional<uint64_t> array_size(const ArrayLayout& array);

// Bytes of the whole tensor, cloud or array that a segment is a part of; of the segment itself if
// it has no such layout.
uint64_t whole_size(const Segment& segment);

// Bytes of which a part, counted from the beginning of the whole, should be a whole number: rows
// of a tensor, records of a cloud, tiles or the largest slices that are not too long of an array.
uint64_t cut_size(const Layout& layout);

// Bytes of which the end of a part must be a whole number where the rest is missing: of an element
// of a tensor, a record of a cloud, a tile or a step along the first axis of an array.
uint64_t unit_size(const Layout& layout);

// True if `next` goes on where `segment` ends, in the same tensor, cloud or array.
bool goes_on(const Segment& segment, const Segment& next);

}  // namespace pith

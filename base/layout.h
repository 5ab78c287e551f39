// What follows from a layout, whatever family it is of: sizes, places to cut, parts that go
// together.
#pragma once

#include "base/segment.h"

namespace pith {

// Bytes of the whole tensor, cloud or array that a segment is a part of; of the segment itself if
// it has no such layout. UINT64_MAX for a cloud whose count is not told: it may go on for ever.
uint64_t whole_size(const Segment& segment);

// Bytes of which a part, counted from the beginning of the whole, should be a whole number: rows
// of a tensor, records of a cloud, tiles or the largest slices that are not too long of an array.
uint64_t cut_size(const Layout& layout);

// True if `next` goes on where `segment` ends, in the same tensor, cloud or array.
bool goes_on(const Segment& segment, const Segment& next);

}  // namespace pith

// The segments of a content that can be read at any position: the formats walk it, and what they
// need not see is not read (Segmenter::skip).
#pragma once

#include <functional>
#include <string>

#include "base/segment.h"
#include "base/source.h"

namespace pith {

// Visits the segments in order, with their positions in the content; returns the name of its
// format. What is inside compressed streams cannot be taken out at a position, so it is not told.
Result<std::string> walk_segments(const RandomAccess& content,
                                  const std::function<void(const Segment&, uint64_t)>& visit);

}  // namespace pith

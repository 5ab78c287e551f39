#include "formats/format.h"

#include <cassert>

#include "base/layout.h"

namespace pith {

void Segmenter::skip([[maybe_unused]] uint64_t size, std::vector<Segment>&) { assert(size == 0); }

void append_segment(std::vector<Segment>& out, uint64_t size, SegmentType type) {
  if (size == 0) return;
  if (!out.empty() && out.back().type == type && out.back().layout.is_plain()) {
    out.back().size += size;
    return;
  }
  out.push_back({.size = size, .type = type, .layout = {}});
}

void append_part(std::vector<Segment>& out, const Segment& part) {
  if (part.size == 0) return;
  if (!out.empty() && goes_on(out.back(), part)) {
    out.back().size += part.size;
    return;
  }
  out.push_back(part);
}

}  // namespace pith

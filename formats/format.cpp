#include "formats/format.h"

namespace pith {

void append_segment(std::vector<Segment>& out, uint64_t size, SegmentType type) {
  if (size == 0) return;
  if (!out.empty() && out.back().type == type && out.back().layout.is_plain()) {
    out.back().size += size;
    return;
  }
  out.push_back({.size = size, .type = type, .layout = {}});
}

}  // namespace pith

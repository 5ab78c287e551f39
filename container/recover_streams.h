// Tells which records of a damaged file belong to which of its streams, and which are inside a
// .pith file that lies in a destroyed block of another stream (docs/format.md, "Recovery").
#pragma once

#include <vector>

#include "container/recover_scan.h"

namespace pith {

// The records of one stream in the order of their positions; a stretch in which no stream was found
// has none. Where two streams of the same salt follow each other and both the trailer between them
// and the header are lost, one entry holds both (container/recover_plan.h separates them).
struct FoundStream {
  std::vector<size_t> records{};  // indices in ScannedFile::records
  uint64_t stretch_position = 0;  // of a stretch without a stream
  uint64_t stretch_size = 0;
};

std::vector<FoundStream> find_streams(const ScannedFile& file, ScanBudget& budget);

// The largest raw offset that a frame of a stream with such blocks may have in a file of this size:
// what frames of the smallest size could hold, with room for some that were cut out.
uint64_t largest_raw_offset(uint64_t file_size, uint64_t max_block);

}  // namespace pith

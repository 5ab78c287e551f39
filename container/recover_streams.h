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

}  // namespace pith

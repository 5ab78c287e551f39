// Lays out what can be restored of a damaged file: its streams in order, and the blocks of each at
// their raw offsets (docs/format.md, "Recovery"). Nothing is decoded yet.
#pragma once

#include <string>

#include "container/recover_scan.h"

namespace pith {

struct PlannedStream {
  bool is_stream = true;  // false: a stretch of the file in which no stream was found
  uint32_t salt = 0;
  std::vector<uint64_t> blocks{};  // file positions of data frames, by raw offset, no overlaps
  uint64_t raw_size = 0;           // as far as it is known
  std::string open_end{};          // why more may be missing at the end; empty: nothing is
  std::optional<uint64_t> all_blocks{};  // of the stream, if its index survived

  bool size_known() const { return open_end.empty(); }
};

struct RecoveryPlan {
  std::vector<PlannedStream> streams;
  uint64_t duplicates = 0;  // frames that say again what another one says
};

RecoveryPlan plan_recovery(const ScannedFile& file, ScanBudget& budget);

}  // namespace pith

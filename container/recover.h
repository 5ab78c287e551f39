// Restores what is left of a damaged file (docs/format.md, "Recovery"): every block whose frame is
// intact comes back at its place, and a report says what is missing.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "base/sink.h"
#include "container/base_file.h"

namespace pith {

// A range of the original that was not restored. Offsets count over all streams of the file; what
// is missing in a place of unknown size counts 0 there.
struct LostRange {
  uint64_t offset = 0;
  uint64_t size = 0;  // 0 if it is not known
  bool size_known = true;
  std::string reason;
};

struct RecoverReport {
  uint64_t raw_size = 0;   // of the original, as far as it is known
  uint64_t recovered = 0;  // bytes
  std::vector<LostRange> lost;
  uint64_t streams = 0;
  uint64_t blocks_recovered = 0;
  uint64_t blocks_lost = 0;         // at least: without the index of a stream nobody knows
  uint64_t duplicates = 0;          // frames that were there twice
  uint64_t candidates_skipped = 0;  // frame headers not followed up; only in files made to hurt

  bool complete() const { return lost.empty(); }
};

struct RecoverOptions {
  bool fill_holes = true;  // zeros for lost ranges of known size, else nothing
  unsigned threads = 1;
  uint64_t memory_limit = UINT64_MAX;  // fewer threads first; a block that needs more is lost
  uint64_t max_output = UINT64_MAX;    // bytes; more is kLimit, before anything is written
  const BaseFile* base = nullptr;      // what streams are coded against
  std::stop_token stop{};
};

// `file` is the whole damaged file. kDamaged if nothing in it can be restored; kUnsupported if
// that is only because this program lacks a codec or a version; kUsage if a stream is coded against
// a base that is not there.
Result<RecoverReport> recover(ByteView file, Sink& out, const RecoverOptions& options);

// The report as one JSON object.
std::string to_json(const RecoverReport& report);

}  // namespace pith

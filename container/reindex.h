// Writes a file's streams again with a new index and trailer each; frames are copied as they are.
// For files whose index or trailer is lost or damaged, or whose last stream was not finished.
#pragma once

#include "base/sink.h"
#include "base/source.h"
#include "container/base_file.h"

namespace pith {

struct ReindexSummary {
  uint64_t streams = 0;
  uint64_t blocks = 0;
  uint64_t raw_size = 0;
  uint64_t unfinished = 0;  // streams whose trailer was not there: more may have followed
};

// Every block is decoded: its hash must hold, and the trailer needs the hash of the content.
// kDamaged if a block is damaged or missing (recovery is for that).
Result<ReindexSummary> reindex(const RandomAccess& file, uint64_t memory_limit, Sink& sink,
                               const BaseFile* base = nullptr);

}  // namespace pith

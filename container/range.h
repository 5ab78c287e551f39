// Random access: any range of a file's content from the blocks that hold it.
#pragma once

#include "base/sink.h"
#include "base/source.h"
#include "container/base_file.h"
#include "container/layout.h"

namespace pith {

// Bytes of a file's content.
struct ContentRange {
  uint64_t offset = 0;
  uint64_t size = 0;
};

struct RangeResult {
  uint64_t bytes = 0;   // written
  uint64_t blocks = 0;  // decoded for it
};

// Writes the raw bytes [offset, offset + length) to the sink; what lies behind the end of the
// content is left out. `memory_limit` bounds what decoding a block may take.
Result<RangeResult> restore_range(const RandomAccess& file, uint64_t offset, uint64_t length,
                                  uint64_t memory_limit, Sink& sink,
                                  const BaseFile* base = nullptr);

// kLimit if decoding a block of such a stream may take more than `memory_limit`.
Result<void> check_decode_memory(const StreamHeader& stream, uint64_t memory_limit);

}  // namespace pith

// Codes a block with the model of logs of a level: the arithmetic coder around the predictor.
//
// The kernels are chosen at run time for the processor; all give the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"

namespace pith::logmix {

// The whole working memory of a coder of a block of `size` bytes. `shape`: 7 to 9 (shapes.h).
uint64_t coder_memory(int shape, size_t size);

// The size of the code in `out`, or 0 if it does not fit.
Result<size_t> encode_bytes(int shape, ByteView raw, MutableBytes out);

// Fills `raw`. The code must be used up exactly.
Result<void> decode_bytes(int shape, ByteView code, MutableBytes raw, MemoryBudget& budget);

}  // namespace pith::logmix

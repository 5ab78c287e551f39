// Codes a block of points: what is known of it as a whole, then the fields of each cloud.
#pragma once

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/codec.h"

namespace pith::cloudmix {

// How many contexts are mixed for each decision.
size_t contexts_of(Level level);

// Upper bound of the memory beside input and output, for a block of this size.
uint64_t coder_memory(uint64_t raw_size);

// Size of the code, or 0 if it does not fit into `out`. `checks`: 0 too if the block would not come
// back.
Result<size_t> encode_block(const BlockView& block, size_t contexts, bool checks, MutableBytes out);
Result<void> decode_block(ByteView code, MutableBytes raw, MemoryBudget& budget);

}  // namespace pith::cloudmix

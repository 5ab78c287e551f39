// The payload of a block of LAS points (docs/codecs/las.md): its parts, and each part's code.
#pragma once

#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/codec.h"
#include "codecs/entropy/kernel.h"

namespace pith::las {

struct Encoded {
  bool useful = false;  // there are points, and the payload is smaller than the block
  uint64_t decode_memory = 0;
};

// `checks`: a block that would not come back is not useful either.
Result<Encoded> encode_block(const BlockView& block, Level level, entropy::Kernel kernel,
                             bool checks, ByteBuffer& out);
Result<void> decode_block(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                          entropy::Kernel kernel);

// Upper bounds for blocks of a size.
uint64_t encode_memory(size_t raw_size, Level level);
uint64_t decode_memory(size_t raw_size, Level level);

}  // namespace pith::las

// A block of arrays: its plan, its plain bytes, its grids (docs/codecs/array.md).
#pragma once

#include "base/memory_budget.h"
#include "codecs/codec.h"

namespace pith::array {

struct EncodedBlock {
  bool useful = false;
  uint64_t decode_memory = 0;
};

Result<EncodedBlock> encode_block(const BlockView& block, Level level, ByteBuffer& out);

Result<void> decode_block(ByteView payload, MutableBytes raw, MemoryBudget& budget);

}  // namespace pith::array

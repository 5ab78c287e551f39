// Decodes a block of points (docs/codecs/cloud.md).
#pragma once

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"

namespace pith::cloud {

// Fills `raw` or fails with kDamaged. Safe for any payload.
Result<void> decode_block(ByteView payload, MutableBytes raw, MemoryBudget& budget);

}  // namespace pith::cloud

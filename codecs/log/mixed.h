// Context mixing of a stream's bytes, bit by bit: for streams that are small beside their block,
// and of which the fast coders leave much (docs/codecs/log.md, "Mixed streams").
#pragma once

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"

namespace pith::log {

// What a stream holds decides on the contexts.
enum class MixedKind : uint8_t { kText = 0, kPlane = 1 };

// What coding a stream of `size` bytes allocates.
uint64_t mixed_memory(MixedKind kind, size_t size);

// Appends at most `room` bytes to `out`; false, with `out` as it was, if it takes more.
bool encode_mixed(ByteView in, MixedKind kind, size_t room, ByteBuffer& out);

Result<void> decode_mixed(ByteView payload, MixedKind kind, MutableBytes out, MemoryBudget& budget);

}  // namespace pith::log

// The decoding side of codec `deflated`.
#pragma once

#include "base/memory_budget.h"
#include "codecs/deflated/parameter_search.h"
#include "codecs/registry.h"

namespace pith::deflated {

// Fills `raw` from a payload, or fails.
Result<void> decode_payload(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                            EncoderState& state, CodecScratch& scratch);

}  // namespace pith::deflated

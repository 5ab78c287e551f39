// One front for the transforms that run before a modelling codec: picks one for a block, applies
// it, undoes it. A block for which none clearly helps is left as it is.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/text/word_transform.h"

namespace pith::text {

// As written in a block's header.
enum class Transform : uint8_t {
  kNone = 0,
  kWords = 1,       // word_transform.h
  kX86 = 2,         // x86_filter.h
  kLines = 3,       // line_wrap.h
  kLinesWords = 4,  // line_wrap.h, then word_transform.h
};

struct Transformed {
  Transform kind = Transform::kNone;
  uint64_t decode_memory = 0;  // what invert() takes from its budget
};

// Writes the transformed block to `out` (which it clears first); leaves it empty for kNone.
Transformed apply_transform(ByteView raw, Purpose purpose, ByteBuffer& out);

// Fills `raw` exactly, or fails with kDamaged. Takes any bytes. For kNone they are copied.
Result<void> invert_transform(Transform kind, ByteView coded, MutableBytes raw,
                              MemoryBudget& budget);

}  // namespace pith::text

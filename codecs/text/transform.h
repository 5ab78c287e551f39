// One front for the transforms that run before a modelling codec: picks one for a block, applies
// it, undoes it. A block for which none clearly helps is left as it is.
#pragma once

#include <cstdint>
#include <optional>

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

inline bool has_words(Transform kind) {
  return kind == Transform::kWords || kind == Transform::kLinesWords;
}

struct Transformed {
  Transform kind = Transform::kNone;
  uint64_t decode_memory = 0;      // what invert_transform() takes from its budget
  size_t body = 0;                 // where the text begins in the output, behind what describes it
  std::optional<WordCoder> words;  // if the kind has_words()
};

// Writes the transformed block to `out` (which it clears first); leaves it empty for kNone.
// `words`: how to choose words; none for no words.
Transformed apply_transform(ByteView raw, const std::optional<WordOptions>& words, ByteBuffer& out);

// The words that `head`, the first Transformed::body bytes of a kind that has_words(), describes.
// kDamaged if it describes none.
Result<WordCoder> read_words(Transform kind, ByteView head, MemoryBudget& budget);

// Fills `raw` exactly, or fails with kDamaged. Takes any bytes. For kNone they are copied. The
// coded block may come in two parts, cut where its text begins.
Result<void> invert_transform(Transform kind, ByteView coded, MutableBytes raw,
                              MemoryBudget& budget);
Result<void> invert_transform(Transform kind, ByteView head, ByteView text, MutableBytes raw,
                              MemoryBudget& budget);

// True if `coded` gives `raw` back: an encoder's check of its own work. True for kNone.
bool restores(const Transformed& transformed, ByteView coded, ByteView raw);

}  // namespace pith::text

// What the encoder must know of the decoder.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "codecs/array/transform.h"

namespace pith::arraymix {

// Kinds of cells that a transform knows; `has_classes`: there is any but the first one.
template <class Word>
uint32_t kinds_of(const array::Transform<Word>& transform, bool has_classes) {
  if (!has_classes) return 1;
  return static_cast<uint32_t>(transform.specials.size()) + (transform.exceptions ? 2 : 1);
}

// What decode_block() takes of its budget for a payload.
Result<uint64_t> memory_to_decode(ByteView payload, size_t raw_size);

}  // namespace pith::arraymix

// The bytes that a model is run over before a block, so that it begins knowing text of the kind.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "codecs/text/packs.h"
#include "codecs/text/transform.h"

namespace pith::text {

// A pack in the form that the block has been given: unwrapped, in the words of `words`, or its
// machine code filtered by `mode` (the first byte of a block under Transform::kX86). It is no
// longer than the pack: what would make it so is left out. kUnsupported for a pack that this
// program does not know.
Result<ByteBuffer> make_primer(PackId pack, Transform kind, uint8_t mode, const WordCoder* words);

// The largest size that make_primer() may give for the pack, in bytes; 0 for a pack that is not
// known.
size_t primer_limit(PackId pack);

}  // namespace pith::text

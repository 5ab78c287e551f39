// The bytes that a model is run over before a block, so that it begins knowing text of the kind.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "codecs/text/packs.h"
#include "codecs/text/transform.h"

namespace pith::text {

// A pack in the form that a block has been given: unwrapped, or its machine code filtered by `mode`
// (the first byte of a block under Transform::kX86). kUnsupported for a pack that this program does
// not know.
Result<ByteBuffer> make_primer(PackId pack, Transform kind, uint8_t mode);

}  // namespace pith::text

// Encodes a block of points (docs/codecs/cloud.md).
#pragma once

#include "base/result.h"
#include "codecs/codec.h"

namespace pith::cloud {

// The levels above it mix.
inline constexpr Level kLastTokenLevel = 3;

struct Encoded {
  bool useful = false;         // the payload is smaller than the block
  uint64_t decode_memory = 0;  // that decoding it takes
};

// Writes the payload to `out`, which is empty.
Encoded encode_block(const BlockView& block, Level level, ByteBuffer& out);

}  // namespace pith::cloud

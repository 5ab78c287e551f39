// The bytes of a block that are no points: headers, padding.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace pith::las {

// Compressed with zstd where that makes them smaller.
ByteBuffer pack_plain(ByteView bytes, int level);
// Fills `bytes` exactly, or fails.
Result<void> unpack_plain(ByteView packed, MutableBytes bytes);

}  // namespace pith::las

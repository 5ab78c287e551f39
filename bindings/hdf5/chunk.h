// A chunk of an HDF5 dataset as this filter stores it: a header with checks, and blocks coded with
// the codecs of pith (docs/hdf5-plugin.md). It says all that is needed to decode it.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "bindings/hdf5/parameters.h"

namespace pith::hdf5 {

// Bytes of a block, at most; what the memory of the codecs is bounded by.
inline constexpr size_t kMaxChunkBlock = size_t{16} << 20;

// Replaces `out` by the coded chunk. A chunk that is not of the size of the array is taken as
// bytes.
Result<void> encode_chunk(ByteView raw, const Parameters& parameters, ByteBuffer& out);

// The size of the chunk when decoded. kDamaged if the coded chunk is not what was written.
Result<size_t> decoded_size(ByteView coded);

// Fills `raw`, which has that size.
Result<void> decode_chunk(ByteView coded, MutableBytes raw);

}  // namespace pith::hdf5

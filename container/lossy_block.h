// Codes a block of which values may be restored with loss: rounded, or as a codec that approximates
// (Codec::approximates) makes them, whichever takes less.
#pragma once

#include "codecs/select.h"
#include "container/block_reader.h"
#include "container/rounding.h"

namespace pith {

// `tasks`: what Rounding::plan() gave for the block. The block's bytes become what the payload
// decodes to, and the tasks tell what became of the values. Every bound is checked here, whatever
// codec it was.
Result<EncodedBlock> encode_lossy_block(RawBlock& block, std::vector<Rounding::Task>& tasks,
                                        const RandomAccess* base, const SelectOptions& options,
                                        CodecScratch& scratch, ByteBuffer storage = {});

// What that takes beside what the codecs do: copies of the block.
constexpr uint64_t lossy_block_memory(size_t raw_size) { return 3 * uint64_t{raw_size}; }

}  // namespace pith

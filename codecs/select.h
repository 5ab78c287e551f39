// Selection: which codec takes a block, and the block's payload.
//
// The codecs that accept the block's type at the level estimate its size by a sample. The best by
// these estimates, and any close to it, are tried, and the smallest payload is kept; what none of
// them makes smaller is stored. The outcome
// depends on the block and the options only.
#pragma once

#include <optional>

#include "codecs/codec.h"
#include "codecs/registry.h"

namespace pith {

struct SelectOptions {
  Level level = kDefaultLevel;
  const Codec* forced = nullptr;  // try this codec and no other
  size_t variant = 0;             // of the forced codec: see EncodeOptions
  bool nested = false;            // the block lies inside a block of a codec that wraps others
  bool prime = true;              // see EncodeOptions
  bool lossy = false;             // codecs that approximate may be tried (approximate_block)
  bool inflate = false;           // look into deflate streams, even if no codec makes use of it
};

struct EncodedBlock {
  CodecId codec = CodecId::kStored;
  uint64_t decode_memory = 0;  // bytes
  ByteBuffer payload;
};

// `storage`: a buffer whose memory the payload takes over.
Result<EncodedBlock> encode_block(const BlockView& block, const SelectOptions& options,
                                  CodecScratch& scratch, ByteBuffer storage = {});

// A block as a codec that approximates codes it, and what it is restored as.
struct ApproximatedBlock {
  EncodedBlock encoded;
  ByteBuffer restored;
};
// The smallest that such codecs make of the block; nothing if none takes less than the rounded one.
Result<std::optional<ApproximatedBlock>> approximate_block(const LossyBlock& block,
                                                           const SelectOptions& options,
                                                           CodecScratch& scratch);

// Largest values over the codecs that may take a block of one of `types`.
struct BlockLimits {
  size_t max_block = 0;
  uint64_t encode_memory = 0;
  uint64_t decode_memory = 0;
};
BlockLimits block_limits(std::span<const SegmentType> types, const SelectOptions& options);
size_t max_block(SegmentType type, const SelectOptions& options);

// True if the same codecs are made for both types, so that a block of both loses nothing.
bool have_same_codecs(SegmentType a, SegmentType b, const SelectOptions& options);

}  // namespace pith

// One block between its raw bytes and its frame.
#pragma once

#include "codecs/registry.h"
#include "codecs/select.h"
#include "container/layout.h"

namespace pith {

// The frame header of an encoded block.
FrameHeader block_header(const BlockView& block, const EncodedBlock& encoded, uint64_t raw_offset);

// Decodes the payload of a data frame and checks the result against the header's hash. The frame
// header must have passed validate(). kUnsupported for a codec that this program lacks.
// `storage`: a buffer whose memory the result takes over.
Result<ByteBuffer> decode_block(const FrameHeader& header, ByteView payload, CodecScratch& scratch,
                                ByteBuffer storage = {});

// The segment-type byte of a frame.
uint8_t wire_segment_type(SegmentType type);

}  // namespace pith

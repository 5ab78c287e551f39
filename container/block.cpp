#include "container/block.h"

#include <fmt/format.h>

#include <new>

namespace pith {

FrameHeader block_header(const BlockView& block, const EncodedBlock& encoded, uint64_t raw_offset) {
  return {.kind = FrameKind::kData,
          .segment_type = wire_segment_type(block.type),
          .codec = static_cast<uint16_t>(encoded.codec),
          .raw_size = checked_cast<uint32_t>(block.bytes.size()),
          .payload_size = checked_cast<uint32_t>(encoded.payload.size()),
          .raw_offset = raw_offset,
          .raw_hash = xxh3_64(block.bytes),
          .memory_kib = checked_cast<uint32_t>((encoded.decode_memory + 1023) / 1024)};
}

Result<ByteBuffer> decode_block(const FrameHeader& header, ByteView payload, CodecScratch& scratch,
                                ByteBuffer storage) {
  const Codec* codec = find_codec(static_cast<CodecId>(header.codec));
  if (codec == nullptr) {
    return fail(ErrorCode::kUnsupported, fmt::format("needs codec {}", header.codec));
  }
  try {
    ByteBuffer raw = std::move(storage);
    raw.resize(header.raw_size);
    MemoryBudget budget(uint64_t{header.memory_kib} * 1024);
    PITH_TRY(codec->decode(payload, raw, budget, scratch.of(*codec), scratch.base()));
    if (xxh3_64(raw) != header.raw_hash) {
      return fail(ErrorCode::kDamaged, "a block does not match its hash");
    }
    return raw;
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kLimit, "not enough memory for a block");
  }
}

uint8_t wire_segment_type(SegmentType type) {
  return static_cast<uint8_t>(type == SegmentType::kDeflated ? SegmentType::kCompressed : type);
}

}  // namespace pith

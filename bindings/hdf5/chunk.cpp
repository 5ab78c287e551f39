#include "bindings/hdf5/chunk.h"

#include <algorithm>
#include <array>
#include <limits>
#include <new>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/checksum.h"
#include "base/layout.h"
#include "codecs/array/array_codec.h"
#include "codecs/arraymix/arraymix_codec.h"
#include "codecs/stored/stored_codec.h"
#include "codecs/zstd/zstd_codec.h"

namespace pith::hdf5 {
namespace {

constexpr uint32_t kMagic = 0x01354850;  // "PH5" and the version 1
constexpr size_t kCheckAt = 4;
constexpr size_t kCheckedFrom = 8;
constexpr size_t kHeaderSize = 16;
constexpr size_t kBlockHeaderSize = 9;

// zstd is quick at this level; where it comes close to the codec for arrays, it is tried with all
// its effort.
constexpr Level kQuickLevel = 1;
constexpr size_t kClosePercent = 125;

std::array<const Codec*, 4> codecs() {
  return {&array_codec(), &arraymix_codec(), &zstd_codec(), &stored_codec()};
}

tl::unexpected<Error> damaged(const char* what) {
  return fail(ErrorCode::kDamaged, std::string("a chunk compressed by pith is damaged: ") + what);
}

struct Coded {
  const Codec* codec = &stored_codec();
  ByteBuffer payload{};
};

Result<void> decode_with(const Codec& codec, ByteView payload, MutableBytes raw) {
  MemoryBudget budget(codec.decode_memory(raw.size(), kMaxLevel));
  const auto scratch = codec.make_scratch();
  return codec.decode(payload, raw, budget, scratch.get());
}

// Keeps what the codec makes of the block if that is smaller. Returns its size; the block's if
// none.
Result<size_t> try_codec(const Codec& codec, const BlockView& block, Level level, Coded& best) {
  ByteBuffer payload;
  uint64_t memory = 0;
  const auto scratch = codec.make_scratch();
  PITH_ASSIGN(const EncodeOutcome outcome,
              codec.encode(block, level, payload, memory, scratch.get()));
  if (outcome == EncodeOutcome::kDeclined) return block.bytes.size();
  const size_t size = payload.size();
  if (size >= best.payload.size()) return size;
  if (codec.verify_after_encode()) {
    ByteBuffer raw(block.bytes.size());
    if (!decode_with(codec, payload, raw) || !equal(raw, block.bytes)) return block.bytes.size();
  }
  best = {&codec, std::move(payload)};
  return size;
}

Result<Coded> encode_block(const BlockView& block, Level level) {
  Coded best{.payload = ByteBuffer(block.bytes)};
  const Codec& general = zstd_codec();
  if (block.type == SegmentType::kBytes) {
    PITH_TRY(try_codec(general, block, level, best));
    return best;
  }
  for (const Codec* codec : {&array_codec(), &arraymix_codec()}) {
    if (codec->accepts(block.type, level)) PITH_TRY(try_codec(*codec, block, level, best));
  }
  const size_t special = best.payload.size();
  PITH_ASSIGN(const size_t quick, try_codec(general, block, kQuickLevel, best));
  if (level > kQuickLevel && quick / kClosePercent < special / 100) {
    PITH_TRY(try_codec(general, block, level, best));
  }
  return best;
}

// Bytes of the blocks of such a chunk; the last one may have fewer.
size_t block_size(const Segment& whole) {
  const uint64_t unit = cut_size(whole.layout);
  return static_cast<size_t>(unit > kMaxChunkBlock ? kMaxChunkBlock : kMaxChunkBlock / unit * unit);
}

Result<void> encode(ByteView raw, const Parameters& parameters, ByteBuffer& out) {
  out.clear();
  ByteWriter writer(out);
  writer.u32(kMagic);
  writer.u32(0);  // the check
  writer.u32(checked_cast<uint32_t>(raw.size()));
  writer.u32(static_cast<uint32_t>(xxh3_64(raw)));
  Segment whole{.size = raw.size(), .type = SegmentType::kBytes, .layout = {}};
  if (parameters.array && parameters.array->size == raw.size()) {
    whole.type = SegmentType::kArray;
    whole.layout.array = std::make_shared<ArrayLayout>(*parameters.array);
  }
  const size_t step = block_size(whole);
  for (size_t at = 0; at < raw.size(); at += step) {
    Segment part = whole;
    part.size = std::min(step, raw.size() - at);
    part.layout.offset = part.layout.array == nullptr ? 0 : at;
    const BlockView block{.bytes = raw.subspan(at, static_cast<size_t>(part.size)),
                          .segments = {&part, 1},
                          .type = part.type};
    PITH_ASSIGN(const Coded coded, encode_block(block, parameters.level));
    writer.u8(checked_cast<uint8_t>(static_cast<uint16_t>(coded.codec->id())));
    writer.u32(checked_cast<uint32_t>(part.size));
    writer.u32(checked_cast<uint32_t>(coded.payload.size()));
    writer.bytes(coded.payload);
  }
  const uint32_t check = crc32c(ByteView(out).subspan(kCheckedFrom));
  for (size_t i = 0; i < sizeof(check); ++i) {
    out[kCheckAt + i] = static_cast<std::byte>(check >> (8 * i));
  }
  return {};
}

struct Block {
  const Codec* codec = nullptr;
  size_t raw_size = 0;
  ByteView payload{};
};

// What a block's header says of it; kDamaged if that cannot be.
Result<Block> read_block(ByteReader& in) {
  const auto id = static_cast<CodecId>(in.u8());
  const uint32_t raw_size = in.u32();
  Block block{.raw_size = raw_size};
  block.payload = in.bytes(in.u32());
  if (!in.ok() || block.raw_size == 0 || block.raw_size > kMaxChunkBlock ||
      block.payload.size() > block.raw_size) {
    return damaged("its blocks do not fit");
  }
  for (const Codec* codec : codecs()) {
    if (codec->id() == id) block.codec = codec;
  }
  if (block.codec == nullptr) {
    return fail(
        ErrorCode::kUnsupported,
        "a chunk needs a codec of pith that this plugin does not have: a newer one is needed");
  }
  return block;
}

}  // namespace

Result<void> encode_chunk(ByteView raw, const Parameters& parameters, ByteBuffer& out) {
  if (raw.size() > std::numeric_limits<uint32_t>::max()) {
    return fail(ErrorCode::kLimit, "a chunk of 4 GiB or more cannot be compressed by pith");
  }
  try {
    return encode(raw, parameters, out);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kLimit, "not enough memory to compress a chunk");
  }
}

Result<size_t> decoded_size(ByteView coded) {
  ByteReader in(coded);
  const uint32_t magic = in.u32();
  const uint32_t check = in.u32();
  const size_t size = in.u32();
  in.u32();
  if (!in.ok() || magic << 8 != kMagic << 8) return damaged("it does not begin as it should");
  if (magic != kMagic) {
    return fail(ErrorCode::kUnsupported, "a chunk was written by a newer version of pith's filter");
  }
  if (crc32c(coded.subspan(kCheckedFrom)) != check) return damaged("its check does not fit");
  // Before anything is allocated: each block is bounded, and all of them make up the chunk.
  size_t sum = 0;
  while (in.remaining() > 0) {
    PITH_ASSIGN(const Block block, read_block(in));
    sum += block.raw_size;
  }
  if (sum != size) return damaged("its blocks do not make up its size");
  return size;
}

Result<void> decode_chunk(ByteView coded, MutableBytes raw) {
  PITH_ASSIGN(const size_t size, decoded_size(coded));
  if (size != raw.size()) return damaged("its size is another one");
  ByteReader in(coded.subspan(kHeaderSize - sizeof(uint32_t)));
  const uint32_t hash = in.u32();
  MutableBytes left = raw;
  while (in.remaining() > 0) {
    PITH_ASSIGN(const Block block, read_block(in));
    PITH_TRY(decode_with(*block.codec, block.payload, left.first(block.raw_size)));
    left = left.subspan(block.raw_size);
  }
  if (static_cast<uint32_t>(xxh3_64(raw)) != hash) return damaged("it decodes to other bytes");
  return {};
}

}  // namespace pith::hdf5

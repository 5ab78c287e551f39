#include "codecs/video/mask.h"

#include <memory>

#include "base/varint.h"
#include "codecs/array/block_coder.h"
#include "codecs/arraymix/block.h"

namespace pith::video {
namespace {

// How the array is coded.
enum class Way : uint8_t { kPacked = 0, kArray = 1, kArrayMix = 2 };

// The slices of the volume as the two codecs of arrays know them.
std::shared_ptr<const ArrayLayout> layout_of(const Volume& volume, NumberType type) {
  ArrayLayout layout;
  layout.type = type;
  layout.shape = {volume.slices, uint64_t{volume.height} * volume.bands, volume.width};
  layout.size = volume.cells() * number_size(type);
  return std::make_shared<const ArrayLayout>(std::move(layout));
}

}  // namespace

Result<void> write_array(const Volume& volume, NumberType type, ByteView bytes, int level,
                         ByteWriter& out) {
  const Segment segment{.size = bytes.size(),
                        .type = SegmentType::kArray,
                        .layout = {.array = layout_of(volume, type)}};
  const BlockView block{.bytes = bytes, .segments = {&segment, 1}, .type = SegmentType::kArray};
  ByteBuffer payload;
  const auto write = [&](Way way) {
    out.u8(static_cast<uint8_t>(way));
    write_varint(out, payload.size());
    out.bytes(payload);
  };
  if (level >= arraymix::kFirstShape) {
    uint64_t memory = 0;
    PITH_ASSIGN(const bool done, arraymix::encode_block(block, level, payload, memory));
    if (done) {
      write(Way::kArrayMix);
      return {};
    }
    payload.clear();
  }
  PITH_ASSIGN(const auto encoded, array::encode_block(block, std::min(level, 6), payload));
  if (encoded.useful) {
    write(Way::kArray);
    return {};
  }
  out.u8(static_cast<uint8_t>(Way::kPacked));
  write_packed(bytes, out);
  return {};
}

Result<void> read_array(ByteReader& in, MutableBytes bytes, MemoryBudget& budget) {
  const auto way = static_cast<Way>(in.u8());
  if (way == Way::kPacked) return read_packed(in, bytes, budget);
  const ByteView payload = in.bytes(read_varint(in));
  if (!in.ok()) return damaged("an array in it");
  const uint64_t before = budget.left();
  switch (way) {
    case Way::kArray:
      PITH_TRY(array::decode_block(payload, bytes, budget));
      break;
    case Way::kArrayMix:
      PITH_TRY(arraymix::decode_block(payload, bytes, budget));
      break;
    default:
      return damaged("an array in it");
  }
  budget.release(before - budget.left());
  return {};
}

}  // namespace pith::video

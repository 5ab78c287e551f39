#include "codecs/video/payload.h"

#include <algorithm>

#include "base/checksum.h"
#include "codecs/tensor/payload.h"

namespace pith::video {
namespace {

constexpr int kPackEffort = 19;  // of Zstandard
constexpr uint64_t kZstdMemory = uint64_t{256} << 10;
constexpr uint32_t kBlock = 8;

uint32_t whole_blocks(uint32_t side) {
  return std::max(kLeastSide, (side + kBlock - 1) / kBlock * kBlock);
}

}  // namespace

ClipShape shape_of(const Arrangement& arrangement, uint32_t components, Coder coder, uint8_t planes,
                   uint8_t depth) {
  const Volume& volume = arrangement.volume;
  const uint32_t sets = (components + planes - 1) / planes;
  const bool is_exact = coder == Coder::kFfv1;
  return {.width = is_exact ? volume.width : whole_blocks(volume.width),
          .height = is_exact ? volume.height : whole_blocks(volume.height),
          .frames = sets * arrangement.times(),
          .planes = planes,
          .depth = depth};
}

size_t first_sample(const ClipShape& shape, const Arrangement& arrangement, uint32_t component,
                    uint32_t time) {
  const uint32_t set = component / shape.planes;
  const size_t frame = size_t{set} * arrangement.times() + time;
  const size_t plane = size_t{shape.width} * shape.height;
  return (frame * shape.planes + component % shape.planes) * plane;
}

void write_clip(const CodedClip& clip, ByteWriter& out) {
  ByteBuffer body;
  ByteWriter writer(body);
  write_varint(writer, clip.setup.size());
  writer.bytes(clip.setup);
  write_varint(writer, clip.packets.size());
  for (const uint32_t size : clip.packets) write_varint(writer, size);
  writer.bytes(clip.bytes);
  write_varint(out, body.size());
  out.u64(xxh3_64(body));
  out.bytes(body);
}

Result<std::vector<uint16_t>> read_clip(ByteReader& in, Coder coder, const ClipShape& shape,
                                        MemoryBudget& budget) {
  const uint64_t size = read_varint(in);
  const uint64_t check = in.u64();
  const ByteView body = in.bytes(size);
  if (!in.ok()) return damaged("its clip is too short");
  if (!is_valid(coder, shape)) return damaged("the shape of its clip");
  if (xxh3_64(body) != check) return damaged("the check of its clip");
  ByteReader reader(body);
  const ByteView setup = reader.bytes(read_varint(reader));
  const uint64_t count = read_varint(reader);
  if (!reader.ok() || count > reader.remaining()) return damaged("its packets");
  const uint64_t needed = count * sizeof(uint32_t) + decoder_memory(coder, shape) + size;
  const uint64_t kept = shape.samples() * sizeof(uint16_t);
  if (!budget.reserve(needed) || !budget.reserve(kept)) return damaged(kTooMuch);
  std::vector<uint32_t> packets;
  uint64_t left = reader.remaining();
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t packet = read_varint(reader);
    if (!reader.ok() || packet > left) return damaged("a packet");
    packets.push_back(static_cast<uint32_t>(packet));
  }
  const ByteView bytes = reader.rest();
  left = bytes.size();
  for (const uint32_t packet : packets) {
    if (packet > left) return damaged("a packet");
    left -= packet;
  }
  if (left != 0) return damaged("its packets");
  std::vector<uint16_t> samples(static_cast<size_t>(shape.samples()));
  // Blocks are decoded side by side; within one there is one thread.
  PITH_TRY(decode_clip(coder, shape, setup, packets, bytes, 1, samples));
  budget.release(needed);
  return samples;
}

void write_packed(ByteView bytes, ByteWriter& out) {
  const ByteBuffer packed = tensor::pack_section(bytes, kPackEffort);
  write_varint(out, packed.size());
  out.bytes(packed);
}

Result<void> read_packed(ByteReader& in, MutableBytes bytes, MemoryBudget& budget) {
  const ByteView packed = in.bytes(read_varint(in));
  if (!in.ok() || packed.size() > bytes.size()) return damaged("its other numbers");
  if (!budget.reserve(kZstdMemory + bytes.size())) return damaged(kTooMuch);
  ByteBuffer storage;
  PITH_ASSIGN(const ByteView plain, tensor::unpack_section(packed, bytes.size(), storage));
  if (plain.size() != bytes.size()) return damaged("its other numbers");
  std::copy(plain.begin(), plain.end(), bytes.begin());
  budget.release(kZstdMemory + bytes.size());
  return {};
}

}  // namespace pith::video

#include "codecs/deflated/stream_record.h"

namespace pith::deflated {
namespace {

constexpr uint8_t kCopied = 0;
constexpr uint8_t kStream = 1;

Result<Run> read_stream(ByteReader& reader) {
  StreamRun run;
  run.parameters.encoder = static_cast<Encoder>(reader.u8());
  run.parameters.strategy = static_cast<Strategy>(reader.u8());
  run.parameters.level = reader.u8();
  run.parameters.memory_level = reader.u8();
  run.parameters.window_bits = reader.u8();
  run.inflated_size = reader.u32();
  run.trailer = static_cast<Trailer>(reader.u8());
  run.header_bytes = reader.bytes(reader.u16());
  if (run.trailer == Trailer::kBytes) run.trailer_bytes = reader.bytes(reader.u16());
  if (!reader.ok() || !run.parameters.valid() || run.trailer > Trailer::kZlib) {
    return fail(ErrorCode::kDamaged, "a deflated block describes an impossible stream");
  }
  return run;
}

}  // namespace

void write_run(const Run& run, ByteBuffer& out) {
  ByteWriter writer(out);
  if (const auto* copied = std::get_if<CopiedRun>(&run)) {
    writer.u8(kCopied);
    writer.u32(copied->size);
    return;
  }
  const auto& stream = std::get<StreamRun>(run);
  writer.u8(kStream);
  writer.u8(static_cast<uint8_t>(stream.parameters.encoder));
  writer.u8(static_cast<uint8_t>(stream.parameters.strategy));
  writer.u8(stream.parameters.level);
  writer.u8(stream.parameters.memory_level);
  writer.u8(stream.parameters.window_bits);
  writer.u32(stream.inflated_size);
  writer.u8(static_cast<uint8_t>(stream.trailer));
  writer.u16(checked_cast<uint16_t>(stream.header_bytes.size()));
  writer.bytes(stream.header_bytes);
  if (stream.trailer == Trailer::kBytes) {
    writer.u16(checked_cast<uint16_t>(stream.trailer_bytes.size()));
    writer.bytes(stream.trailer_bytes);
  }
}

Result<Run> read_run(ByteReader& reader) {
  const uint8_t kind = reader.u8();
  if (kind == kStream) return read_stream(reader);
  const CopiedRun run{.size = reader.u32()};
  if (kind != kCopied || !reader.ok()) {
    return fail(ErrorCode::kDamaged, "a deflated block has an unknown run");
  }
  return run;
}

}  // namespace pith::deflated

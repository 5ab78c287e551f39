#include "codecs/deflated/stream_record.h"

namespace pith::deflated {
namespace {

// Bits of a run's first byte.
constexpr uint8_t kStream = 1;
constexpr uint8_t kInLane = 2;
constexpr uint8_t kWithGaps = 4;

constexpr uint8_t kGapOfBytes = 0;
constexpr uint8_t kGapOfPng = 1;

tl::unexpected<Error> impossible() {
  return fail(ErrorCode::kDamaged, "a deflated block describes an impossible stream");
}

Result<Run> read_stream(ByteReader& reader, Lane lane, bool has_gaps) {
  StreamRun run{.lane = lane};
  run.parameters.encoder = static_cast<Encoder>(reader.u8());
  run.parameters.strategy = static_cast<Strategy>(reader.u8());
  run.parameters.level = reader.u8();
  run.parameters.memory_level = reader.u8();
  run.parameters.window_bits = reader.u8();
  run.inflated_size = reader.u32();
  run.trailer = static_cast<Trailer>(reader.u8());
  run.header_bytes = reader.bytes(reader.u16());
  if (run.trailer == Trailer::kBytes) run.trailer_bytes = reader.bytes(reader.u16());
  if (has_gaps) {
    run.gaps = reader.bytes(reader.u32());
    ByteReader gaps(run.gaps);
    while (gaps.remaining() > 0) read_gap(gaps);
    if (!gaps.ok() || run.gaps.empty()) return impossible();
  }
  if (!reader.ok() || !run.parameters.valid() || run.trailer > Trailer::kZlib) return impossible();
  return run;
}

}  // namespace

void write_gap(const StreamGap& gap, ByteBuffer& out) {
  ByteWriter writer(out);
  writer.u32(gap.distance);
  writer.u8(gap.png ? kGapOfPng : kGapOfBytes);
  if (gap.png) {
    writer.u32(gap.next_size);
  } else {
    writer.u16(checked_cast<uint16_t>(gap.bytes.size()));
    writer.bytes(gap.bytes);
  }
}

StreamGap read_gap(ByteReader& reader) {
  StreamGap gap{.distance = reader.u32()};
  const uint8_t kind = reader.u8();
  gap.png = kind == kGapOfPng;
  if (gap.png) {
    gap.next_size = reader.u32();
  } else if (kind == kGapOfBytes) {
    gap.bytes = reader.bytes(reader.u16());
  } else {
    (void)reader.bytes(UINT64_MAX);
  }
  return gap;
}

void write_run(const Run& run, ByteBuffer& out) {
  ByteWriter writer(out);
  if (const auto* copied = std::get_if<CopiedRun>(&run)) {
    writer.u8(copied->lane != 0 ? kInLane : 0);
    if (copied->lane != 0) writer.u16(copied->lane);
    writer.u32(copied->size);
    return;
  }
  const auto& stream = std::get<StreamRun>(run);
  writer.u8(static_cast<uint8_t>(kStream | (stream.lane != 0 ? kInLane : 0) |
                                 (stream.gaps.empty() ? 0 : kWithGaps)));
  if (stream.lane != 0) writer.u16(stream.lane);
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
  if (!stream.gaps.empty()) {
    writer.u32(checked_cast<uint32_t>(stream.gaps.size()));
    writer.bytes(stream.gaps);
  }
}

size_t record_bound(const Run& run) {
  constexpr size_t kFields = 32;
  const auto* stream = std::get_if<StreamRun>(&run);
  if (stream == nullptr) return kFields;
  return kFields + stream->header_bytes.size() + stream->trailer_bytes.size() + stream->gaps.size();
}

Lane lane_of(const Run& run) {
  return std::visit([](const auto& each) { return each.lane; }, run);
}

uint32_t content_size(const Run& run) {
  const auto* copied = std::get_if<CopiedRun>(&run);
  return copied != nullptr ? copied->size : std::get<StreamRun>(run).inflated_size;
}

bool is_extended(const Run& run) {
  const auto* stream = std::get_if<StreamRun>(&run);
  return lane_of(run) != 0 || (stream != nullptr && !stream->gaps.empty());
}

Result<Run> read_run(ByteReader& reader, bool plain) {
  const uint8_t kind = reader.u8();
  const bool known = kind <= (plain ? kStream : kStream + kInLane + kWithGaps) &&
                     (kind & (kStream | kWithGaps)) != kWithGaps;
  if (!known) return fail(ErrorCode::kDamaged, "a deflated block has an unknown run");
  const Lane lane = (kind & kInLane) != 0 ? reader.u16() : Lane{0};
  if (lane >= kMaxLanes) return impossible();
  if ((kind & kStream) != 0) return read_stream(reader, lane, (kind & kWithGaps) != 0);
  const CopiedRun run{.lane = lane, .size = reader.u32()};
  if (!reader.ok()) return impossible();
  return run;
}

}  // namespace pith::deflated

#include "container/layout.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/byte_reader.h"
#include "base/byte_writer.h"

namespace pith {
namespace {

constexpr size_t kHeaderCheckAt = kFrameHeaderSize - 4;
constexpr size_t kTrailerCheckAt = kTrailerSize - 8;

bool starts_with(ByteView bytes, ByteView mark) {
  return bytes.size() >= mark.size() && equal(bytes.first(mark.size()), mark);
}

// The check over everything that was written to `out` since `start`.
void write_check(ByteBuffer& out, size_t start, uint32_t salt) {
  ByteWriter(out).u32(crc32c(ByteView(out).subspan(start)) ^ salt);
}

uint32_t u32_at(ByteView bytes, size_t offset) {
  return ByteReader(bytes.subspan(offset, 4)).u32();
}

}  // namespace

void StreamHeader::write(ByteBuffer& out) const {
  const size_t start = out.size();
  ByteWriter writer(out);
  writer.bytes(kMagic);
  writer.u8(version);
  writer.u8(required_features);
  writer.u8(block_log);
  writer.u8(memory_log);
  writer.u32(salt);
  write_check(out, start, 0);
}

bool StreamHeader::has_magic(ByteView bytes) { return starts_with(bytes, kMagic); }

Result<StreamHeader> StreamHeader::parse(ByteView bytes) {
  assert(bytes.size() == kStreamHeaderSize);
  if (!has_magic(bytes)) return fail(ErrorCode::kDamaged, "not a pith stream");
  if (crc32c(bytes.first(16)) != u32_at(bytes, 16)) {
    return fail(ErrorCode::kDamaged, "the stream header is damaged");
  }
  ByteReader reader(bytes.subspan(kMagic.size()));
  StreamHeader header;
  header.version = reader.u8();
  header.required_features = reader.u8();
  header.block_log = reader.u8();
  header.memory_log = reader.u8();
  header.salt = reader.u32();
  if (header.version > kContainerVersion) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("needs container version {}; this program reads version {}",
                            header.version, kContainerVersion));
  }
  if ((header.required_features & ~kKnownFeatures) != 0) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("needs container features {:#04x} that this program lacks",
                            header.required_features & ~kKnownFeatures));
  }
  if (header.version == 0 || header.block_log < kMinBlockLog || header.block_log > kMaxBlockLog ||
      header.memory_log > kMaxMemoryLog) {
    return fail(ErrorCode::kDamaged, "the stream header holds values out of range");
  }
  return header;
}

void FrameHeader::write(ByteBuffer& out, uint32_t salt) const {
  const size_t start = out.size();
  ByteWriter writer(out);
  writer.bytes(kFrameSync);
  writer.u8(static_cast<uint8_t>(kind));
  writer.u8(segment_type);
  writer.u16(codec);
  writer.u32(raw_size);
  writer.u32(payload_size);
  writer.u64(raw_offset);
  writer.u64(raw_hash);
  writer.u32(memory_kib);
  write_check(out, start, salt);
}

bool FrameHeader::has_sync(ByteView bytes) { return starts_with(bytes, kFrameSync); }

uint32_t FrameHeader::implied_salt(ByteView bytes) {
  return crc32c(bytes.first(kHeaderCheckAt)) ^ u32_at(bytes, kHeaderCheckAt);
}

std::optional<FrameHeader> FrameHeader::parse(ByteView bytes, uint32_t salt) {
  assert(bytes.size() == kFrameHeaderSize);
  if (!has_sync(bytes) || implied_salt(bytes) != salt) return std::nullopt;
  ByteReader reader(bytes.subspan(kFrameSync.size()));
  FrameHeader header;
  header.kind = static_cast<FrameKind>(reader.u8());
  header.segment_type = reader.u8();
  header.codec = reader.u16();
  header.raw_size = reader.u32();
  header.payload_size = reader.u32();
  header.raw_offset = reader.u64();
  header.raw_hash = reader.u64();
  header.memory_kib = reader.u32();
  return header;
}

Result<void> FrameHeader::validate(const StreamHeader& stream) const {
  const auto number = static_cast<uint8_t>(kind);
  if (number == 0) return fail(ErrorCode::kDamaged, "a frame has kind 0");
  if (number > static_cast<uint8_t>(FrameKind::kParity) && kind < FrameKind::kFirstSkippable) {
    return fail(ErrorCode::kUnsupported,
                fmt::format("needs frames of kind {}, which this program lacks", number));
  }
  if (is_data()) {
    if (raw_size == 0 || raw_size > stream.max_block()) {
      return fail(ErrorCode::kDamaged, "a block has a size out of range");
    }
    if (payload_size > raw_size) {
      return fail(ErrorCode::kDamaged, "a block's payload is larger than the block");
    }
    if (memory_kib > stream.max_memory_kib()) {
      return fail(ErrorCode::kDamaged, "a block declares more memory than its stream");
    }
    return {};
  }
  if (codec != 0 || segment_type != 0 || memory_kib != 0 || raw_size != payload_size) {
    return fail(ErrorCode::kDamaged, "a frame that is not data has fields of a block");
  }
  if (kind == FrameKind::kMetadata && payload_size > kMaxMetadata) {
    return fail(ErrorCode::kDamaged, "a metadata frame is larger than 1 MiB");
  }
  return {};
}

void Trailer::write(ByteBuffer& out, uint32_t salt) const {
  const size_t start = out.size();
  ByteWriter writer(out);
  writer.bytes(kTrailerSync);
  writer.u32(index_size);
  writer.u64(raw_size);
  writer.u64(content.low);
  writer.u64(content.high);
  writer.u64(stream_size);
  write_check(out, start, salt);
  writer.bytes(kTrailerEnd);
}

bool Trailer::has_sync(ByteView bytes) { return starts_with(bytes, kTrailerSync); }

std::optional<Trailer> Trailer::parse(ByteView bytes, uint32_t salt) {
  assert(bytes.size() == kTrailerSize);
  if (!has_sync(bytes) || !equal(bytes.last(4), kTrailerEnd) ||
      (crc32c(bytes.first(kTrailerCheckAt)) ^ salt) != u32_at(bytes, kTrailerCheckAt)) {
    return std::nullopt;
  }
  ByteReader reader(bytes.subspan(kTrailerSync.size()));
  Trailer trailer;
  trailer.index_size = reader.u32();
  trailer.raw_size = reader.u64();
  trailer.content.low = reader.u64();
  trailer.content.high = reader.u64();
  trailer.stream_size = reader.u64();
  return trailer;
}

IndexEntry IndexEntry::of(const FrameHeader& header) {
  return {.payload_size = header.payload_size,
          .raw_size = header.is_data() ? header.raw_size : 0,
          .codec = header.codec,
          .segment_type = header.segment_type,
          .raw_hash = header.raw_hash};
}

ByteBuffer write_index(const std::vector<IndexEntry>& entries) {
  ByteBuffer out;
  out.reserve(entries.size() * kIndexEntrySize);
  ByteWriter writer(out);
  for (const IndexEntry& entry : entries) {
    writer.u32(entry.payload_size);
    writer.u32(entry.raw_size);
    writer.u16(entry.codec);
    writer.u8(entry.segment_type);
    writer.u8(0);
    writer.u64(entry.raw_hash);
  }
  return out;
}

Result<std::vector<IndexEntry>> parse_index(ByteView payload) {
  if (payload.size() % kIndexEntrySize != 0) {
    return fail(ErrorCode::kDamaged, "the index has a size that no index has");
  }
  std::vector<IndexEntry> entries(payload.size() / kIndexEntrySize);
  ByteReader reader(payload);
  for (IndexEntry& entry : entries) {
    entry.payload_size = reader.u32();
    entry.raw_size = reader.u32();
    entry.codec = reader.u16();
    entry.segment_type = reader.u8();
    if (reader.u8() != 0) return fail(ErrorCode::kDamaged, "an index entry is malformed");
    entry.raw_hash = reader.u64();
  }
  return entries;
}

FrameHeader plain_frame_header(FrameKind kind, ByteView payload, uint64_t raw_offset) {
  const auto size = checked_cast<uint32_t>(payload.size());
  return {.kind = kind,
          .raw_size = size,
          .payload_size = size,
          .raw_offset = raw_offset,
          .raw_hash = xxh3_64(payload)};
}

void write_frame(const FrameHeader& header, ByteView payload, uint32_t salt, ByteBuffer& out) {
  assert(header.payload_size == payload.size());
  header.write(out, salt);
  ByteWriter writer(out);
  writer.bytes(payload);
  writer.u32(crc32c(payload));
}

void write_stream_tail(const std::vector<IndexEntry>& entries, uint64_t raw_size,
                       const Hash128& content, uint64_t size_so_far, uint32_t salt,
                       ByteBuffer& out) {
  const size_t start = out.size();
  Trailer trailer{.raw_size = raw_size, .content = content};
  const auto blocks = std::count_if(entries.begin(), entries.end(),
                                    [](const IndexEntry& entry) { return entry.raw_size != 0; });
  if (blocks >= 2) {
    const ByteBuffer index = write_index(entries);
    write_frame(plain_frame_header(FrameKind::kIndex, index, raw_size), index, salt, out);
    trailer.index_size = checked_cast<uint32_t>(out.size() - start);
  }
  trailer.stream_size = size_so_far + (out.size() - start) + kTrailerSize;
  trailer.write(out, salt);
}

}  // namespace pith

// The records of the container, one struct each: sizes, fields, writing and parsing.
// The layout is docs/format.md; the numbers here are those of its byte tables.
// All integers are little-endian.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/checksum.h"
#include "base/result.h"

namespace pith {

inline constexpr uint8_t kContainerVersion = 1;
inline constexpr size_t kStreamHeaderSize = 20;
inline constexpr size_t kFrameHeaderSize = 40;
inline constexpr size_t kPayloadCheckSize = 4;
inline constexpr size_t kFrameOverhead = kFrameHeaderSize + kPayloadCheckSize;
inline constexpr size_t kTrailerSize = 48;
inline constexpr size_t kIndexEntrySize = 20;

// Features that a reader must know, bits of byte 9 of a stream header.
inline constexpr uint8_t kFeatureBase = 1;  // blocks are coded against a base (base_file.h)
inline constexpr uint8_t kKnownFeatures = kFeatureBase;

inline constexpr int kMinBlockLog = 12;
inline constexpr int kMaxBlockLog = 30;
inline constexpr int kMaxMemoryLog = 26;  // of KiB
inline constexpr size_t kMaxMetadata = size_t{1} << 20;

inline constexpr std::array<std::byte, 8> kMagic = {
    std::byte{0x89}, std::byte{0x50}, std::byte{0x54}, std::byte{0x48},
    std::byte{0x0D}, std::byte{0x0A}, std::byte{0x1A}, std::byte{0x0A}};
inline constexpr std::array<std::byte, 4> kFrameSync = {std::byte{0xF5}, std::byte{0x50},
                                                        std::byte{0x54}, std::byte{0x42}};
inline constexpr std::array<std::byte, 4> kTrailerSync = {std::byte{0xF5}, std::byte{0x50},
                                                          std::byte{0x54}, std::byte{0x45}};
inline constexpr std::array<std::byte, 4> kTrailerEnd = {std::byte{0x48}, std::byte{0x54},
                                                         std::byte{0x50}, std::byte{0x89}};

enum class FrameKind : uint8_t {
  kData = 1,
  kMetadata = 2,
  kIndex = 3,
  kCodecTable = 4,
  kParity = 5,
  kFirstSkippable = 128,
};

struct StreamHeader {
  uint8_t version = kContainerVersion;
  uint8_t required_features = 0;
  uint8_t block_log = kMinBlockLog;  // log2 of the largest raw block, 12..30
  uint8_t memory_log = 0;            // log2 of the largest block decode memory in KiB, 0..26
  uint32_t salt = 0;                 // low half of the first block's XXH3-64; 0 if there is none

  bool needs_base() const { return (required_features & kFeatureBase) != 0; }
  uint64_t max_block() const { return uint64_t{1} << block_log; }
  uint64_t max_memory_kib() const { return uint64_t{1} << memory_log; }

  void write(ByteBuffer& out) const;
  // True if the eight bytes of the magic are there.
  static bool has_magic(ByteView bytes);
  // From exactly kStreamHeaderSize bytes. kUnsupported for a version or feature of the future.
  static Result<StreamHeader> parse(ByteView bytes);
};

struct FrameHeader {
  FrameKind kind = FrameKind::kData;
  uint8_t segment_type = 0;
  uint16_t codec = 0;
  uint32_t raw_size = 0;
  uint32_t payload_size = 0;
  uint64_t raw_offset = 0;  // in the stream
  uint64_t raw_hash = 0;    // XXH3-64
  uint32_t memory_kib = 0;  // that decoding takes

  bool is_data() const { return kind == FrameKind::kData; }
  uint64_t frame_size() const { return kFrameOverhead + uint64_t{payload_size}; }
  bool operator==(const FrameHeader&) const = default;

  void write(ByteBuffer& out, uint32_t salt) const;
  static bool has_sync(ByteView bytes);
  // From exactly kFrameHeaderSize bytes; nothing if the sync mark or the check is wrong.
  static std::optional<FrameHeader> parse(ByteView bytes, uint32_t salt);
  // The salt under which these bytes would be a valid header.
  static uint32_t implied_salt(ByteView bytes);
  // The rules that hold for a single frame of a stream with this header.
  Result<void> validate(const StreamHeader& stream) const;
};

struct Trailer {
  uint32_t index_size = 0;  // whole index frame; 0 if there is none
  uint64_t raw_size = 0;
  Hash128 content{};
  uint64_t stream_size = 0;  // magic to end of trailer

  void write(ByteBuffer& out, uint32_t salt) const;
  static bool has_sync(ByteView bytes);
  // From exactly kTrailerSize bytes; nothing if a mark or the check is wrong.
  static std::optional<Trailer> parse(ByteView bytes, uint32_t salt);
};

// One frame as the index frame records it.
struct IndexEntry {
  uint32_t payload_size = 0;
  uint32_t raw_size = 0;  // 0 if not a data frame
  uint16_t codec = 0;
  uint8_t segment_type = 0;
  uint64_t raw_hash = 0;

  static IndexEntry of(const FrameHeader& header);
  bool operator==(const IndexEntry&) const = default;
};

// The payload of an index frame.
ByteBuffer write_index(const std::vector<IndexEntry>& entries);
Result<std::vector<IndexEntry>> parse_index(ByteView payload);

// A frame that is not data: codec 0, type 0, memory 0, hash of its own payload.
FrameHeader plain_frame_header(FrameKind kind, ByteView payload, uint64_t raw_offset);

// Bytes of a complete frame: header, payload, check.
void write_frame(const FrameHeader& header, ByteView payload, uint32_t salt, ByteBuffer& out);

// What ends a stream: the index frame, if there are two data frames or more, and the trailer.
// `size_so_far`: bytes of the stream before them.
void write_stream_tail(const std::vector<IndexEntry>& entries, uint64_t raw_size,
                       const Hash128& content, uint64_t size_so_far, uint32_t salt,
                       ByteBuffer& out);

}  // namespace pith

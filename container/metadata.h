// Metadata frames (kind 2): records of tag, flags, length and value (docs/format.md, "Metadata").
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/checksum.h"
#include "base/result.h"

namespace pith {

enum class MetadataTag : uint16_t {
  kName = 1,       // UTF-8 or whatever bytes the file's name has, no directory
  kModified = 2,   // i64 nanoseconds since 1970-01-01 UTC
  kMode = 3,       // u32 permission bits
  kXattrs = 4,     // pairs of u16 name size, name, u32 value size, value
  kSha256 = 5,     // 32 bytes, of the whole raw content
  kEncoder = 6,    // text: program and version
  kLossy = 7,      // the lossy declaration
  kBase = 8,       // the file that the stream is coded against
  kUnordered = 9,  // points lie in another order than in the original
};

struct MetadataRecord {
  uint16_t tag = 0;
  uint16_t flags = 0;  // reserved: written 0, ignored when read
  ByteBuffer value;
};

// What a stream with any lossy block must carry.
struct LossyDeclaration {
  uint16_t codec = 0;
  uint8_t bound_kind = 0;       // 1 absolute error, 2 relative error, 3 PSNR in dB
  double bound = 0;             // as requested
  double measured_maximum = 0;  // largest absolute error found by comparing after decoding

  ByteBuffer to_value() const;
  static Result<LossyDeclaration> from_value(ByteView value);
};

// What a stream must carry in which points were put into another order.
struct UnorderedDeclaration {
  uint64_t points = 0;  // of the blocks with another order

  MetadataRecord to_record() const;
  static Result<UnorderedDeclaration> from_value(ByteView value);
};

// What a stream that is coded against a base tells of it: of its content, if it is a .pith file.
struct BaseIdentity {
  uint64_t size = 0;
  Hash128 content{};
  bool operator==(const BaseIdentity&) const = default;

  MetadataRecord to_record() const;
  // The last one among the records; nothing if there is none.
  static Result<std::optional<BaseIdentity>> find(const std::vector<MetadataRecord>& records);
};

ByteBuffer write_metadata(const std::vector<MetadataRecord>& records);
Result<std::vector<MetadataRecord>> parse_metadata(ByteView payload);

// A record of the codec table frame (kind 4): names a codec that not every program knows.
struct CodecTableEntry {
  uint16_t codec = 0;
  uint8_t since_major = 0;  // first pith version that decodes it
  uint8_t since_minor = 0;
  std::string name;
};
ByteBuffer write_codec_table(const std::vector<CodecTableEntry>& entries);
Result<std::vector<CodecTableEntry>> parse_codec_table(ByteView payload);

}  // namespace pith

// The control part of a payload: which of the block's bytes are copied and which are made again by
// the deflate encoder, in order (docs/codecs/deflated.md, "Control").
#pragma once

#include <variant>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/result.h"
#include "codecs/deflated/deflate_parameters.h"

namespace pith::deflated {

// Bounds for both sides. Streams that do not fit in are copied.
inline constexpr size_t kMaxControl = size_t{1} << 20;
inline constexpr size_t kMaxWrapper = 4096;  // bytes of a header, and of a trailer

// What follows a deflate stream. The two checks are those of its content.
enum class Trailer : uint8_t {
  kBytes = 0,  // given as they are
  kGzip = 1,   // CRC-32 and size modulo 2^32, both little-endian (RFC 1952)
  kZlib = 2,   // Adler-32, big-endian (RFC 1950)
};

// Bytes of the content that are part of the block as they are.
struct CopiedRun {
  uint32_t size = 0;
};

// Bytes of the content that a deflate stream was inflated to.
struct StreamRun {
  EncoderParameters parameters;
  uint32_t inflated_size = 0;
  Trailer trailer = Trailer::kBytes;
  ByteView header_bytes;
  ByteView trailer_bytes;  // if trailer is kBytes
};

using Run = std::variant<CopiedRun, StreamRun>;

void write_run(const Run& run, ByteBuffer& out);
Result<Run> read_run(ByteReader& reader);

}  // namespace pith::deflated

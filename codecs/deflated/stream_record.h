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

// The content may be in several lanes, each of which the runs use up from front to back: so what
// belongs together lies together, in whatever order the block has it.
using Lane = uint16_t;
inline constexpr size_t kMaxLanes = 4096;

// Bytes of the content that are part of the block as they are.
struct CopiedRun {
  Lane lane = 0;
  uint32_t size = 0;
};

// Bytes in the middle of a stream, before its byte number `distance`, counted from the gap before.
struct StreamGap {
  uint32_t distance = 0;
  // The gap is the end of a chunk of PNG and the head of the next: the CRC-32 of "IDAT" and the
  // stream's bytes since the gap before, `next_size`, and "IDAT"; the numbers big-endian.
  bool png = false;
  uint32_t next_size = 0;
  ByteView bytes{};  // if not `png`
};
void write_gap(const StreamGap& gap, ByteBuffer& out);
// `reader` fails if there is no such gap.
StreamGap read_gap(ByteReader& reader);
inline constexpr size_t kPngGapSize = 12;
inline constexpr size_t kMaxGap = 65535;

// Bytes of the content that a deflate stream was inflated to.
struct StreamRun {
  Lane lane = 0;
  EncoderParameters parameters{};
  uint32_t inflated_size = 0;
  Trailer trailer = Trailer::kBytes;
  ByteView header_bytes{};
  ByteView trailer_bytes{};  // if trailer is kBytes
  ByteView gaps{};           // as write_gap() makes them, one after the other
};

using Run = std::variant<CopiedRun, StreamRun>;

void write_run(const Run& run, ByteBuffer& out);
// At least the size of what write_run() appends.
size_t record_bound(const Run& run);
// `plain`: neither lanes nor gaps are allowed.
Result<Run> read_run(ByteReader& reader, bool plain);

Lane lane_of(const Run& run);
// Bytes of content that it takes.
uint32_t content_size(const Run& run);
// True if it can only be written to a payload of version 2.
bool is_extended(const Run& run);

}  // namespace pith::deflated

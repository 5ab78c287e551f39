// Streams whose checks are right and whose content is arbitrary: what lies behind the CRCs.
// Input: for each frame kind, codec, segment type, sizes and payload; then the trailer's fields.
#include "base/sink.h"
#include "base/source.h"
#include "container/catalog.h"
#include "container/decompressor.h"
#include "container/range.h"
#include "container/recover.h"
#include "container/reindex.h"
#include "tests/fuzz/fuzz_input.h"

namespace {

constexpr uint64_t kMemory = uint64_t{64} << 20;

uint32_t small_or_huge(pith::fuzz::FuzzInput& input) {
  const size_t way = input.number(15);
  if (way < 14) return static_cast<uint32_t>(input.number(255) * (way + 1));
  return way == 14 ? 0xFFFFFFFF : 1U << input.number(31);
}

pith::ByteBuffer build(pith::fuzz::FuzzInput& input) {
  using namespace pith;
  ByteBuffer out;
  const auto salt = static_cast<uint32_t>(input.number(1));
  StreamHeader{.block_log = static_cast<uint8_t>(12 + input.number(18)),
               .memory_log = static_cast<uint8_t>(input.number(26)),
               .salt = salt}
      .write(out);
  std::vector<IndexEntry> entries;
  uint64_t raw_offset = 0;
  const size_t frames = input.number(6);
  for (size_t i = 0; i < frames; ++i) {
    FrameHeader header;
    header.kind = static_cast<FrameKind>(input.number(3) == 0 ? input.number(255) : 1);
    const size_t payload_size = std::min(input.number(200), input.rest().size());
    const ByteView payload = input.rest().first(payload_size);
    header.payload_size = static_cast<uint32_t>(payload_size);
    header.raw_size = header.payload_size;
    header.raw_hash = xxh3_64(payload);
    header.raw_offset = raw_offset;
    if (header.is_data()) {
      header.codec = static_cast<uint16_t>(input.number(3));
      header.memory_kib = small_or_huge(input);
      if (header.codec != 0) header.raw_size = small_or_huge(input);
      if (input.number(15) == 0) header.raw_offset = small_or_huge(input);
      raw_offset += header.raw_size;
    }
    write_frame(header, payload, salt, out);
    entries.push_back(IndexEntry::of(header));
    for (size_t used = 0; used < payload_size; ++used) input.number(0);
  }
  if (input.number(3) == 0) {
    const ByteBuffer index = write_index(entries);
    write_frame(plain_frame_header(FrameKind::kIndex, index, raw_offset), index, salt, out);
  }
  if (input.number(3) == 0) {
    Trailer{.index_size = small_or_huge(input),
            .raw_size = small_or_huge(input),
            .stream_size = input.number(1) == 0 ? out.size() + kTrailerSize : small_or_huge(input)}
        .write(out, salt);
  } else {
    write_stream_tail(entries, raw_offset, {}, out.size(), salt, out);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pith;
  fuzz::FuzzInput input(data, size);
  const ByteBuffer bytes = build(input);
  MemorySource source(bytes);
  NullSink sink;
  DecompressOptions options;
  options.memory_limit = kMemory;
  options.max_output = kMemory;
  (void)decompress(source, sink, options);
  const MemoryRandomAccess file(bytes);
  if (const auto catalog = read_catalog(file)) {
    for (const StreamInfo& stream : catalog->streams) {
      const auto frames = read_frames(file, stream);
      if (!frames) continue;
      (void)check_codecs(file, stream, *frames);
      (void)read_stream_metadata(file, stream, *frames);
    }
    (void)restore_range(file, input.number(255), kMemory, kMemory, sink);
  }
  (void)reindex(file, kMemory, sink);
  RecoverOptions recovering;
  recovering.threads = 1;
  recovering.memory_limit = kMemory;
  recovering.fill_holes = false;
  (void)recover(bytes, sink, recovering);
  return 0;
}

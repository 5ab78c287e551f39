#include "container/range.h"

#include <fmt/format.h>

#include <algorithm>

#include "container/block.h"
#include "container/catalog.h"

namespace pith {
namespace {

struct Wanted {
  uint64_t begin;
  uint64_t end;  // in the content of the file
};

Result<void> restore_from_stream(const RandomAccess& file, const StreamInfo& stream,
                                 const Wanted& wanted, uint64_t memory_limit, Sink& sink,
                                 CodecScratch& scratch, RangeResult& result) {
  PITH_TRY(check_decode_memory(stream.header, memory_limit));
  PITH_ASSIGN(const auto frames, read_frames(file, stream));
  // The first frame that ends behind the range's begin.
  auto frame = std::partition_point(frames.begin(), frames.end(), [&](const FrameInfo& f) {
    return stream.raw_offset + f.raw_offset + f.entry.raw_size <= wanted.begin;
  });
  for (; frame != frames.end(); ++frame) {
    const uint64_t start = stream.raw_offset + frame->raw_offset;
    if (start >= wanted.end) break;
    if (!frame->is_data()) continue;
    PITH_ASSIGN(const FrameHeader header, read_frame_header(file, stream, *frame));
    PITH_ASSIGN(const ByteBuffer payload, read_payload(file, *frame));
    PITH_ASSIGN(const ByteBuffer raw, decode_block(header, payload, scratch));
    const uint64_t from = std::max(wanted.begin, start) - start;
    const uint64_t to = std::min<uint64_t>(wanted.end - start, raw.size());
    PITH_TRY(sink.write(ByteView(raw).subspan(from, to - from)));
    result.bytes += to - from;
    ++result.blocks;
  }
  return {};
}

}  // namespace

Result<void> check_decode_memory(const StreamHeader& stream, uint64_t memory_limit) {
  const uint64_t memory = stream.max_memory_kib() * 1024 + 2 * stream.max_block();
  if (memory <= memory_limit) return {};
  return fail(ErrorCode::kLimit,
              fmt::format("decoding needs {} MiB of memory; the limit is {} MiB (--memlimit)",
                          (memory >> 20) + 1, memory_limit >> 20));
}

Result<RangeResult> restore_range(const RandomAccess& file, uint64_t offset, uint64_t length,
                                  uint64_t memory_limit, Sink& sink, const BaseFile* base) {
  PITH_ASSIGN(const Catalog catalog, read_catalog(file));
  PITH_TRY(check_base(file, catalog, base));
  const uint64_t begin = std::min(offset, catalog.raw_size);
  const Wanted wanted{.begin = begin, .end = begin + std::min(length, catalog.raw_size - begin)};
  RangeResult result;
  CodecScratch scratch(content_of(base));
  for (const StreamInfo& stream : catalog.streams) {
    const uint64_t stream_end = stream.raw_offset + stream.trailer.raw_size;
    if (stream_end <= wanted.begin || stream.raw_offset >= wanted.end) continue;
    PITH_TRY(restore_from_stream(file, stream, wanted, memory_limit, sink, scratch, result));
  }
  return result;
}

}  // namespace pith

#include "codecs/deflated/block_encoder.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>
#include <numeric>

#include "codecs/deflated/content_check.h"
#include "codecs/deflated/lzf_stream.h"

namespace pith::deflated {
namespace {

// Largest record of a stream, and of the copied bytes before and behind it.
constexpr size_t kMaxRecord = 2 * kMaxWrapper + 64;

struct StreamParts {
  ByteView header;
  ByteView deflate;
  ByteView trailer;
};

// The parts of a deflated segment; nothing if the layout contradicts the bytes or the bounds.
std::optional<StreamParts> split_stream(ByteView bytes, const DeflateLayout& layout) {
  const uint64_t wrapper = uint64_t{layout.header_size} + layout.trailer_size;
  if (wrapper > bytes.size() || layout.header_size > kMaxWrapper ||
      layout.trailer_size > kMaxWrapper) {
    return std::nullopt;
  }
  const size_t deflate_size = bytes.size() - static_cast<size_t>(wrapper);
  return StreamParts{.header = bytes.first(layout.header_size),
                     .deflate = bytes.subspan(layout.header_size, deflate_size),
                     .trailer = bytes.last(layout.trailer_size)};
}

Bytef* zlib_bytes(const std::byte* bytes) {
  return reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes));  // zlib does not write to input
}

// True if `deflate` inflates to exactly `out.size()` bytes and ends there.
bool inflate_exactly(ByteView deflate, MutableBytes out) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  std::byte none{};  // zlib wants a place even for nothing
  stream.next_in = zlib_bytes(deflate.data());
  stream.avail_in = checked_cast<uInt>(deflate.size());
  stream.next_out = zlib_bytes(out.empty() ? &none : out.data());
  stream.avail_out = checked_cast<uInt>(out.size());
  const int status = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  if (status == Z_MEM_ERROR) throw std::bad_alloc();
  return status == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0;
}

// Nothing unless the stream has no wrapper and the LZF encoder makes it again.
std::optional<EncoderParameters> find_lzf_parameters(const StreamParts& parts,
                                                     MutableBytes content) {
  if (!parts.header.empty() || !parts.trailer.empty()) return std::nullopt;
  if (!expand_lzf(parts.deflate, content)) return std::nullopt;
  const auto bits = find_lzf_hash_bits(parts.deflate, content);
  if (!bits) return std::nullopt;
  return EncoderParameters{.encoder = Encoder::kLzf,
                           .strategy = Strategy::kDefault,
                           .level = 1,
                           .memory_level = static_cast<uint8_t>(*bits - 7),
                           .window_bits = 13};
}

Trailer trailer_kind(ByteView trailer, ByteView content) {
  for (const Trailer kind : {Trailer::kGzip, Trailer::kZlib}) {
    ContentCheck check(kind);
    check.update(content);
    ByteBuffer expected;
    check.write_trailer(expected);
    if (equal(expected, trailer)) return kind;
  }
  return Trailer::kBytes;
}

uint64_t total_size(std::span<const Segment> segments) {
  return std::accumulate(segments.begin(), segments.end(), uint64_t{0},
                         [](uint64_t sum, const Segment& segment) { return sum + segment.size; });
}

}  // namespace

bool BlockEncoder::take_apart(const BlockView& block) {
  uint64_t inflated = 0;
  for (const Segment& segment : block.segments) {
    if (segment.layout.deflate != nullptr) inflated += segment.layout.deflate->inflated_size;
  }
  content_.reserve(block.bytes.size() +
                   static_cast<size_t>(std::min<uint64_t>(inflated, kMaxInflated)));
  ByteView left = block.bytes;
  bool found = false;
  for (const Segment& segment : block.segments) {
    const ByteView bytes = left.first(static_cast<size_t>(segment.size));
    left = left.subspan(bytes.size());
    const DeflateLayout* layout = segment.layout.deflate.get();
    if (layout != nullptr && add_stream(bytes, *layout)) {
      found = true;
    } else {
      copy(bytes, segment);
    }
  }
  end_copied_run();
  return found;
}

void BlockEncoder::copy(ByteView bytes, const Segment& segment) {
  append(content_, bytes);
  copied_ += checked_cast<uint32_t>(bytes.size());
  Segment copied = segment;
  if (copied.type == SegmentType::kDeflated) {
    copied = {.size = segment.size, .type = SegmentType::kCompressed, .layout = {}};
  }
  segments_.push_back(std::move(copied));
}

void BlockEncoder::end_copied_run() {
  if (copied_ > 0) write_run(CopiedRun{.size = copied_}, control_);
  copied_ = 0;
}

bool BlockEncoder::add_stream(ByteView bytes, const DeflateLayout& layout) {
  const auto parts = split_stream(bytes, layout);
  if (!parts || layout.inflated_size > kMaxInflated - inflated_) return false;
  if (control_.size() + kMaxRecord > kMaxControl) return false;
  const auto size = static_cast<size_t>(layout.inflated_size);
  const size_t before = content_.size();
  content_.resize(before + size);
  const auto inflated = MutableBytes(content_).subspan(before);
  std::optional<EncoderParameters> parameters;
  if (layout.method == StreamMethod::kLzf) {
    parameters = find_lzf_parameters(*parts, inflated);
  } else if (inflate_exactly(parts->deflate, inflated)) {
    EncoderHints hints = hints_from_header(parts->header);
    hints.likely = last_parameters_;
    parameters = find_parameters(parts->deflate, inflated, hints, state_);
  }
  if (!parameters) {
    content_.resize(before);
    return false;
  }
  if (layout.method == StreamMethod::kDeflate) last_parameters_ = parameters;
  inflated_ += size;
  end_copied_run();
  write_run(StreamRun{.parameters = *parameters,
                      .inflated_size = checked_cast<uint32_t>(size),
                      .trailer = trailer_kind(parts->trailer, inflated),
                      .header_bytes = parts->header,
                      .trailer_bytes = parts->trailer},
            control_);
  if (total_size(layout.content) == size) {
    segments_.insert(segments_.end(), layout.content.begin(), layout.content.end());
  } else {
    segments_.push_back({.size = size, .type = SegmentType::kBytes, .layout = {}});
  }
  return true;
}

Result<EncodeOutcome> BlockEncoder::write(const EncodeOptions& options, size_t limit,
                                          ByteBuffer& out, uint64_t& decode_memory,
                                          CodecScratch& scratch) const {
  out.push_back(std::byte{kEncoderVersion});
  const Segment control_segment{.size = control_.size(), .type = SegmentType::kBytes, .layout = {}};
  const BlockView control{
      .bytes = control_, .segments = {&control_segment, 1}, .type = SegmentType::kBytes};
  PITH_ASSIGN(const InnerMemory control_memory, write_inner_block(control, options, scratch, out));
  uint64_t largest = 0;
  const ContentCut blocks(content_, segments_, max_inner_block(options.level));
  for (size_t i = 0; i < blocks.size() && out.size() <= limit; ++i) {
    PITH_ASSIGN(const InnerMemory memory, write_inner_block(blocks[i], options, scratch, out));
    largest = std::max(largest, memory.raw + memory.codec);
  }
  if (out.size() > limit) return EncodeOutcome::kDeclined;
  decode_memory = control_memory.raw + std::max(control_memory.codec, kEncoderMemory + largest);
  return EncodeOutcome::kEncoded;
}

}  // namespace pith::deflated

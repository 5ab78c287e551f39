#include "container/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "base/byte_reader.h"
#include "codecs/registry.h"
#include "container/reader.h"

namespace pith {
namespace {

Error damaged(std::string message) { return {ErrorCode::kDamaged, std::move(message)}; }

// The stream that ends at `end`.
Result<StreamInfo> read_stream_before(const RandomAccess& file, uint64_t end) {
  std::array<std::byte, kTrailerSize> trailer_bytes{};
  if (end < kStreamHeaderSize + kTrailerSize)
    return tl::unexpected(damaged("the file is cut short"));
  PITH_TRY(file.read_at(end - kTrailerSize, trailer_bytes));
  if (!Trailer::has_sync(trailer_bytes)) {
    return tl::unexpected(damaged("the file is cut short, or its trailer is damaged"));
  }
  ByteReader size_reader(ByteView(trailer_bytes).subspan(32, 8));  // not checked yet
  const uint64_t size = size_reader.u64();
  if (size > end || size < kStreamHeaderSize + kTrailerSize) {
    return tl::unexpected(damaged("the trailer is damaged"));
  }
  StreamInfo stream{.file_offset = end - size};
  std::array<std::byte, kStreamHeaderSize> header_bytes{};
  PITH_TRY(file.read_at(stream.file_offset, header_bytes));
  PITH_ASSIGN(stream.header, StreamHeader::parse(header_bytes));
  const auto trailer = Trailer::parse(trailer_bytes, stream.header.salt);
  if (!trailer) return tl::unexpected(damaged("the trailer is damaged"));
  stream.trailer = *trailer;
  return stream;
}

// Bytes of the NUL run at the end of the file, looking at most one byte past kMaxPadding.
Result<uint64_t> trailing_nuls(const RandomAccess& file) {
  std::array<std::byte, 1> last{};
  PITH_TRY(file.read_at(file.size() - 1, last));
  if (last[0] != std::byte{0}) return 0;  // as nearly always
  const uint64_t window = std::min<uint64_t>(file.size(), kMaxPadding + 1);
  ByteBuffer tail(window);
  PITH_TRY(file.read_at(file.size() - window, tail));
  uint64_t count = 0;
  while (count < window && tail[window - 1 - count] == std::byte{0}) ++count;
  return count;
}

Result<FrameHeader> parse_header_at(const RandomAccess& file, const StreamInfo& stream,
                                    uint64_t offset) {
  std::array<std::byte, kFrameHeaderSize> bytes{};
  PITH_TRY(file.read_at(offset, bytes));
  const auto header = FrameHeader::parse(bytes, stream.header.salt);
  if (!header) {
    return tl::unexpected(damaged(fmt::format("a frame header is damaged (at byte {})", offset)));
  }
  PITH_TRY(header->validate(stream.header));
  return *header;
}

Result<ByteBuffer> read_payload_at(const RandomAccess& file, uint64_t offset, uint32_t size) {
  if (offset > file.size() || size + uint64_t{kFrameOverhead} > file.size() - offset) {
    return tl::unexpected(damaged("a frame reaches past the end of the file"));
  }
  ByteBuffer payload(size_t{size} + kPayloadCheckSize);
  PITH_TRY(file.read_at(offset + kFrameHeaderSize, payload));
  const uint32_t check = ByteReader(ByteView(payload).subspan(size)).u32();
  payload.resize(size);
  if (crc32c(payload) != check) {
    return tl::unexpected(damaged(fmt::format("a payload is damaged (frame at byte {})", offset)));
  }
  return payload;
}

void place(std::vector<FrameInfo>& frames, uint64_t stream_offset) {
  uint64_t file_offset = stream_offset + kStreamHeaderSize;
  uint64_t raw_offset = 0;
  for (FrameInfo& frame : frames) {
    frame.file_offset = file_offset;
    frame.raw_offset = raw_offset;
    file_offset += kFrameOverhead + uint64_t{frame.entry.payload_size};
    raw_offset += frame.entry.raw_size;
  }
}

Result<std::vector<FrameInfo>> frames_from_index(const RandomAccess& file, const StreamInfo& stream,
                                                 uint64_t index_offset) {
  PITH_ASSIGN(const FrameHeader header, parse_header_at(file, stream, index_offset));
  if (header.kind != FrameKind::kIndex || header.frame_size() != stream.trailer.index_size) {
    return tl::unexpected(damaged("the index is not where the trailer says"));
  }
  PITH_ASSIGN(const ByteBuffer payload, read_payload_at(file, index_offset, header.payload_size));
  if (xxh3_64(payload) != header.raw_hash) return tl::unexpected(damaged("the index is damaged"));
  PITH_ASSIGN(const auto entries, parse_index(payload));
  std::vector<FrameInfo> frames;
  frames.reserve(entries.size());
  for (const IndexEntry& entry : entries) frames.push_back({.entry = entry});
  return frames;
}

Result<std::vector<FrameInfo>> frames_from_walk(const RandomAccess& file, const StreamInfo& stream,
                                                uint64_t end) {
  std::vector<FrameInfo> frames;
  for (uint64_t at = stream.file_offset + kStreamHeaderSize; at < end;) {
    PITH_ASSIGN(const FrameHeader header, parse_header_at(file, stream, at));
    frames.push_back({.entry = IndexEntry::of(header)});
    at += header.frame_size();
  }
  return frames;
}

// "3-5, 9"
std::string describe_ranges(const std::vector<uint64_t>& numbers) {
  std::string text;
  for (size_t i = 0; i < numbers.size();) {
    size_t j = i;
    while (j + 1 < numbers.size() && numbers[j + 1] == numbers[j] + 1) ++j;
    if (!text.empty()) text += ", ";
    text += i == j ? fmt::format("{}", numbers[i]) : fmt::format("{}-{}", numbers[i], numbers[j]);
    i = j + 1;
  }
  return text;
}

}  // namespace

Result<Catalog> read_catalog(const RandomAccess& file) {
  if (file.size() == 0) return fail(ErrorCode::kDamaged, "the file is empty: not a pith file");
  std::array<std::byte, kMagic.size()> magic{};
  if (file.size() < magic.size()) return fail(ErrorCode::kDamaged, "not a pith file");
  PITH_TRY(file.read_at(0, magic));
  if (!StreamHeader::has_magic(magic)) return fail(ErrorCode::kDamaged, "not a pith file");
  Catalog catalog;
  PITH_ASSIGN(const uint64_t nuls, trailing_nuls(file));
  if (nuls <= kMaxPadding) catalog.padding = nuls;
  for (uint64_t end = file.size() - catalog.padding; end > 0;) {
    PITH_ASSIGN(StreamInfo stream, read_stream_before(file, end));
    end = stream.file_offset;
    catalog.streams.push_back(stream);
  }
  std::reverse(catalog.streams.begin(), catalog.streams.end());
  for (StreamInfo& stream : catalog.streams) {
    stream.raw_offset = catalog.raw_size;
    if (stream.trailer.raw_size > UINT64_MAX - catalog.raw_size) {
      return tl::unexpected(damaged("the trailer holds a size out of range"));
    }
    catalog.raw_size += stream.trailer.raw_size;
  }
  return catalog;
}

Result<std::vector<FrameInfo>> read_frames(const RandomAccess& file, const StreamInfo& stream) {
  const uint64_t trailer_offset = stream.file_offset + stream.trailer.stream_size - kTrailerSize;
  const uint64_t room = stream.trailer.stream_size - kStreamHeaderSize - kTrailerSize;
  if (stream.trailer.index_size > room) return tl::unexpected(damaged("the index size is wrong"));
  const uint64_t end = trailer_offset - stream.trailer.index_size;
  PITH_ASSIGN(auto frames, stream.trailer.index_size > 0 ? frames_from_index(file, stream, end)
                                                         : frames_from_walk(file, stream, end));
  place(frames, stream.file_offset);
  const uint64_t frames_end = frames.empty() ? stream.file_offset + kStreamHeaderSize
                                             : frames.back().file_offset + kFrameOverhead +
                                                   frames.back().entry.payload_size;
  const uint64_t raw_end =
      frames.empty() ? 0 : frames.back().raw_offset + frames.back().entry.raw_size;
  if (frames_end != end || raw_end != stream.trailer.raw_size) {
    return tl::unexpected(damaged("the index does not match the stream"));
  }
  return frames;
}

Result<FrameHeader> read_frame_header(const RandomAccess& file, const StreamInfo& stream,
                                      const FrameInfo& frame) {
  PITH_ASSIGN(const FrameHeader header, parse_header_at(file, stream, frame.file_offset));
  if (IndexEntry::of(header) != frame.entry || header.raw_offset != frame.raw_offset) {
    return tl::unexpected(damaged("the index does not match a block"));
  }
  return header;
}

Result<ByteBuffer> read_payload(const RandomAccess& file, const FrameInfo& frame) {
  return read_payload_at(file, frame.file_offset, frame.entry.payload_size);
}

Result<std::vector<MetadataRecord>> read_stream_metadata(const RandomAccess& file,
                                                         const StreamInfo& stream,
                                                         const std::vector<FrameInfo>& frames) {
  std::vector<MetadataRecord> all;
  for (const FrameInfo& frame : frames) {
    if (frame.is_data()) continue;
    PITH_ASSIGN(const FrameHeader header, read_frame_header(file, stream, frame));
    if (header.kind != FrameKind::kMetadata) continue;
    PITH_ASSIGN(const ByteBuffer payload, read_payload(file, frame));
    PITH_ASSIGN(auto records, parse_metadata(payload));
    std::move(records.begin(), records.end(), std::back_inserter(all));
  }
  return all;
}

Result<void> check_codecs(const RandomAccess& file, const StreamInfo& stream,
                          const std::vector<FrameInfo>& frames) {
  std::map<uint16_t, std::vector<uint64_t>> unknown;  // codec → block numbers
  uint64_t blocks = 0;
  for (const FrameInfo& frame : frames) {
    if (!frame.is_data()) continue;
    if (find_codec(static_cast<CodecId>(frame.entry.codec)) == nullptr) {
      unknown[frame.entry.codec].push_back(blocks);
    }
    ++blocks;
  }
  if (unknown.empty()) return {};
  std::vector<CodecTableEntry> table;
  for (const FrameInfo& frame : frames) {
    if (frame.is_data()) continue;
    PITH_ASSIGN(const FrameHeader header, read_frame_header(file, stream, frame));
    if (header.kind != FrameKind::kCodecTable || header.payload_size > kMaxMetadata) continue;
    PITH_ASSIGN(const ByteBuffer payload, read_payload(file, frame));
    PITH_ASSIGN(table, parse_codec_table(payload));
  }
  std::string message;
  for (const auto& [codec, numbers] : unknown) {
    if (!message.empty()) message += "; ";
    message += fmt::format("{}; blocks {} of {}", describe_unknown_codec(codec, table),
                           describe_ranges(numbers), blocks);
  }
  return fail(ErrorCode::kUnsupported, std::move(message));
}

Result<void> check_base(const RandomAccess& file, const StreamInfo& stream,
                        const std::vector<FrameInfo>& frames, const BaseIdentity* given) {
  if (!stream.header.needs_base()) return {};
  PITH_ASSIGN(const auto records, read_stream_metadata(file, stream, frames));
  PITH_ASSIGN(const auto wanted, BaseIdentity::find(records));
  if (!wanted) return tl::unexpected(damaged("the stream does not say what its base is"));
  return check_base(*wanted, given);
}

}  // namespace pith

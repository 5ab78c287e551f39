#include "container/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/byte_reader.h"
#include "codecs/registry.h"

namespace pith {
namespace {

constexpr size_t kMarkSize = 4;

// Larger payloads are read in pieces, so that a header alone cannot take much memory.
constexpr size_t kReadPiece = size_t{1} << 20;

}  // namespace

Error StreamReader::damaged(const std::string& what) const {
  return {ErrorCode::kDamaged, fmt::format("{} (at byte {})", what, position_)};
}

Result<void> StreamReader::read_exactly(MutableBytes out) {
  PITH_ASSIGN(const size_t got, source_.read(out));
  position_ += got;
  if (got < out.size()) return tl::unexpected(damaged("the file is cut short"));
  return {};
}

Result<StreamEvent> StreamReader::next() {
  if (!in_stream_) return begin_stream();
  while (true) {
    std::array<std::byte, kMarkSize> mark{};
    PITH_TRY(read_exactly(mark));
    if (equal(mark, kTrailerSync)) return read_trailer(mark);
    if (!equal(mark, kFrameSync)) return tl::unexpected(damaged("a frame header is damaged"));
    // Index, parity and unknown skippable frames are checked and make no event.
    std::array<std::byte, kFrameHeaderSize> bytes{};
    std::copy(mark.begin(), mark.end(), bytes.begin());
    PITH_TRY(read_exactly(MutableBytes(bytes).subspan(kMarkSize)));
    const uint64_t frame_start = position_ - kFrameHeaderSize;
    const auto header = FrameHeader::parse(bytes, header_.salt);
    if (!header) return tl::unexpected(damaged("a frame header is damaged"));
    if (auto valid = header->validate(header_); !valid) {
      Error error = std::move(valid).error();
      error.message += fmt::format(" (at byte {})", frame_start);
      return tl::unexpected(std::move(error));
    }
    if (header->raw_offset != raw_offset_) {
      return tl::unexpected(damaged("a block is missing, repeated or out of order"));
    }
    if (index_size_ != 0) return tl::unexpected(damaged("a frame follows the index"));
    if (header->is_data() && !options_.unknown_codecs) PITH_TRY(check_codec(*header));
    if (header->is_data() && header_.needs_base() && !options_.any_base) PITH_TRY(check_base());

    if (header->kind == FrameKind::kParity || header->kind >= FrameKind::kFirstSkippable) {
      PITH_TRY(skip_frame(*header));
      continue;
    }
    if (header->kind == FrameKind::kIndex &&
        header->payload_size != entries_.size() * kIndexEntrySize) {
      return tl::unexpected(damaged("the index does not match the blocks"));
    }
    if (header->kind == FrameKind::kCodecTable && header->payload_size > kMaxMetadata) {
      return tl::unexpected(damaged("the codec table is larger than 1 MiB"));
    }

    DataFrame frame{.header = *header, .payload = {}, .file_offset = frame_start};
    if (buffers_ != nullptr) frame.payload = buffers_->take();
    PITH_TRY(read_payload(frame));
    if (header->is_data()) {
      frame.number = file_blocks_++;
      if (options_.check_payloads) {
        if (auto checked = check_payload(frame); !checked) {
          return tl::unexpected(block_error(frame, checked.error()));
        }
      }
      entries_.push_back(IndexEntry::of(*header));
      raw_offset_ += header->raw_size;
      return frame;
    }
    if (!check_payload(frame) || xxh3_64(frame.payload) != header->raw_hash) {
      return tl::unexpected(damaged("a frame that is not data is damaged"));
    }
    PITH_ASSIGN(auto event, other_frame(*header, frame.payload));
    if (event) return std::move(*event);
  }
}

Result<void> StreamReader::read_payload(DataFrame& frame) {
  const size_t size = frame.header.payload_size;
  frame.payload.reserve(std::min(size, kReadPiece));
  for (size_t done = 0; done < size;) {
    const size_t piece = std::min(std::max(kReadPiece, done), size - done);
    frame.payload.resize(done + piece);
    PITH_TRY(read_exactly(MutableBytes(frame.payload).subspan(done, piece)));
    done += piece;
  }
  std::array<std::byte, kPayloadCheckSize> check{};
  PITH_TRY(read_exactly(check));
  frame.payload_check = ByteReader(check).u32();
  return {};
}

Result<void> StreamReader::skip_frame(const FrameHeader& header) {
  ByteBuffer piece(std::min<size_t>(kReadPiece, header.payload_size));
  uint32_t crc = 0;
  for (size_t left = header.payload_size; left > 0;) {
    const auto part = MutableBytes(piece).first(std::min(piece.size(), left));
    PITH_TRY(read_exactly(part));
    crc = crc32c(part, crc);
    left -= part.size();
  }
  std::array<std::byte, kPayloadCheckSize> check{};
  PITH_TRY(read_exactly(check));
  if (ByteReader(check).u32() != crc) {
    return tl::unexpected(damaged("a frame that is not data is damaged"));
  }
  entries_.push_back(IndexEntry::of(header));
  return {};
}

Result<StreamEvent> StreamReader::begin_stream() {
  std::array<std::byte, kStreamHeaderSize> bytes{};
  PITH_ASSIGN(const size_t got, source_.read(bytes));
  position_ += got;
  const ByteView view = ByteView(bytes).first(got);
  if (got == 0 && any_stream_) return InputEnd{};
  if (got == 0) return fail(ErrorCode::kDamaged, "the file is empty: not a pith file");
  const bool magic = StreamHeader::has_magic(view);
  if (!magic && any_stream_) return read_trailing(view);
  if (!magic) {
    const size_t shared = std::min(got, kMagic.size());
    if (got < kMagic.size() && equal(view, ByteView(kMagic).first(shared))) {
      return tl::unexpected(damaged("the file is cut short"));
    }
    return fail(ErrorCode::kDamaged, "not a pith file");
  }
  if (got < bytes.size()) return tl::unexpected(damaged("the file is cut short"));
  PITH_ASSIGN(header_, StreamHeader::parse(bytes));
  in_stream_ = any_stream_ = true;
  stream_start_ = position_ - kStreamHeaderSize;
  raw_offset_ = index_size_ = 0;
  entries_.clear();
  codec_table_.clear();
  wanted_base_.reset();
  return StreamBegin{.header = header_, .file_offset = stream_start_};
}

Result<StreamEvent> StreamReader::read_trailing(ByteView first) {
  const uint64_t start = position_ - first.size();
  const auto all_nul = [](ByteView bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
  };
  uint64_t trailing = first.size();
  bool padding = all_nul(first);
  ByteBuffer piece(kMaxPadding);
  while (padding || options_.ignore_trailing) {
    PITH_ASSIGN(const size_t got, source_.read(piece));
    if (got == 0) break;
    trailing += got;
    padding = padding && all_nul(ByteView(piece).first(got)) && trailing <= kMaxPadding;
  }
  if (!padding && !options_.ignore_trailing) {
    return fail(ErrorCode::kDamaged, fmt::format("bytes that are no pith stream follow at byte {} "
                                                 "(--ignore-trailing accepts them)",
                                                 start));
  }
  position_ = start + trailing;
  return InputEnd{.trailing = trailing};
}

Result<StreamEvent> StreamReader::read_trailer(ByteView mark) {
  std::array<std::byte, kTrailerSize> bytes{};
  std::copy(mark.begin(), mark.end(), bytes.begin());
  PITH_TRY(read_exactly(MutableBytes(bytes).subspan(kMarkSize)));
  const auto trailer = Trailer::parse(bytes, header_.salt);
  if (!trailer) return tl::unexpected(damaged("the trailer is damaged"));
  if (trailer->raw_size != raw_offset_ || trailer->stream_size != position_ - stream_start_) {
    return tl::unexpected(damaged("a block is missing or repeated"));
  }
  if (trailer->index_size != index_size_) {
    return tl::unexpected(damaged("the index is missing or of a wrong size"));
  }
  in_stream_ = false;
  return StreamEnd{.trailer = *trailer};
}

Result<std::optional<StreamEvent>> StreamReader::other_frame(const FrameHeader& header,
                                                             ByteView payload) {
  if (header.kind == FrameKind::kIndex) {
    PITH_ASSIGN(const auto entries, parse_index(payload));
    if (entries != entries_) {
      return tl::unexpected(damaged("the index does not match the blocks"));
    }
    index_size_ = header.frame_size();
    return std::nullopt;
  }
  entries_.push_back(IndexEntry::of(header));
  if (header.kind == FrameKind::kMetadata) {
    PITH_ASSIGN(auto records, parse_metadata(payload));
    PITH_ASSIGN(const auto base, BaseIdentity::find(records));
    if (base) wanted_base_ = base;
    return StreamEvent(MetadataFrame{.records = std::move(records)});
  }
  if (header.kind == FrameKind::kCodecTable) {
    PITH_ASSIGN(codec_table_, parse_codec_table(payload));
  }
  return std::nullopt;
}

Result<void> StreamReader::check_codec(const FrameHeader& header) const {
  if (find_codec(static_cast<CodecId>(header.codec)) != nullptr) return {};
  return fail(ErrorCode::kUnsupported,
              fmt::format("{} (block {})", describe_unknown_codec(header.codec, codec_table_),
                          file_blocks_));
}

Result<void> StreamReader::check_base() {
  if (!wanted_base_) return tl::unexpected(damaged("the stream does not say what its base is"));
  return pith::check_base(*wanted_base_, options_.base);
}

Result<void> check_base(const BaseIdentity& wanted, const BaseIdentity* given) {
  if (given != nullptr && *given == wanted) return {};
  const std::string described = fmt::format("{} bytes, XXH3-128 {:016x}{:016x}", wanted.size,
                                            wanted.content.high, wanted.content.low);
  return fail(ErrorCode::kUsage,
              given == nullptr
                  ? fmt::format("is coded against a base of {}, which --base must name", described)
                  : fmt::format("is coded against another base, of {}", described));
}

Result<void> check_payload(const DataFrame& frame) {
  if (crc32c(frame.payload) == frame.payload_check) return {};
  return fail(ErrorCode::kDamaged, "the payload is damaged");
}

Error block_error(const DataFrame& frame, const Error& error) {
  return {error.code,
          fmt::format("block {} at byte {}: {}", frame.number, frame.file_offset, error.message)};
}

std::string describe_unknown_codec(uint16_t codec, const std::vector<CodecTableEntry>& table) {
  for (const CodecTableEntry& entry : table) {
    if (entry.codec == codec) {
      return fmt::format("needs codec {} '{}', pith >= {}.{}", codec, entry.name, entry.since_major,
                         entry.since_minor);
    }
  }
  return fmt::format("needs codec {}, which this program (pith {}) lacks", codec, PITH_VERSION);
}

}  // namespace pith

#include "container/reindex.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/byte_reader.h"
#include "container/block.h"
#include "container/catalog.h"
#include "container/reader.h"

namespace pith {
namespace {

class Reindexer {
 public:
  Reindexer(const RandomAccess& file, uint64_t memory_limit, Sink& sink, const BaseFile* base)
      : file_(file),
        memory_limit_(memory_limit),
        sink_(sink),
        base_(base),
        scratch_(content_of(base)) {}

  Result<ReindexSummary> run() {
    while (at_ < file_.size()) PITH_TRY(copy_stream());
    if (summary_.streams == 0) return fail(ErrorCode::kDamaged, "not a pith file");
    return summary_;
  }

 private:
  template <size_t Size>
  std::optional<std::array<std::byte, Size>> peek(uint64_t offset) const {
    std::array<std::byte, Size> bytes{};
    if (!file_.read_at(offset, bytes)) return std::nullopt;
    return bytes;
  }

  Result<void> copy_stream() {
    const auto header_bytes = peek<kStreamHeaderSize>(at_);
    if (!header_bytes) return fail(ErrorCode::kDamaged, "the stream header is cut short");
    PITH_ASSIGN(header_, StreamHeader::parse(*header_bytes));
    if (header_.max_memory_kib() * 1024 + 2 * header_.max_block() > memory_limit_) {
      return fail(ErrorCode::kLimit, "decoding needs more memory than allowed (--memlimit)");
    }
    at_ += kStreamHeaderSize;
    entries_.clear();
    raw_size_ = blocks_ = 0;
    content_.reset();
    wanted_base_.reset();
    PITH_TRY(sink_.write(*header_bytes));
    size_ = kStreamHeaderSize;
    while (true) {
      PITH_ASSIGN(const bool copied, copy_frame());
      if (!copied) break;
    }
    PITH_TRY(pass_tail());
    ++summary_.streams;
    summary_.blocks += blocks_;
    summary_.raw_size += raw_size_;
    return write_tail();
  }

  std::optional<FrameHeader> frame_header_at(uint64_t offset) const {
    const auto bytes = peek<kFrameHeaderSize>(offset);
    return bytes ? FrameHeader::parse(*bytes, header_.salt) : std::nullopt;
  }
  std::optional<Trailer> trailer_at(uint64_t offset) const {
    const auto bytes = peek<kTrailerSize>(offset);
    return bytes ? Trailer::parse(*bytes, header_.salt) : std::nullopt;
  }

  // Copies the frame at at_ and goes behind it. False if there is none that belongs to the body.
  Result<bool> copy_frame() {
    const auto header = frame_header_at(at_);
    if (!header || header->kind == FrameKind::kIndex) return false;
    PITH_TRY(header->validate(header_));
    const FrameInfo info{.file_offset = at_, .entry = IndexEntry::of(*header)};
    if (header->frame_size() > file_.size() - at_) return false;  // cut off
    PITH_ASSIGN(const ByteBuffer payload, read_payload(file_, info));
    if (header->raw_offset != raw_size_) {
      return fail(ErrorCode::kDamaged, "a block is missing or out of order (--recover)");
    }
    if (header->kind == FrameKind::kMetadata) {
      PITH_ASSIGN(const auto records, parse_metadata(payload));
      PITH_ASSIGN(const auto wanted, BaseIdentity::find(records));
      if (wanted) wanted_base_ = wanted;
    }
    if (header->is_data()) {
      if (header_.needs_base()) PITH_TRY(check_base());
      PITH_ASSIGN(const ByteBuffer raw, decode_block(*header, payload, scratch_));
      content_.update(raw);
      raw_size_ += raw.size();
      ++blocks_;
    }
    ByteBuffer frame;
    write_frame(*header, payload, header_.salt, frame);
    PITH_TRY(sink_.write(frame));
    size_ += frame.size();
    entries_.push_back(info.entry);
    at_ += frame.size();
    return true;
  }

  Result<void> check_base() const {
    if (!wanted_base_) {
      return fail(ErrorCode::kDamaged, "the stream does not say what its base is");
    }
    return pith::check_base(*wanted_base_, base_ == nullptr ? nullptr : &base_->identity());
  }

  // Goes behind the old index and trailer, whatever is left of them.
  Result<void> pass_tail() {
    const uint64_t start = at_;
    for (; at_ < file_.size(); ++at_) {
      if (const auto trailer = trailer_at(at_)) {
        if (trailer->raw_size != raw_size_ || trailer->content != content_.digest()) {
          return fail(ErrorCode::kDamaged, "blocks are damaged or missing (--recover)");
        }
        at_ += kTrailerSize;
        return {};
      }
      const auto next = peek<kStreamHeaderSize>(at_);
      if (next && StreamHeader::has_magic(*next) && StreamHeader::parse(*next)) break;
      const auto header = frame_header_at(at_);
      if (header && header->is_data() && at_ != start) {
        return fail(ErrorCode::kDamaged, "blocks are damaged or missing (--recover)");
      }
    }
    ++summary_.unfinished;
    return {};
  }

  Result<void> write_tail() {
    ByteBuffer bytes;
    write_stream_tail(entries_, raw_size_, content_.digest(), size_, header_.salt, bytes);
    return sink_.write(bytes);
  }

  const RandomAccess& file_;
  uint64_t memory_limit_;
  Sink& sink_;
  const BaseFile* base_;
  std::optional<BaseIdentity> wanted_base_;  // of the stream
  ReindexSummary summary_;
  CodecScratch scratch_;
  uint64_t at_ = 0;  // in the file
  StreamHeader header_;
  std::vector<IndexEntry> entries_;
  uint64_t raw_size_ = 0;
  uint64_t blocks_ = 0;
  uint64_t size_ = 0;  // of the new stream so far
  Xxh3Hasher128 content_;
};

}  // namespace

Result<ReindexSummary> reindex(const RandomAccess& file, uint64_t memory_limit, Sink& sink,
                               const BaseFile* base) {
  return Reindexer(file, memory_limit, sink, base).run();
}

}  // namespace pith

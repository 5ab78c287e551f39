#include "container/writer.h"

#include <algorithm>
#include <bit>

#include "base/byte_writer.h"

namespace pith {
namespace {

uint8_t log2_at_least(uint64_t value, int smallest) {
  const int log = value <= 1 ? 0 : static_cast<int>(std::bit_width(value - 1));
  return checked_cast<uint8_t>(std::max(log, smallest));
}

}  // namespace

void StreamWriter::add_metadata(const std::vector<MetadataRecord>& records) {
  append(pending_metadata_, write_metadata(records));
}

Result<void> StreamWriter::add_block(const BlockView& block, const EncodedBlock& encoded) {
  if (in_stream_ && entries_.size() + 2 > max_frames_) PITH_TRY(end_stream());
  FrameHeader header = block_header(block, encoded, raw_offset_);
  if (!in_stream_) PITH_TRY(begin_stream(static_cast<uint32_t>(header.raw_hash)));
  header.raw_offset = raw_offset_;
  PITH_TRY(write_pending_metadata());

  ByteBuffer bytes;
  header.write(bytes, salt_);
  PITH_TRY(write(bytes));
  PITH_TRY(write(encoded.payload));
  bytes.clear();
  ByteWriter(bytes).u32(crc32c(encoded.payload));
  PITH_TRY(write(bytes));

  entries_.push_back(IndexEntry::of(header));
  content_.update(block.bytes);
  raw_offset_ += block.bytes.size();
  return {};
}

Result<void> StreamWriter::finish() {
  if (!in_stream_) PITH_TRY(begin_stream(0));
  PITH_TRY(write_pending_metadata());
  return end_stream();
}

Result<void> StreamWriter::begin_stream(uint32_t salt) {
  in_stream_ = true;
  salt_ = salt;
  raw_offset_ = 0;
  stream_size_ = 0;
  entries_.clear();
  content_.reset();
  if (base_) {
    // In front of all blocks, so that a reader of a pipe can refuse in time.
    ByteBuffer pending = write_metadata({base_->to_record()});
    append(pending, pending_metadata_);
    pending_metadata_ = std::move(pending);
  }
  const StreamHeader header{.required_features = base_ ? kFeatureBase : uint8_t{0},
                            .block_log = log2_at_least(bounds_.max_block, kMinBlockLog),
                            .memory_log = log2_at_least((bounds_.decode_memory + 1023) / 1024, 0),
                            .salt = salt};
  ByteBuffer bytes;
  header.write(bytes);
  return write(bytes);
}

Result<void> StreamWriter::write_pending_metadata() {
  if (pending_metadata_.empty()) return {};
  const FrameHeader header =
      plain_frame_header(FrameKind::kMetadata, pending_metadata_, raw_offset_);
  ByteBuffer bytes;
  write_frame(header, pending_metadata_, salt_, bytes);
  pending_metadata_.clear();
  entries_.push_back(IndexEntry::of(header));
  return write(bytes);
}

Result<void> StreamWriter::end_stream() {
  ByteBuffer bytes;
  write_stream_tail(entries_, raw_offset_, content_.digest(), stream_size_, salt_, bytes);
  in_stream_ = false;
  return write(bytes);
}

Result<void> StreamWriter::write(ByteView bytes) {
  stream_size_ += bytes.size();
  bytes_written_ += bytes.size();
  return sink_.write(bytes);
}

}  // namespace pith

// Streams put together frame by frame, for what a writer never writes.
#pragma once

#include "base/byte_writer.h"
#include "container/layout.h"
#include "container/metadata.h"

namespace pith::test {

class HandMadeStream {
 public:
  explicit HandMadeStream(uint32_t salt = 0, uint8_t block_log = 20, uint8_t memory_log = 10)
      : salt_(salt) {
    StreamHeader{.block_log = block_log, .memory_log = memory_log, .salt = salt}.write(bytes_);
  }
  HandMadeStream& block(uint16_t codec, ByteView raw, ByteView payload, uint32_t memory_kib = 0) {
    return frame({.kind = FrameKind::kData,
                  .codec = codec,
                  .raw_size = static_cast<uint32_t>(raw.size()),
                  .payload_size = static_cast<uint32_t>(payload.size()),
                  .raw_offset = raw_size_,
                  .raw_hash = xxh3_64(raw),
                  .memory_kib = memory_kib},
                 payload, raw);
  }
  HandMadeStream& stored(ByteView raw) { return block(0, raw, raw); }
  HandMadeStream& plain(uint8_t kind, ByteView payload) {
    return frame(plain_frame_header(FrameKind{kind}, payload, raw_size_), payload, {});
  }
  HandMadeStream& frame(const FrameHeader& header, ByteView payload, ByteView raw) {
    write_frame(header, payload, salt_, bytes_);
    entries_.push_back(IndexEntry::of(header));
    raw_size_ += raw.size();
    content_.update(raw);
    return *this;
  }
  ByteBuffer finish() {
    write_stream_tail(entries_, raw_size_, content_.digest(), bytes_.size(), salt_, bytes_);
    return bytes_;
  }
  const ByteBuffer& unfinished() const { return bytes_; }

 private:
  uint32_t salt_;
  ByteBuffer bytes_;
  std::vector<IndexEntry> entries_;
  uint64_t raw_size_ = 0;
  Xxh3Hasher128 content_;
};

}  // namespace pith::test

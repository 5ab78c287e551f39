// Writes streams to a sink, front to back, without a seek (docs/format.md).
#pragma once

#include <vector>

#include "base/sink.h"
#include "container/block.h"
#include "container/layout.h"
#include "container/metadata.h"

namespace pith {

// The bounds that the stream header promises. They must hold for all blocks of the stream.
struct StreamBounds {
  uint64_t max_block = 0;      // bytes
  uint64_t decode_memory = 0;  // bytes, of one block
};

class StreamWriter {
 public:
  // More frames than `max_frames` start a new stream: an index frame's size must fit 32 bits.
  static constexpr uint64_t kMaxFrames = 0xFFFFFFFF / kIndexEntrySize - 4;
  explicit StreamWriter(Sink& sink, uint64_t max_frames = kMaxFrames)
      : sink_(sink), max_frames_(max_frames) {}

  // Called before the first block.
  void set_bounds(const StreamBounds& bounds) { bounds_ = bounds; }
  // All blocks may be coded against this base. Called before the first block.
  void set_base(const BaseIdentity& base) { base_ = base; }
  // Written ahead of the next block, or of the end.
  void add_metadata(const std::vector<MetadataRecord>& records);
  Result<void> add_block(const BlockView& block, const EncodedBlock& encoded);
  // The index (if there are two blocks or more) and the trailer.
  Result<void> finish();

  uint64_t bytes_written() const { return bytes_written_; }

 private:
  Result<void> begin_stream(uint32_t salt);
  Result<void> end_stream();
  Result<void> write(ByteView bytes);
  Result<void> write_pending_metadata();

  Sink& sink_;
  uint64_t max_frames_;
  StreamBounds bounds_;
  std::optional<BaseIdentity> base_;
  ByteBuffer pending_metadata_;
  bool in_stream_ = false;
  uint32_t salt_ = 0;
  uint64_t raw_offset_ = 0;   // in the stream
  uint64_t stream_size_ = 0;  // written so far
  std::vector<IndexEntry> entries_;
  Xxh3Hasher128 content_;
  uint64_t bytes_written_ = 0;  // all streams
};

}  // namespace pith

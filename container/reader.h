// Reads streams from a source, front to back, without a seek.
//
// Everything is checked here but what needs decoded bytes: payload checks of data frames and raw
// hashes are left to the workers (check_payload(), decode_block()), the content hash to whoever
// puts the blocks together.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/buffer_pool.h"
#include "base/source.h"
#include "container/layout.h"
#include "container/metadata.h"

namespace pith {

struct StreamBegin {
  StreamHeader header;
  uint64_t file_offset = 0;
};
struct DataFrame {
  FrameHeader header{};
  ByteBuffer payload{};
  uint32_t payload_check = 0;  // CRC-32C as stored
  uint64_t file_offset = 0;    // of the frame's header
  uint64_t number = 0;         // of the data frame in the file, from 0
};
struct MetadataFrame {
  std::vector<MetadataRecord> records;
};
struct StreamEnd {
  Trailer trailer;
};
// The end of the input. `trailing`: bytes behind the last stream that were let pass.
struct InputEnd {
  uint64_t trailing = 0;
};
using StreamEvent = std::variant<StreamBegin, DataFrame, MetadataFrame, StreamEnd, InputEnd>;

// A run of NULs up to this long behind the last stream is padding (tape blocks): a warning only.
inline constexpr uint64_t kMaxPadding = 65536;

class StreamReader {
 public:
  struct Options {
    bool ignore_trailing = false;        // accept any bytes behind the last stream
    bool check_payloads = false;         // check payloads of data frames here
    bool unknown_codecs = false;         // hand out blocks of codecs that this program lacks
    const BaseIdentity* base = nullptr;  // of what is there to decode blocks against
    bool any_base = false;               // hand out blocks that need another one
  };
  // `buffers`: where payload buffers come from; whoever gets a frame gives them back.
  StreamReader(Source& source, const Options& options, BufferPool* buffers = nullptr)
      : source_(source), options_(options), buffers_(buffers) {}

  // The next event. After InputEnd or an error it must not be called again.
  Result<StreamEvent> next();

  uint64_t position() const { return position_; }

 private:
  Result<StreamEvent> begin_stream();
  Result<StreamEvent> read_trailing(ByteView first);
  Result<StreamEvent> read_trailer(ByteView mark);
  Result<std::optional<StreamEvent>> other_frame(const FrameHeader& header, ByteView payload);
  Result<void> check_codec(const FrameHeader& header) const;
  Result<void> check_base();
  Result<void> read_payload(DataFrame& frame);
  Result<void> skip_frame(const FrameHeader& header);
  Result<void> read_exactly(MutableBytes out);
  Error damaged(const std::string& what) const;

  Source& source_;
  Options options_;
  BufferPool* buffers_;
  bool in_stream_ = false;
  bool any_stream_ = false;
  StreamHeader header_;
  uint64_t position_ = 0;                    // in the input
  uint64_t stream_start_ = 0;                // in the input
  uint64_t raw_offset_ = 0;                  // in the stream
  uint64_t file_blocks_ = 0;                 // data frames in the input
  uint64_t index_size_ = 0;                  // whole index frame, once it was read
  std::optional<BaseIdentity> wanted_base_;  // of the stream
  std::vector<IndexEntry> entries_;
  std::vector<CodecTableEntry> codec_table_;
};

// kUsage if a stream that is coded against `wanted` cannot be decoded against `given` (null: there
// is none).
Result<void> check_base(const BaseIdentity& wanted, const BaseIdentity* given);

// kDamaged if the payload does not match its stored check.
Result<void> check_payload(const DataFrame& frame);

// "block 12 at byte 3456: WHAT"
Error block_error(const DataFrame& frame, const Error& error);

// "needs codec 17 'name', pith >= 0.4", as far as the table tells.
std::string describe_unknown_codec(uint16_t codec, const std::vector<CodecTableEntry>& table);

}  // namespace pith

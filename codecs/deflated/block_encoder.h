// The encoding side of codec `deflated`: takes a block apart into content and control.
#pragma once

#include <vector>

#include "codecs/codec.h"
#include "codecs/deflated/inner_blocks.h"
#include "codecs/deflated/parameter_search.h"
#include "codecs/deflated/stream_record.h"

namespace pith::deflated {

// The first byte of a payload: the encoder described in docs/codecs/deflated.md. Another value
// would stand for one that makes other bytes.
inline constexpr uint8_t kEncoderVersion = 1;

class BlockEncoder {
 public:
  explicit BlockEncoder(EncoderState& state) : state_(state) {}

  // Replaces every stream that can be made again by its content. False if there is none.
  bool take_apart(const BlockView& block);

  // Codes what take_apart() left. Declines once it takes more than `limit` bytes.
  Result<EncodeOutcome> write(const EncodeOptions& options, size_t limit, ByteBuffer& out,
                              uint64_t& decode_memory, CodecScratch& scratch) const;

 private:
  void copy(ByteView bytes, const Segment& segment);
  void end_copied_run();
  bool add_stream(ByteView bytes, const DeflateLayout& layout);

  EncoderState& state_;
  ByteBuffer content_;
  std::vector<Segment> segments_;  // of content_
  ByteBuffer control_;
  uint32_t copied_ = 0;    // bytes since the last stream
  uint64_t inflated_ = 0;  // bytes of content_ that come from streams
  std::optional<EncoderParameters> last_parameters_;
};

}  // namespace pith::deflated

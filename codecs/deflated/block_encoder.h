// The encoding side of codec `deflated`: takes a block apart into content and control.
#pragma once

#include <deque>
#include <vector>

#include "codecs/codec.h"
#include "codecs/deflated/inner_blocks.h"
#include "codecs/deflated/parameter_search.h"
#include "codecs/deflated/stream_gaps.h"
#include "codecs/deflated/stream_record.h"

namespace pith::deflated {

// The first byte of a payload: the encoder described in docs/codecs/deflated.md, and whether runs
// may have lanes and gaps. Another value would stand for an encoder that makes other bytes.
inline constexpr uint8_t kPlainVersion = 1;
inline constexpr uint8_t kLaneVersion = 2;

class BlockEncoder {
 public:
  explicit BlockEncoder(EncoderState& state) : state_(state) {}

  // Replaces every stream that can be made again by its content. False if there is none.
  bool take_apart(const BlockView& block);

  // Puts the parts of each array together, if that is worth it. After take_apart().
  void sort_into_lanes(Level level);

  // Codes what take_apart() left. Declines once it takes more than `limit` bytes.
  Result<EncodeOutcome> write(const EncodeOptions& options, size_t limit, ByteBuffer& out,
                              uint64_t& decode_memory, CodecScratch& scratch) const;

 private:
  // A run, and the segments of the content that it takes.
  struct Part {
    Run run;
    size_t first_segment = 0;
    size_t end_segment = 0;
  };

  void copy(ByteView bytes, const Segment& segment);
  bool add_stream(ByteView bytes, const DeflateLayout& layout);
  void add_part(Run run, size_t first_segment);
  const ArrayLayout* array_of(const Part& part) const;
  bool is_sorted() const;
  ByteBuffer control() const;

  EncoderState& state_;
  ByteBuffer content_;
  std::vector<Segment> segments_;  // of content_
  std::vector<Part> parts_;
  std::deque<ClosedStream> closed_;  // that the runs of parts_ refer to
  size_t control_bound_ = 0;         // the control is no larger
  size_t lanes_ = 1;
  uint64_t inflated_ = 0;  // bytes of content_ that come from streams
  std::optional<EncoderParameters> last_parameters_;
};

}  // namespace pith::deflated

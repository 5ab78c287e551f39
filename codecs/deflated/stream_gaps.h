// The gaps of a stream: bytes that lie between parts of it (the ends and heads of PNG's chunks) and
// are put back when it is made again.
#pragma once

#include <optional>

#include "base/segment.h"
#include "base/sink.h"
#include "codecs/deflated/stream_record.h"

namespace pith::deflated {

// A stream without its gaps, which are described apart.
struct ClosedStream {
  ByteBuffer bytes;
  ByteBuffer gaps;  // as StreamRun has them
};

// Takes the gaps out of a segment's bytes. Nothing if they overlap, reach beyond the bytes, or are
// longer than a record may have.
std::optional<ClosedStream> take_gaps(ByteView bytes, const std::vector<DeflateGap>& gaps);

// Passes a stream on with its gaps.
class GapSink : public Sink {
 public:
  GapSink(ByteView gaps, Sink& out);
  Result<void> write(ByteView bytes) override;
  // True if all gaps were passed.
  bool complete() const { return !next_; }

 private:
  void begin_part();
  Result<void> pass_gap();

  ByteReader gaps_;
  Sink& out_;
  std::optional<StreamGap> next_;
  uint64_t left_ = 0;   // bytes of the stream before the next gap
  uint32_t check_ = 0;  // CRC-32 of "IDAT" and the bytes since the last gap
};

}  // namespace pith::deflated

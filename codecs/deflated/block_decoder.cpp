#include "codecs/deflated/block_decoder.h"

#include <algorithm>

#include "base/sink.h"
#include "codecs/deflated/block_encoder.h"
#include "codecs/deflated/content_check.h"
#include "codecs/deflated/inner_blocks.h"
#include "codecs/deflated/stream_gaps.h"
#include "codecs/deflated/stream_record.h"

namespace pith::deflated {
namespace {

tl::unexpected<Error> damaged() {
  return fail(ErrorCode::kDamaged, "a deflated block does not decode");
}

tl::unexpected<Error> too_little_memory() {
  return fail(ErrorCode::kDamaged, "a deflated block declares too little memory");
}

// Fills the block from front to back.
class BlockSink : public Sink {
 public:
  explicit BlockSink(MutableBytes raw) : left_(raw) {}

  Result<void> write(ByteView bytes) override {
    if (bytes.size() > left_.size()) return damaged();
    std::copy(bytes.begin(), bytes.end(), left_.begin());
    left_ = left_.subspan(bytes.size());
    return {};
  }
  // The next `size` bytes, to be filled by the caller; empty if there are fewer.
  MutableBytes take(size_t size) {
    if (size > left_.size()) return {};
    const MutableBytes taken = left_.first(size);
    left_ = left_.subspan(size);
    return taken;
  }
  bool full() const { return left_.empty(); }

 private:
  MutableBytes left_;
};

// The content of one stream, which computes its check on the way.
class StreamContent : public Source {
 public:
  StreamContent(Content& content, const StreamRun& run)
      : content_(content), lane_(run.lane), left_(run.inflated_size), check_(run.trailer) {}

  Result<size_t> read(MutableBytes out) override {
    const MutableBytes part = out.first(std::min(out.size(), left_));
    PITH_TRY(content_.read(lane_, part));
    check_.update(part);
    left_ -= part.size();
    return part.size();
  }
  const ContentCheck& check() const { return check_; }

 private:
  Content& content_;
  Lane lane_;
  size_t left_;
  ContentCheck check_;
};

Result<void> restore_stream(const StreamRun& run, Content& content, EncoderState& state,
                            Sink& block) {
  GapSink out(run.gaps, block);
  PITH_TRY(out.write(run.header_bytes));
  StreamContent source(content, run);
  state.writer.start(run.parameters, out);
  PITH_TRY(state.tokenizer.run(run.parameters, source, state.writer));
  ByteBuffer trailer(run.trailer_bytes);
  source.check().write_trailer(trailer);
  PITH_TRY(out.write(trailer));
  if (!out.complete()) return damaged();
  return {};
}

// Bytes of content that the runs take from each lane; none but the first if all is in one.
Result<std::vector<uint64_t>> measure_lanes(ByteView control, bool plain) {
  std::vector<uint64_t> sizes(1);
  ByteReader runs(control);
  uint64_t inflated = 0;  // bounds the time that a small payload can take
  while (runs.remaining() > 0) {
    PITH_ASSIGN(const Run run, read_run(runs, plain));
    const Lane lane = lane_of(run);
    if (lane >= sizes.size()) sizes.resize(size_t{lane} + 1);
    sizes[lane] += content_size(run);
    if (std::holds_alternative<StreamRun>(run)) inflated += content_size(run);
    if (inflated > kMaxInflated) return damaged();
  }
  return sizes;
}

Result<void> restore(ByteView control, bool plain, Content& content, MutableBytes raw,
                     EncoderState& state) {
  BlockSink out(raw);
  ByteReader runs(control);
  while (runs.remaining() > 0) {
    PITH_ASSIGN(const Run run, read_run(runs, plain));
    if (const auto* copied = std::get_if<CopiedRun>(&run)) {
      const MutableBytes bytes = out.take(copied->size);
      if (bytes.size() != copied->size) return damaged();
      PITH_TRY(content.read(copied->lane, bytes));
    } else {
      PITH_TRY(restore_stream(std::get<StreamRun>(run), content, state, out));
    }
  }
  if (!out.full() || !content.finished()) return damaged();
  return {};
}

}  // namespace

Result<void> decode_payload(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                            EncoderState& state, CodecScratch& scratch) {
  ByteReader reader(payload);
  const uint8_t version = reader.u8();
  if (!reader.ok()) return damaged();
  if (version != kPlainVersion && version != kLaneVersion) {
    return fail(ErrorCode::kUnsupported, "a deflated block needs a newer deflate encoder");
  }
  const bool plain = version == kPlainVersion;
  InnerBlockReader blocks(reader, budget, scratch);
  ByteBuffer control;
  PITH_TRY(blocks.next(kMaxControl, control));
  PITH_ASSIGN(const std::vector<uint64_t> lanes, measure_lanes(control, plain));
  if (!budget.reserve(kEncoderMemory)) return too_little_memory();
  if (lanes.size() == 1) {
    StreamedContent content(blocks);
    return restore(control, plain, content, raw, state);
  }
  uint64_t size = 0;
  for (const uint64_t lane : lanes) {
    if (lane > kMaxHeldContent - size) return damaged();
    size += lane;
  }
  if (!budget.reserve(held_memory(size, lanes.size()))) return too_little_memory();
  PITH_ASSIGN(HeldContent content, HeldContent::load(blocks, lanes));
  return restore(control, plain, content, raw, state);
}

}  // namespace pith::deflated

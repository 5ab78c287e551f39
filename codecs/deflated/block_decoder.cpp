#include "codecs/deflated/block_decoder.h"

#include <algorithm>

#include "base/sink.h"
#include "codecs/deflated/block_encoder.h"
#include "codecs/deflated/content_check.h"
#include "codecs/deflated/inner_blocks.h"
#include "codecs/deflated/lzf_stream.h"
#include "codecs/deflated/stream_record.h"

namespace pith::deflated {
namespace {

tl::unexpected<Error> damaged() {
  return fail(ErrorCode::kDamaged, "a deflated block does not decode");
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
  StreamContent(ContentReader& content, const StreamRun& run)
      : content_(content), left_(run.inflated_size), check_(run.trailer) {}

  Result<size_t> read(MutableBytes out) override {
    const MutableBytes part = out.first(std::min(out.size(), left_));
    PITH_ASSIGN(const size_t size, content_.read(part));
    check_.update(part);
    left_ -= size;
    return size;
  }
  const ContentCheck& check() const { return check_; }

 private:
  ContentReader& content_;
  size_t left_;
  ContentCheck check_;
};

Result<void> restore_stream(const StreamRun& run, ContentReader& content, EncoderState& state,
                            BlockSink& out) {
  PITH_TRY(out.write(run.header_bytes));
  StreamContent source(content, run);
  if (run.parameters.encoder == Encoder::kLzf) {
    static_assert(kLzfMemory <= kEncoderMemory);
    state = {};  // there is memory for one encoder at a time
    PITH_TRY(write_lzf(run.parameters.hash_bits(), source, out));
  } else {
    state.writer.start(run.parameters, out);
    PITH_TRY(state.tokenizer.run(run.parameters, source, state.writer));
  }
  ByteBuffer trailer(run.trailer_bytes);
  source.check().write_trailer(trailer);
  return out.write(trailer);
}

}  // namespace

Result<void> decode_payload(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                            EncoderState& state, CodecScratch& scratch) {
  ByteReader reader(payload);
  const uint8_t version = reader.u8();
  if (!reader.ok()) return damaged();
  if (version != kEncoderVersion) {
    return fail(ErrorCode::kUnsupported, "a deflated block needs a newer deflate encoder");
  }
  InnerBlockReader blocks(reader, budget, scratch);
  ByteBuffer control;
  PITH_TRY(blocks.next(kMaxControl, control));
  if (!budget.reserve(kEncoderMemory)) {
    return fail(ErrorCode::kDamaged, "a deflated block declares too little memory");
  }
  ContentReader content(blocks);
  BlockSink out(raw);
  ByteReader runs(control);
  uint64_t inflated = 0;  // bounds the time that a small payload can take
  while (runs.remaining() > 0) {
    PITH_ASSIGN(const Run run, read_run(runs));
    if (const auto* copied = std::get_if<CopiedRun>(&run)) {
      const MutableBytes bytes = out.take(copied->size);
      if (bytes.size() != copied->size) return damaged();
      PITH_TRY(content.read(bytes));
      continue;
    }
    const auto& stream = std::get<StreamRun>(run);
    inflated += stream.inflated_size;
    if (inflated > kMaxInflated) return damaged();
    PITH_TRY(restore_stream(stream, content, state, out));
  }
  if (!out.full() || !content.finished()) return damaged();
  return {};
}

}  // namespace pith::deflated

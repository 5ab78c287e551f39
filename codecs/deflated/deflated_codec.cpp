#include "codecs/deflated/deflated_codec.h"

#include <algorithm>

#include "codecs/deflated/block_decoder.h"
#include "codecs/deflated/block_encoder.h"
#include "codecs/deflated/inner_blocks.h"
#include "codecs/deflated/parameter_search.h"
#include "codecs/deflated/stream_record.h"

namespace pith {
namespace {

using namespace deflated;

// Deflate codes at most 258 bytes by 2 bits.
constexpr uint64_t kMaxDeflateRatio = 1032;
// Streams are made again at the speed of their encoder, for which the fastest levels have no time.
constexpr Level kFirstLevel = 3;

struct DeflatedScratch : Scratch {
  CodecScratch inner;
  EncoderState encoder;
};

class DeflatedCodec : public Codec {
 public:
  CodecId id() const override { return CodecId::kDeflated; }
  std::string_view name() const override { return "deflated"; }
  bool accepts(SegmentType type, Level level) const override {
    return type == SegmentType::kDeflated && level >= kFirstLevel;
  }
  size_t max_block(Level) const override { return kMaxDeflateStream; }
  std::unique_ptr<Scratch> make_scratch() const override {
    return std::make_unique<DeflatedScratch>();
  }

  uint64_t encode_memory(size_t raw_size, Level level) const override {
    const size_t inner = inner_block_size(raw_size, level);
    // The content, once more to sort it, streams without gaps, an inner block's payload, its
    // verification, and the tables of inflate.
    return max_content(raw_size) + held(raw_size, level) + raw_size + kMaxControl +
           2 * uint64_t{inner} + 2 * kEncoderMemory + inner_encode_memory(inner, level) +
           inner_decode_memory(inner, level);
  }
  uint64_t decode_memory(size_t raw_size, Level level) const override {
    const size_t inner = inner_block_size(raw_size, level);
    return kMaxControl + kEncoderMemory +
           std::max<uint64_t>(inner, held_memory(held(raw_size, level), kMaxLanes)) +
           inner_decode_memory(inner, level);
  }

  // Only do_encode() can tell, and finds out early if there is nothing to do.
  Result<uint64_t> estimate(const BlockView& sample, Level, Scratch*) const override {
    return sample.bytes.size();
  }

 private:
  static uint64_t max_content(size_t raw_size) {
    return raw_size + std::min<uint64_t>(kMaxInflated, kMaxDeflateRatio * raw_size);
  }
  static size_t inner_block_size(size_t raw_size, Level level) {
    const uint64_t largest = std::max<uint64_t>(kMaxControl, max_content(raw_size));
    return static_cast<size_t>(std::min<uint64_t>(largest_inner_block(level), largest));
  }
  static uint64_t held(size_t raw_size, Level level) {
    return std::min(max_content(raw_size), max_held_content(level));
  }

  Result<EncodeOutcome> do_encode(const BlockView& block, const EncodeOptions& options,
                                  ByteBuffer& out, uint64_t& decode_memory,
                                  Scratch* scratch) const override {
    auto& state = static_cast<DeflatedScratch&>(*scratch);
    BlockEncoder encoder(state.encoder);
    if (!encoder.take_apart(block)) return EncodeOutcome::kDeclined;
    encoder.sort_into_lanes(options.level);
    return encoder.write(options, block.bytes.size(), out, decode_memory, state.inner);
  }

  Result<void> do_decode(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                         Scratch* scratch) const override {
    auto& state = static_cast<DeflatedScratch&>(*scratch);
    return decode_payload(payload, raw, budget, state.encoder, state.inner);
  }
};

}  // namespace

const Codec& deflated_codec() {
  static const DeflatedCodec codec;
  return codec;
}

}  // namespace pith

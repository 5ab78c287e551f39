#include "codecs/cloudmix/cloudmix_codec.h"

#include "codecs/cloudmix/cloud_coder.h"

namespace pith {
namespace {

constexpr Level kFirstLevel = 7;

class CloudMixCodec : public Codec {
 public:
  CodecId id() const override { return CodecId::kCloudMix; }
  std::string_view name() const override { return "cloudmix"; }
  bool accepts(SegmentType type, Level level) const override {
    return type == SegmentType::kPoints && level >= kFirstLevel;
  }
  // A frame of a scanner and more.
  size_t max_block(Level) const override { return size_t{4} << 20; }
  uint64_t encode_memory(size_t raw_size, Level) const override {
    // All columns at once, and what the search for a shape takes.
    return cloudmix::coder_memory(raw_size) + 24 * uint64_t{raw_size};
  }
  uint64_t decode_memory(size_t raw_size, Level) const override {
    return cloudmix::coder_memory(raw_size);
  }
  // encode_block() does, without predicting everything again.
  bool verify_after_encode() const override { return false; }
  // A shape is found in whole frames.
  bool is_made_for(SegmentType type) const override { return type == SegmentType::kPoints; }

  Result<uint64_t> estimate(const BlockView& sample, Level level, Scratch*) const override {
    ByteBuffer out(sample.bytes.size());
    PITH_ASSIGN(const size_t size,
                cloudmix::encode_block(sample, cloudmix::contexts_of(level), false, out));
    return size != 0 ? size : sample.bytes.size();
  }

 private:
  Result<EncodeOutcome> do_encode(const BlockView& block, const EncodeOptions& options,
                                  ByteBuffer& out, uint64_t& decode_memory,
                                  Scratch*) const override {
    out.resize(block.bytes.size());
    PITH_ASSIGN(const size_t size,
                cloudmix::encode_block(block, cloudmix::contexts_of(options.level), true, out));
    out.resize(size);
    if (size == 0) return EncodeOutcome::kDeclined;
    decode_memory = cloudmix::coder_memory(block.bytes.size());
    return EncodeOutcome::kEncoded;
  }

  Result<void> do_decode(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                         Scratch*) const override {
    return cloudmix::decode_block(payload, raw, budget);
  }
};

}  // namespace

const Codec& cloudmix_codec() {
  static const CloudMixCodec codec;
  return codec;
}

}  // namespace pith

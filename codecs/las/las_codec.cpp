#include "codecs/las/las_codec.h"

#include <algorithm>

#include "codecs/las/block.h"

namespace pith {
namespace {

class LasCodec : public Codec {
 public:
  CodecId id() const override { return CodecId::kLas; }
  std::string_view name() const override { return "las"; }
  bool accepts(SegmentType type, Level) const override { return is_made_for(type); }
  bool is_made_for(SegmentType type) const override { return type == SegmentType::kLasPoints; }
  // las::encode_block() does, without predicting everything again.
  bool verify_after_encode() const override { return false; }
  // Models take some thousand points to learn a scan.
  size_t max_block(Level) const override { return size_t{8} << 20; }
  uint64_t encode_memory(size_t raw_size, Level level) const override {
    return las::encode_memory(raw_size, level);
  }
  uint64_t decode_memory(size_t raw_size, Level level) const override {
    return las::decode_memory(raw_size, level);
  }

  Result<uint64_t> estimate(const BlockView& sample, Level level, Scratch*) const override {
    ByteBuffer out;
    PITH_ASSIGN(const auto encoded,
                las::encode_block(sample, std::min(level, 3), entropy::best_kernel(), false, out));
    return encoded.useful ? out.size() : sample.bytes.size();
  }

 private:
  Result<EncodeOutcome> do_encode(const BlockView& block, const EncodeOptions& options,
                                  ByteBuffer& out, uint64_t& decode_memory,
                                  Scratch*) const override {
    PITH_ASSIGN(const auto encoded,
                las::encode_block(block, options.level, entropy::best_kernel(), true, out));
    decode_memory = encoded.decode_memory;
    return encoded.useful ? EncodeOutcome::kEncoded : EncodeOutcome::kDeclined;
  }

  Result<void> do_decode(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                         Scratch*) const override {
    return las::decode_block(payload, raw, budget, entropy::best_kernel());
  }
};

}  // namespace

const Codec& las_codec() {
  static const LasCodec codec;
  return codec;
}

}  // namespace pith

#include "codecs/tensor/tensor_codec.h"

#include "codecs/tensor/decoder.h"
#include "codecs/tensor/difference_model.h"
#include "codecs/tensor/encoder.h"
#include "codecs/tensor/quant_model.h"
#include "codecs/tensor/weight_model.h"

namespace pith {
namespace {

class TensorCodec : public Codec {
 public:
  CodecId id() const override { return CodecId::kTensor; }
  std::string_view name() const override { return "tensor"; }
  bool accepts(SegmentType type, Level) const override { return is_made_for(type); }
  bool is_made_for(SegmentType type) const override {
    switch (type) {
      case SegmentType::kF32:
      case SegmentType::kF16:
      case SegmentType::kBf16:
      case SegmentType::kF64:
      case SegmentType::kF8:
      case SegmentType::kIntegers:
        return true;
      default:
        return false;
    }
  }
  size_t max_block(Level) const override { return size_t{16} << 20; }
  // Symbols, raw bits, words, gathered columns and the base, and zstd's match finder on plain
  // bytes.
  uint64_t encode_memory(size_t raw_size, Level level) const override {
    return 14 * uint64_t{raw_size} + (uint64_t{16} << 20) + model_memory(level) +
           tensor::DifferenceModel::memory(level >= 7);
  }
  // A record of two bytes for each byte at the worst, all bytes plain, the tables and models.
  uint64_t decode_memory(size_t raw_size, Level level) const override {
    return 8 * uint64_t{raw_size} + (uint64_t{2} << 20) + model_memory(level) +
           tensor::DifferenceModel::memory(level >= 7);
  }
  bool verify_after_encode() const override { return false; }

  Result<uint64_t> estimate(const BlockView& sample, Level level, Scratch*) const override {
    ByteBuffer out;
    PITH_ASSIGN(const auto encoded,
                tensor::encode_block(sample, std::min(level, 6), entropy::best_kernel(), out));
    return encoded.useful ? out.size() : sample.bytes.size();
  }

 private:
  static uint64_t model_memory(Level level) {
    return level < 7 ? 0 : tensor::WeightModel::memory(level - 5) + tensor::QuantModel::memory();
  }

  Result<EncodeOutcome> do_encode(const BlockView& block, const EncodeOptions& options,
                                  ByteBuffer& out, uint64_t& decode_memory,
                                  Scratch*) const override {
    PITH_ASSIGN(const auto encoded,
                tensor::encode_block(block, options.level, entropy::best_kernel(), out));
    decode_memory = encoded.decode_memory;
    return encoded.useful ? EncodeOutcome::kEncoded : EncodeOutcome::kDeclined;
  }

  Result<void> do_decode(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                         Scratch*) const override {
    return tensor::decode_block(payload, raw, budget, entropy::best_kernel());
  }
  Result<void> do_decode_with(const RandomAccess& base, ByteView payload, MutableBytes raw,
                              MemoryBudget& budget, Scratch*) const override {
    return tensor::decode_block(payload, raw, budget, entropy::best_kernel(), {}, &base);
  }
};

}  // namespace

const Codec& tensor_codec() {
  static const TensorCodec codec;
  return codec;
}

}  // namespace pith

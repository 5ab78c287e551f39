#include "codecs/arraymix/arraymix_codec.h"

#include <algorithm>

#include "codecs/arraymix/block.h"

namespace pith {
namespace {

// Rows that the model keeps, and what it adapts for each column.
constexpr uint64_t kMostRows = uint64_t{108} << 20;
// Descriptions of what a block holds.
constexpr uint64_t kPlans = uint64_t{2} << 20;

class ArrayMixCodec : public Codec {
 public:
  CodecId id() const override { return CodecId::kArrayMix; }
  std::string_view name() const override { return "arraymix"; }
  bool accepts(SegmentType type, Level level) const override {
    return level >= arraymix::kFirstShape && is_made_for(type);
  }
  size_t max_block(Level) const override { return size_t{16} << 20; }
  uint64_t encode_memory(size_t raw_size, Level) const override {
    return arraymix::encoding_memory(raw_size);
  }
  uint64_t decode_memory(size_t raw_size, Level) const override {
    return arraymix::block_memory(raw_size);
  }
  // The model's decoder is its encoder, in integers and IEEE arithmetic of which nothing is
  // contracted; transforms are proven on every cell.
  bool verify_after_encode() const override { return false; }
  bool is_made_for(SegmentType type) const override {
    switch (type) {
      case SegmentType::kArray:
      case SegmentType::kF32:
      case SegmentType::kF16:
      case SegmentType::kF64:
      case SegmentType::kIntegers:
        return true;
      default:
        return false;
    }
  }

  // The sample itself.
  Result<uint64_t> estimate(const BlockView& sample, Level, Scratch*) const override {
    ByteBuffer out;
    uint64_t memory = 0;
    PITH_ASSIGN(const bool encoded,
                arraymix::encode_block(sample, arraymix::kFirstShape, out, memory));
    return encoded ? out.size() : sample.bytes.size();
  }

 private:
  Result<EncodeOutcome> do_encode(const BlockView& block, const EncodeOptions& options,
                                  ByteBuffer& out, uint64_t& decode_memory,
                                  Scratch*) const override {
    if (block.bytes.size() > max_block(options.level)) return EncodeOutcome::kDeclined;
    const Level level = std::clamp(options.level, arraymix::kFirstShape, arraymix::kLastShape);
    PITH_ASSIGN(const bool encoded, arraymix::encode_block(block, level, out, decode_memory));
    return encoded ? EncodeOutcome::kEncoded : EncodeOutcome::kDeclined;
  }

  Result<void> do_decode(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                         Scratch*) const override {
    return arraymix::decode_block(payload, raw, budget);
  }
};

}  // namespace

const Codec& arraymix_codec() {
  static const ArrayMixCodec codec;
  return codec;
}

namespace arraymix {

uint64_t block_memory(size_t raw_size) {
  const uint64_t raw{raw_size};
  // Numbers of one byte become words of 32 bits, each has a kind, and there are tables; beside them
  // the model with its tables and the rows that it keeps (parts.cpp).
  const uint64_t modelled = 6 * raw + (uint64_t{12} << 20) + std::min(kMostRows, 96 * raw);
  // Then the words are put in order, which takes copies of them and of the bytes.
  const uint64_t put_together = 11 * raw + kPlans;
  return std::max(modelled + kPlans, put_together);
}

uint64_t encoding_memory(size_t raw_size) {
  // The cells; keys and kinds by up to three transforms, then those of the best one and the code.
  return block_memory(raw_size) + 14 * uint64_t{raw_size};
}

}  // namespace arraymix
}  // namespace pith

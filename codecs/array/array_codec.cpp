#include "codecs/array/array_codec.h"

#include "codecs/array/block_coder.h"

namespace pith {
namespace {

// What the levels above this one gain is less than one part in so many.
constexpr Level kMiddleLevel = 5;
constexpr size_t kMostGain = 64;

class ArrayCodec : public Codec {
 public:
  CodecId id() const override { return CodecId::kArray; }
  std::string_view name() const override { return "array"; }
  bool accepts(SegmentType type, Level) const override { return is_made_for(type); }
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
  size_t max_block(Level) const override { return size_t{16} << 20; }
  // Numbers of one byte become words of four; cells, keys, rows with margins, tokens and contexts.
  uint64_t encode_memory(size_t raw_size, Level) const override {
    return 48 * uint64_t{raw_size} + (uint64_t{16} << 20);
  }
  uint64_t decode_memory(size_t raw_size, Level) const override {
    return 40 * uint64_t{raw_size} + (uint64_t{4} << 20);
  }
  // A transform is proven on every cell before it is used.
  bool verify_after_encode() const override { return false; }

  // A sample has no layout: what can be said of it is that it is not worse than it is.
  Result<uint64_t> estimate(const BlockView& sample, Level level, Scratch*) const override {
    ByteBuffer out;
    PITH_ASSIGN(const auto encoded, array::encode_block(sample, std::min(level, 3), out));
    return encoded.useful ? out.size() : sample.bytes.size();
  }

 private:
  Result<EncodeOutcome> do_encode(const BlockView& block, const EncodeOptions& options,
                                  ByteBuffer& out, uint64_t& decode_memory,
                                  Scratch*) const override {
    // Beside a codec that mixes: where the middle level comes nowhere near it, nor does this one.
    if (options.level > kMiddleLevel && options.to_beat != SIZE_MAX) {
      ByteBuffer quick;
      PITH_ASSIGN(const auto tried, array::encode_block(block, kMiddleLevel, quick));
      if (!tried.useful || quick.size() > options.to_beat + options.to_beat / kMostGain) {
        return EncodeOutcome::kDeclined;
      }
    }
    PITH_ASSIGN(const auto encoded, array::encode_block(block, options.level, out));
    decode_memory = encoded.decode_memory;
    return encoded.useful ? EncodeOutcome::kEncoded : EncodeOutcome::kDeclined;
  }

  Result<void> do_decode(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                         Scratch*) const override {
    return array::decode_block(payload, raw, budget);
  }
};

}  // namespace

const Codec& array_codec() {
  static const ArrayCodec codec;
  return codec;
}

}  // namespace pith

#include "codecs/cloud/cloud_codec.h"

#include "codecs/cloud/decoder.h"
#include "codecs/cloud/encoder.h"

namespace pith {
namespace {

// Up to this level a block is not decoded again: that would take half as long as encoding it, or
// as long.
// Encoder and decoder are one walk over the points (structure.h) and one way to the grid.
constexpr Level kLastQuickLevel = 6;

class CloudCodec : public Codec {
 public:
  CodecId id() const override { return CodecId::kCloud; }
  std::string_view name() const override { return "cloud"; }
  bool accepts(SegmentType type, Level) const override { return is_made_for(type); }
  bool is_made_for(SegmentType type) const override { return type == SegmentType::kPoints; }
  // Two scans of a car's sensor.
  size_t max_block(Level) const override { return size_t{4} << 20; }
  // Columns, neighbours, contexts and symbols of up to five tokens a point, raw bits.
  uint64_t encode_memory(size_t raw_size, Level) const override {
    return 24 * uint64_t{raw_size} + (uint64_t{24} << 20);
  }
  // Records have four bytes at least (records.h).
  uint64_t decode_memory(size_t raw_size, Level) const override {
    return 16 * uint64_t{raw_size} + (uint64_t{8} << 20);
  }

  bool verify_after_encode() const override { return false; }

  Result<uint64_t> estimate(const BlockView& sample, Level level, Scratch*) const override {
    ByteBuffer out;
    const auto encoded = cloud::encode_block(sample, level, out);
    return encoded.useful ? out.size() : sample.bytes.size();
  }

 private:
  Result<EncodeOutcome> do_encode(const BlockView& block, const EncodeOptions& options,
                                  ByteBuffer& out, uint64_t& decode_memory,
                                  Scratch*) const override {
    const auto encoded = cloud::encode_block(block, options.level, out);
    decode_memory = encoded.decode_memory;
    if (!encoded.useful) return EncodeOutcome::kDeclined;
    if (options.level <= kLastQuickLevel) return EncodeOutcome::kEncoded;
    ByteBuffer raw(block.bytes.size());
    MemoryBudget budget(decode_memory);
    const bool restored =
        cloud::decode_block(out, raw, budget).has_value() && equal(raw, block.bytes);
    return restored ? EncodeOutcome::kEncoded : EncodeOutcome::kDeclined;
  }

  Result<void> do_decode(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                         Scratch*) const override {
    return cloud::decode_block(payload, raw, budget);
  }
};

}  // namespace

const Codec& cloud_codec() {
  static const CloudCodec codec;
  return codec;
}

}  // namespace pith

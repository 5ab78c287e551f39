#include "codecs/cloud/cloud_codec.h"

#include "codecs/cloud/decoder.h"
#include "codecs/cloud/encoder.h"

namespace pith {
namespace {

// What mixing gains over tokens, at most.
constexpr size_t kMostGainPercent = 8;
// A part of a block, and what more it may take than its share.
constexpr size_t kPart = 8;
constexpr size_t kPartDoubtPercent = 50;
constexpr size_t kLeastPart = size_t{64} << 10;

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
  // Records have four bytes at least (records.h); what is left is for symbols.
  uint64_t decode_memory(size_t raw_size, Level) const override {
    return 16 * uint64_t{raw_size} + (uint64_t{8} << 20);
  }

  Result<uint64_t> estimate(const BlockView& sample, Level level, Scratch*) const override {
    ByteBuffer out;
    const auto encoded = cloud::encode_block(sample, level, out);
    return encoded.useful ? out.size() : sample.bytes.size();
  }

 private:
  Result<EncodeOutcome> do_encode(const BlockView& block, const EncodeOptions& options,
                                  ByteBuffer& out, uint64_t& decode_memory,
                                  Scratch*) const override {
    if (options.level > cloud::kLastTokenLevel && options.to_beat != SIZE_MAX &&
        !is_near(block, options.to_beat)) {
      return EncodeOutcome::kDeclined;
    }
    const auto encoded = cloud::encode_block(block, options.level, out);
    decode_memory = encoded.decode_memory;
    // Rounds of lasers that hardly ever return take more symbols than they are worth.
    if (decode_memory > this->decode_memory(block.bytes.size(), options.level)) {
      return EncodeOutcome::kDeclined;
    }
    return encoded.useful ? EncodeOutcome::kEncoded : EncodeOutcome::kDeclined;
  }

  // False where mixing would have to gain too much: judged by a part of the block, then by all of
  // it, without mixing.
  static bool is_near(const BlockView& block, size_t to_beat) {
    ByteBuffer out;
    const size_t part = block.bytes.size() / kPart;
    if (block.segments.size() == 1 && part >= kLeastPart) {
      Segment segment = block.segments.front();
      segment.size = part;
      const BlockView first{
          .bytes = block.bytes.first(part), .segments = {&segment, 1}, .type = block.type};
      const auto quick = cloud::encode_block(first, cloud::kLastTokenLevel, out);
      if (!quick.useful || out.size() > to_beat / 100 * (100 + kPartDoubtPercent) / kPart) {
        return false;
      }
      out.clear();
    }
    const auto quick = cloud::encode_block(block, cloud::kLastTokenLevel, out);
    return quick.useful && out.size() <= to_beat + to_beat / 100 * kMostGainPercent;
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

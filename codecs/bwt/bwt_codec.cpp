#include "codecs/bwt/bwt_codec.h"

#include <algorithm>

#include "codecs/bwt/block.h"

namespace pith {
namespace {

// The first byte of a payload: what was done to the block before it was transformed.
constexpr std::byte kNoFilter{0};

struct LevelSettings {
  int effort;
  size_t block;
};

// Encoding takes 6 bytes of memory for each byte of a block, itself included: 64 MB at level 5.
const LevelSettings& settings(Level level) {
  static constexpr LevelSettings kFast = {1, size_t{10} << 20};
  static constexpr LevelSettings kDefault = {2, size_t{10} << 20};
  static constexpr LevelSettings kSmall = {3, (size_t{16} << 20) - (size_t{64} << 10)};
  static_assert(kSmall.block <= bwt::kMaxText);
  return level <= 4 ? kFast : level == 5 ? kDefault : kSmall;
}

class BwtCodec : public Codec {
 public:
  CodecId id() const override { return CodecId::kBwt; }
  std::string_view name() const override { return "bwt"; }
  bool accepts(SegmentType type, Level level) const override {
    return level >= 4 && level <= 6 && type != SegmentType::kCompressed &&
           type != SegmentType::kDeflated;
  }
  size_t max_block(Level level) const override { return settings(level).block; }
  uint64_t encode_memory(size_t raw_size, Level) const override {
    return bwt::encode_memory(raw_size);
  }
  uint64_t decode_memory(size_t raw_size, Level) const override {
    return bwt::decode_memory(raw_size);
  }
  // Sorting and its inverse share the last column, whose coding is the same code both ways.
  bool verify_after_encode() const override { return false; }

  // A sample is quickly coded.
  Result<uint64_t> estimate(const BlockView& sample, Level, Scratch*) const override {
    ByteBuffer out;
    PITH_ASSIGN(const bool smaller,
                bwt::encode(sample.bytes, bwt::kMinEffort, sample.bytes.size(), out));
    return smaller ? out.size() : sample.bytes.size();
  }

 private:
  Result<EncodeOutcome> do_encode(const BlockView& block, Level level, ByteBuffer& out,
                                  uint64_t& decode_memory, Scratch*) const override {
    if (block.bytes.size() > bwt::kMaxText) return EncodeOutcome::kDeclined;
    out.push_back(kNoFilter);
    PITH_ASSIGN(const bool smaller,
                bwt::encode(block.bytes, settings(level).effort, block.bytes.size() - 1, out));
    if (!smaller) return EncodeOutcome::kDeclined;
    decode_memory = bwt::decode_memory(ByteView(out).subspan(1), block.bytes.size());
    return EncodeOutcome::kEncoded;
  }

  Result<void> do_decode(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                         Scratch*) const override {
    if (payload.empty() || payload[0] != kNoFilter) {
      return fail(ErrorCode::kDamaged, "a bwt block does not decode");
    }
    return bwt::decode(payload.subspan(1), raw, budget);
  }
};

}  // namespace

const Codec& bwt_codec() {
  static const BwtCodec codec;
  return codec;
}

}  // namespace pith

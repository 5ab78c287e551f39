#include "codecs/stored/stored_codec.h"

#include <algorithm>

namespace pith {
namespace {

class StoredCodec : public Codec {
 public:
  CodecId id() const override { return CodecId::kStored; }
  std::string_view name() const override { return "stored"; }
  bool accepts(SegmentType, Level) const override { return true; }
  size_t max_block(Level) const override { return size_t{1} << 22; }
  uint64_t encode_memory(size_t, Level) const override { return 0; }
  uint64_t decode_memory(size_t, Level) const override { return 0; }
  bool verify_after_encode() const override { return false; }

  Result<uint64_t> estimate(const BlockView& sample, Level, Scratch*) const override {
    return sample.bytes.size();
  }

 private:
  Result<EncodeOutcome> do_encode(const BlockView& block, const EncodeOptions&, ByteBuffer& out,
                                  uint64_t&, Scratch*) const override {
    append(out, block.bytes);
    return EncodeOutcome::kEncoded;
  }

  Result<void> do_decode(ByteView payload, MutableBytes raw, MemoryBudget&,
                         Scratch*) const override {
    if (payload.size() != raw.size()) {
      return fail(ErrorCode::kDamaged, "a stored block has the wrong size");
    }
    std::copy(payload.begin(), payload.end(), raw.begin());
    return {};
  }
};

}  // namespace

const Codec& stored_codec() {
  static const StoredCodec codec;
  return codec;
}

}  // namespace pith

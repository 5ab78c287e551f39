#include "codecs/wavelet/wavelet_codec.h"

#include "codecs/wavelet/array_coder.h"

namespace pith {
namespace {

// Levels below are to be fast.
constexpr Level kFirstLevel = 4;

struct WaveletScratch : Scratch {
  CodecScratch inner;
};

class WaveletCodec : public Codec {
 public:
  CodecId id() const override { return CodecId::kWavelet; }
  std::string_view name() const override { return "wavelet"; }
  bool accepts(SegmentType, Level) const override { return false; }
  bool approximates(Level level) const override { return level >= kFirstLevel; }
  size_t max_block(Level) const override { return size_t{32} << 20; }
  std::unique_ptr<Scratch> make_scratch() const override {
    return std::make_unique<WaveletScratch>();
  }
  uint64_t encode_memory(size_t raw_size, Level level) const override {
    return near::encode_memory(raw_size, level) + wavelet::array_encode_memory(raw_size);
  }
  uint64_t decode_memory(size_t raw_size, Level level) const override {
    return near::decode_memory(raw_size, level) + wavelet::array_decode_memory(raw_size);
  }
  Result<uint64_t> estimate(const BlockView& sample, Level, Scratch*) const override {
    return sample.bytes.size();
  }

 private:
  // There is nothing to gain where every byte must come back.
  Result<EncodeOutcome> do_encode(const BlockView&, const EncodeOptions&, ByteBuffer&, uint64_t&,
                                  Scratch*) const override {
    return EncodeOutcome::kDeclined;
  }

  Result<EncodeOutcome> do_approximate(const LossyBlock& block, const EncodeOptions& options,
                                       MutableBytes restored, ByteBuffer& out,
                                       uint64_t& decode_memory, Scratch* scratch) const override {
    auto& state = static_cast<WaveletScratch&>(*scratch);
    wavelet::ArrayCoder coder;
    return near::encode_block(block, options, coder, restored, out, decode_memory, state.inner);
  }

  Result<void> do_decode(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                         Scratch* scratch) const override {
    auto& state = static_cast<WaveletScratch&>(*scratch);
    wavelet::ArrayCoder coder;
    return near::decode_block(payload, raw, coder, budget, state.inner);
  }
};

}  // namespace

const Codec& wavelet_codec() {
  static const WaveletCodec codec;
  return codec;
}

}  // namespace pith

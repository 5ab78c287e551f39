#include "codecs/video/video_codec.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "codecs/near/near_block.h"
#include "codecs/video/variable_coder.h"

namespace pith {
namespace {

// The numbers of variants(), counted from 1.
constexpr std::array<std::string_view, 3> kVariants = {"ffv1", "x265", "av1"};
constexpr size_t kFfv1 = 1;
constexpr size_t kX265 = 2;
constexpr size_t kAv1 = 3;

struct VideoScratch : Scratch {
  CodecScratch inner;
};

class NearVideo : public near::NearCoder {
 public:
  Result<bool> encode(const array::Variable& variable, ByteView original,
                      const Tolerance& tolerance, const EncodeOptions& options,
                      MutableBytes restored, ByteBuffer& code, uint64_t& memory) override {
    if (tolerance.bound == 0) {
      PITH_ASSIGN(const bool done, video::encode_exact(variable, original, options.level, code));
      if (!done) return false;
      std::copy(original.begin(), original.end(), restored.begin());
    } else {
      video::Wish wish{.bound = tolerance.bound,
                       .squared_error = tolerance.squared_error,
                       .level = options.level};
      if (options.variant == kX265) wish.coder = video::Coder::kHevc;
      if (options.variant == kAv1) wish.coder = video::Coder::kAv1;
      PITH_ASSIGN(const bool done, video::encode_near(variable, original, wish, restored, code));
      if (!done) return false;
    }
    // What it takes is what it took.
    MemoryBudget budget(std::numeric_limits<uint64_t>::max() / 2);
    const uint64_t before = budget.left();
    ByteBuffer bytes(original.size());
    PITH_TRY(video::decode_variable(variable, code, bytes, budget));
    memory = before - budget.least_left();
    return memory <= video::decode_memory(original.size()) && equal(bytes, restored);
  }

  Result<void> decode(const array::Variable& variable, ByteView code, MutableBytes bytes,
                      MemoryBudget& budget) override {
    return video::decode_variable(variable, code, bytes, budget);
  }
};

class VideoCodec : public Codec {
 public:
  CodecId id() const override { return CodecId::kVideo; }
  std::string_view name() const override { return "video"; }
  bool accepts(SegmentType, Level) const override { return false; }
  bool is_on_request() const override { return true; }
  std::span<const std::string_view> variants() const override { return kVariants; }
  bool approximates(Level) const override { return true; }
  size_t max_block(Level) const override { return size_t{16} << 20; }
  uint64_t encode_memory(size_t raw_size, Level level) const override {
    return near::encode_memory(raw_size, level) +
           std::max(video::encode_memory(raw_size), decode_memory(raw_size, level));
  }
  uint64_t decode_memory(size_t raw_size, Level level) const override {
    return near::decode_memory(raw_size, level) + video::decode_memory(raw_size);
  }
  std::unique_ptr<Scratch> make_scratch() const override {
    return std::make_unique<VideoScratch>();
  }
  // Nothing is known without a layout.
  Result<uint64_t> estimate(const BlockView& sample, Level, Scratch*) const override {
    return sample.bytes.size();
  }

 private:
  static CodecScratch& inner(Scratch* scratch) {
    return static_cast<VideoScratch*>(scratch)->inner;
  }

  // FFV1: all arrays as they are.
  Result<EncodeOutcome> do_encode(const BlockView& block, const EncodeOptions& options,
                                  ByteBuffer& out, uint64_t& decode_memory,
                                  Scratch* scratch) const override {
    if (options.variant > kFfv1 || block.bytes.size() > max_block(options.level)) {
      return EncodeOutcome::kDeclined;
    }
    std::vector<Tolerance> exact;
    for (const Segment& segment : block.segments) {
      const Layout& layout = segment.layout;
      const void* const whole = layout.array != nullptr
                                    ? static_cast<const void*>(layout.array.get())
                                    : static_cast<const void*>(layout.tensor.get());
      if (whole != nullptr && (exact.empty() || exact.back().layout != whole)) {
        exact.push_back({.layout = whole});
      }
    }
    if (exact.empty()) return EncodeOutcome::kDeclined;
    const LossyBlock whole{.original = block.bytes,
                           .rounded = block,
                           .tolerances = exact,
                           .rounded_size = block.bytes.size()};
    ByteBuffer restored(block.bytes);
    NearVideo coder;
    return near::encode_block(whole, options, coder, restored, out, decode_memory, inner(scratch));
  }

  Result<EncodeOutcome> do_approximate(const LossyBlock& block, const EncodeOptions& options,
                                       MutableBytes restored, ByteBuffer& out,
                                       uint64_t& decode_memory, Scratch* scratch) const override {
    if (options.variant == kFfv1 || block.original.size() > max_block(options.level)) {
      return EncodeOutcome::kDeclined;
    }
    NearVideo coder;
    return near::encode_block(block, options, coder, restored, out, decode_memory, inner(scratch));
  }

  Result<void> do_decode(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                         Scratch* scratch) const override {
    NearVideo coder;
    return near::decode_block(payload, raw, coder, budget, inner(scratch));
  }
};

}  // namespace

const Codec& video_codec() {
  static const VideoCodec codec;
  return codec;
}

}  // namespace pith

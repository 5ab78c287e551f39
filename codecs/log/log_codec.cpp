#include "codecs/log/log_codec.h"

#include <algorithm>

#include "codecs/log/block.h"

namespace pith {
namespace {

// Above this level blocks are coded no differently; the codec stays a candidate.
constexpr Level kLastLevel = 6;

// Memory that a decoder may take, beside its output: the streams, the values' places and their
// texts.
constexpr uint64_t max_decode_memory(uint64_t raw) { return 12 * raw + (uint64_t{8} << 20); }

class LogScratch : public Scratch {
 public:
  log::Workspace& space() { return *space_; }

 private:
  std::shared_ptr<log::Workspace> space_ = log::make_workspace();
};

class LogCodec : public Codec {
 public:
  CodecId id() const override { return CodecId::kLog; }
  std::string_view name() const override { return "log"; }
  bool accepts(SegmentType type, Level) const override { return type == SegmentType::kLog; }
  size_t max_block(Level) const override { return (size_t{16} << 20) - (size_t{64} << 10); }
  // Tokens, their columns and ways of writing them, for a block in which every other byte is a
  // value; logs take half. Then the block is decoded.
  uint64_t encode_memory(size_t raw_size, Level level) const override {
    const uint64_t size = std::min(raw_size, max_block(level));
    return std::max(14 * size + (uint64_t{8} << 20), size + decode_memory(raw_size, level));
  }
  // Larger blocks are declined.
  uint64_t decode_memory(size_t raw_size, Level level) const override {
    return max_decode_memory(std::min(raw_size, max_block(level)));
  }
  // do_encode() decodes and compares by itself: it must know the memory that this takes.
  bool verify_after_encode() const override { return false; }
  // Templates and dictionaries are paid for once in a block.
  bool is_made_for(SegmentType type) const override { return type == SegmentType::kLog; }
  std::unique_ptr<Scratch> make_scratch() const override { return std::make_unique<LogScratch>(); }

  Result<uint64_t> estimate(const BlockView& sample, Level level, Scratch* scratch) const override {
    ByteBuffer out;
    PITH_TRY(log::encode_block(sample.bytes, level, space_of(scratch), out));
    return std::min(out.size(), sample.bytes.size());
  }

 private:
  static log::Workspace& space_of(Scratch* scratch) {
    return static_cast<LogScratch*>(scratch)->space();
  }

  Result<EncodeOutcome> do_encode(const BlockView& block, const EncodeOptions& options,
                                  ByteBuffer& out, uint64_t& decode_memory,
                                  Scratch* scratch) const override {
    const ByteView raw = block.bytes;
    if (raw.size() > max_block(options.level)) return EncodeOutcome::kDeclined;
    PITH_TRY(log::encode_block(raw, std::min(options.level, kLastLevel), space_of(scratch), out));
    if (out.size() >= raw.size()) return EncodeOutcome::kDeclined;
    const uint64_t allowed = max_decode_memory(raw.size());
    MemoryBudget budget(allowed);
    ByteBuffer restored(raw.size());
    const auto decoded = log::decode_block(out, restored, budget, space_of(scratch));
    if (!decoded || !equal(restored, raw)) return EncodeOutcome::kDeclined;
    decode_memory = allowed - budget.least_left();
    return EncodeOutcome::kEncoded;
  }

  Result<void> do_decode(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                         Scratch* scratch) const override {
    return log::decode_block(payload, raw, budget, space_of(scratch));
  }
};

}  // namespace

const Codec& log_codec() {
  static const LogCodec codec;
  return codec;
}

}  // namespace pith

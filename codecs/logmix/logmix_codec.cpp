#include "codecs/logmix/logmix_codec.h"

#include <algorithm>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "codecs/logmix/log_coder.h"
#include "codecs/logmix/shapes.h"

namespace pith {
namespace {

constexpr int kVersion = 1;

// Of blocks up to this size the smaller models, which learn faster, are tried too.
constexpr size_t kTryAll = size_t{384} << 10;

class LogMixCodec : public Codec {
 public:
  CodecId id() const override { return CodecId::kLogMix; }
  std::string_view name() const override { return "logmix"; }
  bool accepts(SegmentType type, Level level) const override {
    return type == SegmentType::kLog && level >= logmix::kFirstShape;
  }
  size_t max_block(Level level) const override {
    return level <= 7 ? size_t{16} << 20 : level == 8 ? size_t{32} << 20 : size_t{64} << 20;
  }
  uint64_t encode_memory(size_t raw_size, Level level) const override {
    return decode_memory(raw_size, level) + raw_size;
  }
  uint64_t decode_memory(size_t raw_size, Level level) const override {
    return logmix::coder_memory(shape_of(level), raw_size);
  }
  // The model's decoder is its encoder, in integers.
  bool verify_after_encode() const override { return false; }
  // Columns are learned in a whole block.
  bool is_made_for(SegmentType type) const override { return type == SegmentType::kLog; }

  // The fastest model, on the sample.
  Result<uint64_t> estimate(const BlockView& sample, Level, Scratch*) const override {
    ByteBuffer out(sample.bytes.size());
    PITH_ASSIGN(const size_t size, logmix::encode_bytes(logmix::kFirstShape, sample.bytes, out));
    return size != 0 ? size + 1 : sample.bytes.size();
  }

 private:
  static int shape_of(Level level) {
    return std::clamp(level, logmix::kFirstShape, logmix::kLastShape);
  }

  Result<EncodeOutcome> do_encode(const BlockView& block, const EncodeOptions& options,
                                  ByteBuffer& out, uint64_t& decode_memory,
                                  Scratch*) const override {
    const ByteView raw = block.bytes;
    if (raw.size() < 2 || raw.size() > max_block(options.level)) return EncodeOutcome::kDeclined;
    const int most = shape_of(options.level);
    const int least = raw.size() <= kTryAll ? logmix::kFirstShape : most;
    size_t room = raw.size() - 1;
    bool found = false;
    ByteBuffer code(room);
    for (int shape = most; shape >= least; --shape) {
      PITH_ASSIGN(const size_t size,
                  logmix::encode_bytes(shape, raw, MutableBytes(code).first(room)));
      if (size == 0) continue;
      found = true;
      room = size - 1;
      out.clear();
      ByteWriter writer(out);
      writer.u8(static_cast<uint8_t>(16 * kVersion + shape));
      append(out, ByteView(code).first(size));
      decode_memory = logmix::coder_memory(shape, raw.size());
      if (room == 0) break;
    }
    if (!found) return EncodeOutcome::kDeclined;
    return EncodeOutcome::kEncoded;
  }

  Result<void> do_decode(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                         Scratch*) const override {
    ByteReader reader(payload);
    const int shape = reader.u8() - 16 * kVersion;
    if (!reader.ok() || shape < logmix::kFirstShape || shape > logmix::kLastShape) {
      return fail(ErrorCode::kDamaged, "the head of a block of logs is damaged");
    }
    return logmix::decode_bytes(shape, reader.rest(), raw, budget);
  }
};

}  // namespace

const Codec& logmix_codec() {
  static const LogMixCodec codec;
  return codec;
}

}  // namespace pith

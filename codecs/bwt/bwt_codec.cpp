#include "codecs/bwt/bwt_codec.h"

#include <algorithm>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "codecs/bwt/block.h"
#include "codecs/text/transform.h"

namespace pith {
namespace {

using text::Transform;

// What learning the words of a block takes, whatever its size (word_counts.h).
constexpr uint64_t kWordCountMemory = uint64_t{16} << 20;

// A transformed text is hardly larger than the block.
constexpr size_t max_coded(size_t raw) { return raw + raw / 8 + 64; }

struct LevelSettings {
  int effort;
  size_t block;
};

// Encoding takes 6 bytes of memory for each byte of a block, itself included: 64 MB at level 5.
const LevelSettings& settings(Level level) {
  static constexpr LevelSettings kFast = {1, size_t{8} << 20};
  static constexpr LevelSettings kDefault = {2, size_t{8} << 20};
  static constexpr LevelSettings kSmall = {3, (size_t{16} << 20) - (size_t{64} << 10)};
  static_assert(kSmall.block <= bwt::kMaxText);
  return level <= 4 ? kFast : level == 5 ? kDefault : kSmall;
}

class BwtCodec : public Codec {
 public:
  CodecId id() const override { return CodecId::kBwt; }
  std::string_view name() const override { return "bwt"; }
  bool accepts(SegmentType type, Level level) const override {
    return level >= 4 && type != SegmentType::kCompressed && type != SegmentType::kDeflated;
  }
  // Beside the text model it takes what blocks there are.
  size_t max_block(Level level) const override {
    return settings(level <= 6 ? level : kDefaultLevel).block;
  }
  uint64_t encode_memory(size_t raw_size, Level) const override {
    return bwt::encode_memory(raw_size) + kWordCountMemory + 2 * raw_size;
  }
  uint64_t decode_memory(size_t raw_size, Level) const override {
    return bwt::decode_memory(max_coded(raw_size)) + max_coded(raw_size) + 2 * raw_size +
           (uint64_t{8} << 20);
  }
  // Sorting and its inverse share the last column, whose coding is the same code both ways.
  bool verify_after_encode() const override { return false; }

  bool lives_on_repeats(Level) const override { return true; }

  // A sample is quickly coded.
  Result<uint64_t> estimate(const BlockView& sample, Level, Scratch*) const override {
    ByteBuffer storage;
    const auto transformed = transform(sample.bytes, storage);
    const ByteView text = transformed.kind == Transform::kNone ? sample.bytes : ByteView(storage);
    ByteBuffer out;
    PITH_ASSIGN(const bool smaller, bwt::encode(text, bwt::kMinEffort, sample.bytes.size(), out));
    return smaller ? out.size() : sample.bytes.size();
  }

 private:
  static text::Transformed transform(ByteView raw, ByteBuffer& storage) {
    auto transformed = text::apply_transform(
        raw, text::WordOptions::for_block(text::Purpose::kSorted, raw.size()), storage);
    if (storage.size() > std::min(max_coded(raw.size()), bwt::kMaxText) ||
        !text::restores(transformed, storage, raw)) {
      return {};
    }
    return transformed;
  }

  Result<EncodeOutcome> do_encode(const BlockView& block, const EncodeOptions& options,
                                  ByteBuffer& out, uint64_t& decode_memory,
                                  Scratch*) const override {
    const ByteView raw = block.bytes;
    if (raw.size() > bwt::kMaxText) return EncodeOutcome::kDeclined;
    ByteBuffer storage;
    const auto transformed = transform(raw, storage);
    const bool plain = transformed.kind == Transform::kNone;
    ByteWriter writer(out);
    writer.u8(static_cast<uint8_t>(transformed.kind));
    if (!plain) writer.u32(checked_cast<uint32_t>(storage.size()));
    const size_t head = out.size();
    if (raw.size() <= head) return EncodeOutcome::kDeclined;
    const ByteView text = plain ? raw : ByteView(storage);
    PITH_ASSIGN(const bool smaller,
                bwt::encode(text, settings(options.level).effort, raw.size() - head, out));
    if (!smaller) return EncodeOutcome::kDeclined;
    decode_memory = bwt::decode_memory(ByteView(out).subspan(head), text.size());
    if (!plain) decode_memory += text.size() + transformed.decode_memory;
    return EncodeOutcome::kEncoded;
  }

  Result<void> do_decode(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                         Scratch*) const override {
    ByteReader reader(payload);
    const auto transform = static_cast<Transform>(reader.u8());
    if (transform == Transform::kNone) return bwt::decode(reader.rest(), raw, budget);
    const size_t size = reader.u32();
    if (!reader.ok() || transform > Transform::kLinesWords || size > max_coded(raw.size()) ||
        !budget.reserve(size)) {
      return fail(ErrorCode::kDamaged, "the head of a bwt block is damaged");
    }
    ByteBuffer coded(size);
    PITH_TRY(bwt::decode(reader.rest(), coded, budget));
    return text::invert_transform(transform, coded, raw, budget);
  }
};

}  // namespace

const Codec& bwt_codec() {
  static const BwtCodec codec;
  return codec;
}

}  // namespace pith

#include "codecs/text/text_codec.h"

#include <algorithm>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "codecs/text/mixing_coder.h"
#include "codecs/text/primer.h"
#include "codecs/text/stride.h"

namespace pith {
namespace {

using text::MixingInput;
using text::PackId;
using text::Transform;
using text::Transformed;

constexpr int kFirstShape = 7;
constexpr int kLastShape = 9;

// Blocks up to this size are tried with a pack as well. Larger ones gain too little by it for the
// time that the second trial takes.
constexpr size_t kMaxPrimed = size_t{1} << 20;
constexpr size_t kMaxPack = size_t{512} << 10;
// What learning the words of a block takes, whatever its size (word_counts.h).
constexpr uint64_t kWordCountMemory = uint64_t{20} << 20;

// A transformed block is hardly larger than the block.
constexpr uint64_t max_coded(uint64_t raw) { return raw + raw / 8 + 64; }

// The head of a payload.
struct Head {
  uint8_t shape = kFirstShape;
  Transform transform = Transform::kNone;
  PackId pack = PackId::kNone;
  uint16_t stride = 0;
  uint32_t coded = 0;  // bytes that the model codes; the block's own number without a transform
  uint32_t body = 0;   // of these, what comes before the text; only for words
  uint8_t mode = 0;    // of the filter, for the pack; only for machine code
};

void write_head(const Head& head, ByteWriter& out) {
  out.u8(head.shape);
  out.u8(static_cast<uint8_t>(head.transform));
  out.u8(static_cast<uint8_t>(head.pack));
  out.u16(head.stride);
  if (head.transform == Transform::kNone) return;
  out.u32(head.coded);
  if (text::has_words(head.transform)) out.u32(head.body);
  if (head.transform == Transform::kX86) out.u8(head.mode);
}

Result<Head> read_head(ByteReader& in, size_t raw_size) {
  Head head;
  head.shape = in.u8();
  head.transform = static_cast<Transform>(in.u8());
  head.pack = static_cast<PackId>(in.u8());
  head.stride = in.u16();
  head.coded = checked_cast<uint32_t>(raw_size);
  if (head.transform != Transform::kNone) head.coded = in.u32();
  if (text::has_words(head.transform)) head.body = in.u32();
  if (head.transform == Transform::kX86) head.mode = in.u8();
  if (!in.ok() || head.shape < kFirstShape || head.shape > kLastShape ||
      head.transform > Transform::kLinesWords || head.stride > text::kMaxStride ||
      head.coded > max_coded(raw_size) || head.body > head.coded) {
    return fail(ErrorCode::kDamaged, "the head of a text block is damaged");
  }
  return head;
}

// One way to encode a block: with these transforms, after this pack.
struct Attempt {
  Attempt(ByteView raw, const std::optional<text::WordOptions>& words, uint8_t shape) {
    transformed = text::apply_transform(raw, words, storage);
    if (storage.size() > max_coded(raw.size())) transformed = {};
    bytes = transformed.kind == Transform::kNone ? raw : ByteView(storage);
    head.shape = shape;
    head.transform = transformed.kind;
    head.coded = checked_cast<uint32_t>(bytes.size());
    if (transformed.words) head.body = checked_cast<uint32_t>(transformed.body);
    if (head.transform == Transform::kX86) head.mode = static_cast<uint8_t>(bytes[0]);
    head.stride = checked_cast<uint16_t>(text::find_stride(bytes));
  }

  // False if it takes more than `room`.
  Result<bool> encode(size_t room, ByteBuffer& out) const {
    ByteBuffer primer;
    if (head.pack != PackId::kNone) {
      PITH_ASSIGN(primer, text::make_primer(head.pack, head.transform, head.mode));
    }
    ByteWriter writer(out);
    write_head(head, writer);
    if (out.size() >= room) return false;
    const MixingInput input{.shape = head.shape, .primer = primer, .stride = head.stride};
    const text::WordAlphabet* words = transformed.words ? &transformed.words->alphabet() : nullptr;
    return text::mixing_encode(input, bytes, words, head.body, room - out.size(), out);
  }

  Transformed transformed;
  ByteBuffer storage;
  ByteView bytes;
  Head head;
};

// What do_decode() reserves, besides the transform's own.
uint64_t working_memory(const Head& head, size_t primer) {
  return primer + text::mixing_memory(head.shape, primer, head.coded);
}

// Words cost the faster models less ratio than they gain in speed; the slower ones take only the
// most frequent.
std::optional<text::WordOptions> word_options(int shape, size_t size) {
  auto options = text::WordOptions::for_block(text::Purpose::kMixed, size);
  options.imply_spaces = false;
  if (shape > kFirstShape) options.max_words = 100;
  return options;
}

class TextCodec : public Codec {
 public:
  CodecId id() const override { return CodecId::kText; }
  std::string_view name() const override { return "text"; }
  bool accepts(SegmentType type, Level level) const override {
    return level >= kFirstShape && type != SegmentType::kCompressed &&
           type != SegmentType::kDeflated;
  }
  size_t max_block(Level level) const override {
    return level <= 7 ? size_t{12} << 20 : level == 8 ? size_t{32} << 20 : size_t{64} << 20;
  }
  uint64_t encode_memory(size_t raw_size, Level level) const override {
    return decode_memory(raw_size, level) + kWordCountMemory + 2 * max_coded(raw_size);
  }
  uint64_t decode_memory(size_t raw_size, Level level) const override {
    const auto coded = checked_cast<size_t>(max_coded(raw_size));
    return text::mixing_memory(shape_of(level), kMaxPack, coded) + kMaxPack + 2 * coded +
           (uint64_t{8} << 20);
  }
  // The model's decoder is its encoder, in integers; the transforms are undone and compared here.
  bool verify_after_encode() const override { return false; }

  // The fastest model, on the sample as it is.
  Result<uint64_t> estimate(const BlockView& sample, Level, Scratch*) const override {
    ByteBuffer out;
    PITH_ASSIGN(const bool smaller,
                text::mixing_encode({}, sample.bytes, nullptr, 0, sample.bytes.size(), out));
    return smaller ? out.size() : sample.bytes.size();
  }

 private:
  static uint8_t shape_of(Level level) {
    return static_cast<uint8_t>(std::clamp(level, kFirstShape, kLastShape));
  }

  Result<EncodeOutcome> do_encode(const BlockView& block, const EncodeOptions& options,
                                  ByteBuffer& out, uint64_t& decode_memory,
                                  Scratch*) const override {
    const ByteView raw = block.bytes;
    const uint8_t shape = shape_of(options.level);
    const PackId pack =
        options.prime && raw.size() <= kMaxPrimed ? text::guess_pack(raw) : PackId::kNone;
    size_t room = raw.size();
    bool found = false;
    const auto attempt = [&](const std::optional<text::WordOptions>& words,
                             PackId primed_by) -> Result<void> {
      Attempt candidate(raw, words, shape);
      candidate.head.pack = primed_by;
      ByteBuffer payload;
      PITH_ASSIGN(const bool fits, candidate.encode(room, payload));
      if (!fits) return {};
      if (!text::restores(candidate.transformed, candidate.bytes, raw)) return {};
      size_t primer = 0;
      if (primed_by != PackId::kNone) {
        PITH_ASSIGN(const ByteBuffer bytes,
                    text::make_primer(primed_by, candidate.head.transform, candidate.head.mode));
        primer = bytes.size();
      }
      decode_memory = working_memory(candidate.head, primer) + candidate.transformed.decode_memory;
      room = payload.size();
      std::swap(out, payload);
      found = true;
      return {};
    };
    if (pack != PackId::kNone) PITH_TRY(attempt(std::nullopt, pack));
    PITH_TRY(attempt(word_options(shape, raw.size()), PackId::kNone));
    return found ? EncodeOutcome::kEncoded : EncodeOutcome::kDeclined;
  }

  Result<void> do_decode(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                         Scratch*) const override {
    ByteReader reader(payload);
    PITH_ASSIGN(const Head head, read_head(reader, raw.size()));
    ByteBuffer primer;
    if (head.pack != PackId::kNone) {
      PITH_ASSIGN(primer, text::make_primer(head.pack, head.transform, head.mode));
    }
    if (!budget.reserve(primer.size())) {
      return fail(ErrorCode::kDamaged, "a text block declares too little memory");
    }
    const MixingInput input{.shape = head.shape, .primer = primer, .stride = head.stride};
    PITH_ASSIGN(const auto decoder,
                text::make_mixing_decoder(input, reader.rest(), head.coded, budget));
    PITH_ASSIGN(ByteView coded, decoder->decode(head.body));
    if (text::has_words(head.transform)) {
      PITH_ASSIGN(const auto words, text::read_alphabet(head.transform, coded, budget));
      decoder->set_words(words);
    }
    PITH_ASSIGN(const ByteView body, decoder->decode(head.coded - head.body));
    if (!decoder->at_end()) return fail(ErrorCode::kDamaged, "a text block has a tail");
    coded = ByteView(body.data() - head.body, head.coded);
    return text::invert_transform(head.transform, coded, raw, budget);
  }
};

}  // namespace

const Codec& text_codec() {
  static const TextCodec codec;
  return codec;
}

}  // namespace pith

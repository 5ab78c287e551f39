#include "codecs/text/text_codec.h"

#include <algorithm>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "codecs/text/mixing_coder.h"
#include "codecs/text/primer.h"
#include "codecs/text/stride.h"

namespace pith {
namespace {

using text::MixingSetup;
using text::PackId;
using text::Transform;
using text::Transformed;

constexpr int kFirstShape = 7;
constexpr int kLastShape = 9;

// Blocks up to this size are coded with and without a pack, and the smaller payload is kept. Of
// larger ones only pieces are, by the fastest model: their beginnings often differ from the rest.
constexpr size_t kMaxTwice = size_t{128} << 10;
constexpr size_t kTrialPieces = 4;
constexpr size_t kTrialPiece = size_t{16} << 10;
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
  uint32_t body = 0;   // of these, what comes before the text
  uint8_t mode = 0;    // of the filter, for the pack and the model; only for machine code
};

void write_head(const Head& head, ByteWriter& out) {
  out.u8(head.shape);
  out.u8(static_cast<uint8_t>(head.transform));
  out.u8(static_cast<uint8_t>(head.pack));
  out.u16(head.stride);
  if (head.transform == Transform::kNone) return;
  out.u32(head.coded);
  out.u32(head.body);
  if (head.transform == Transform::kX86) out.u8(head.mode);
}

Result<Head> read_head(ByteReader& in, size_t raw_size) {
  Head head;
  head.shape = in.u8();
  head.transform = static_cast<Transform>(in.u8());
  head.pack = static_cast<PackId>(in.u8());
  head.stride = in.u16();
  head.coded = checked_cast<uint32_t>(raw_size);
  if (head.transform != Transform::kNone) {
    head.coded = in.u32();
    head.body = in.u32();
  }
  if (head.transform == Transform::kX86) head.mode = in.u8();
  if (!in.ok() || head.shape < kFirstShape || head.shape > kLastShape ||
      head.transform > Transform::kLinesWords || head.stride > text::kMaxStride ||
      head.coded > max_coded(raw_size) || head.body > head.coded ||
      head.mode > static_cast<uint8_t>(text::X86Mode::k64)) {
    return fail(ErrorCode::kDamaged, "the head of a text block is damaged");
  }
  return head;
}

MixingSetup setup_of(const Head& head) {
  return {.shape = head.shape,
          .stride = head.stride,
          .code = static_cast<text::X86Mode>(head.mode),
          .size = head.coded + text::primer_limit(head.pack)};
}

// make_primer() holds one form of the pack while it builds the next one, which grows by doubling.
constexpr uint64_t kPrimerCopies = 4;

// What do_decode() reserves, besides the transform's own and the words'.
uint64_t working_memory(const Head& head) {
  return text::mixing_memory(setup_of(head)) + kPrimerCopies * text::primer_limit(head.pack);
}

// A block, transformed.
struct Prepared {
  Prepared(ByteView raw, const std::optional<text::WordOptions>& words, uint8_t shape) {
    transformed = text::apply_transform(raw, words, storage);
    if (storage.size() > max_coded(raw.size()) || !text::restores(transformed, storage, raw)) {
      transformed = {};
    }
    bytes = transformed.kind == Transform::kNone ? raw : ByteView(storage);
    head.shape = shape;
    head.transform = transformed.kind;
    head.coded = checked_cast<uint32_t>(bytes.size());
    head.body = checked_cast<uint32_t>(transformed.body);
    if (head.transform == Transform::kX86) head.mode = static_cast<uint8_t>(bytes[0]);
    head.stride = checked_cast<uint16_t>(text::find_stride(bytes));
  }

  // What the model codes behind the front.
  ByteView text() const { return bytes.subspan(head.body); }

  // Codes the front and `text` after the pack of `with`. False if it takes more than `room`.
  Result<bool> encode(const Head& with, ByteView text, size_t room, ByteBuffer& out) const {
    out.clear();
    ByteWriter writer(out);
    write_head(with, writer);
    const size_t begin = out.size();
    if (begin >= room) return false;
    out.resize(room);
    PITH_ASSIGN(const auto encoder,
                text::make_mixing_encoder(setup_of(with), MutableBytes(out).subspan(begin)));
    const text::WordCoder* words = transformed.words ? &*transformed.words : nullptr;
    if (!encoder->encode(bytes.first(with.body))) return false;
    if (words != nullptr) encoder->set_words(words->alphabet());
    if (with.pack != PackId::kNone) {
      PITH_ASSIGN(const ByteBuffer primer,
                  text::make_primer(with.pack, with.transform, with.mode, words));
      encoder->prime(primer);
    }
    if (!encoder->encode(text)) return false;
    const auto size = encoder->finish();
    if (!size) return false;
    out.resize(begin + *size);
    return true;
  }

  uint64_t decode_memory(const Head& with) const {
    return working_memory(with) + transformed.decode_memory +
           (transformed.words ? transformed.words->memory() : 0);
  }

  Transformed transformed;
  ByteBuffer storage;
  ByteView bytes;
  Head head;
};

// True if the pack makes pieces from the whole length of a large block smaller.
Result<bool> pays_on_pieces(const Prepared& block, PackId pack) {
  const ByteView text = block.text();
  ByteBuffer pieces;
  for (size_t i = 0; i < kTrialPieces; ++i) {
    const size_t begin = (text.size() - kTrialPiece) / (kTrialPieces - 1) * i;
    pieces.append(text.subspan(begin, kTrialPiece));
  }
  Head head = block.head;
  head.shape = kFirstShape;
  head.coded = checked_cast<uint32_t>(head.body + pieces.size());
  ByteBuffer plain;
  PITH_ASSIGN(const bool coded, block.encode(head, pieces, head.coded, plain));
  if (!coded) return false;
  head.pack = pack;
  ByteBuffer primed;
  return block.encode(head, pieces, plain.size(), primed);
}

// The most frequent words make every model's files smaller, a few dozen of a short text, some
// hundreds of a long one. More of them leave fewer symbols to code, for a loss of about one percent
// at 1000.
constexpr size_t kShortText = size_t{300} << 10;

std::optional<text::WordOptions> word_options(int shape, size_t size) {
  auto options = text::WordOptions::for_block(text::Purpose::kMixed, size);
  options.imply_spaces = false;
  options.min_gain = 8;
  if (shape == kFirstShape) {
    options.max_words = 400;
  } else if (size < kShortText) {
    options.max_words = 40;
  } else {
    options.max_words = shape == kLastShape ? 300 : 1000;
  }
  return options;
}

class TextCodec : public Codec {
 public:
  CodecId id() const override { return CodecId::kText; }
  std::string_view name() const override { return "text"; }
  bool accepts(SegmentType type, Level level) const override {
    // Arrays of numbers have a model of their own, which is smaller and several times faster.
    return level >= kFirstShape && type != SegmentType::kCompressed &&
           type != SegmentType::kDeflated && type != SegmentType::kArray;
  }
  size_t max_block(Level level) const override {
    return level <= 7 ? size_t{8} << 20 : level == 8 ? size_t{32} << 20 : size_t{64} << 20;
  }
  uint64_t encode_memory(size_t raw_size, Level level) const override {
    return decode_memory(raw_size, level) + kWordCountMemory + 2 * max_coded(raw_size);
  }
  uint64_t decode_memory(size_t raw_size, Level level) const override {
    const auto coded = checked_cast<size_t>(max_coded(raw_size));
    uint64_t pack = 0;
    for (const auto& info : text::all_packs()) pack = std::max<uint64_t>(pack, info.size);
    return text::mixing_memory(
               {.shape = shape_of(level), .stride = 0, .code = {}, .size = coded + pack}) +
           kPrimerCopies * pack + coded + (uint64_t{8} << 20);
  }
  // The model's decoder is its encoder, in integers; the transforms are undone and compared here.
  bool verify_after_encode() const override { return false; }

  // The fastest model, on the sample.
  Result<uint64_t> estimate(const BlockView& sample, Level, Scratch*) const override {
    const Prepared prepared(sample.bytes, word_options(kFirstShape, sample.bytes.size()),
                            kFirstShape);
    ByteBuffer out;
    PITH_ASSIGN(const bool smaller,
                prepared.encode(prepared.head, prepared.text(), sample.bytes.size(), out));
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
    const Prepared prepared(raw, word_options(shape, raw.size()), shape);
    Head head = prepared.head;
    const PackId pack = options.prime ? text::guess_pack(raw) : PackId::kNone;
    bool found = false;
    if (pack != PackId::kNone && raw.size() > kMaxTwice && prepared.text().size() >= kTrialPiece) {
      PITH_ASSIGN(const bool pays, pays_on_pieces(prepared, pack));
      if (pays) head.pack = pack;
    } else if (pack != PackId::kNone) {
      head.pack = pack;
      PITH_ASSIGN(found, prepared.encode(head, prepared.text(), raw.size(), out));
      if (found) decode_memory = prepared.decode_memory(head);
      head.pack = PackId::kNone;
    }
    ByteBuffer payload;
    const size_t room = found ? out.size() : raw.size();
    PITH_ASSIGN(const bool smaller, prepared.encode(head, prepared.text(), room, payload));
    if (smaller) {
      std::swap(out, payload);
      decode_memory = prepared.decode_memory(head);
    }
    return found || smaller ? EncodeOutcome::kEncoded : EncodeOutcome::kDeclined;
  }

  Result<void> do_decode(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                         Scratch*) const override {
    ByteReader reader(payload);
    PITH_ASSIGN(const Head head, read_head(reader, raw.size()));
    if (!budget.reserve(kPrimerCopies * text::primer_limit(head.pack))) {
      return fail(ErrorCode::kDamaged, "a text block declares too little memory");
    }
    PITH_ASSIGN(const auto decoder,
                text::make_mixing_decoder(setup_of(head), reader.rest(), budget));
    PITH_ASSIGN(const ByteView front, decoder->decode(head.body));
    std::optional<text::WordCoder> words;
    if (text::has_words(head.transform)) {
      PITH_ASSIGN(words, text::read_words(head.transform, front, budget));
      decoder->set_words(words->alphabet());
    }
    if (head.pack != PackId::kNone) {
      PITH_ASSIGN(const ByteBuffer primer, text::make_primer(head.pack, head.transform, head.mode,
                                                             words ? &*words : nullptr));
      decoder->prime(primer);
    }
    PITH_ASSIGN(const ByteView text, decoder->decode(head.coded - head.body));
    if (!decoder->at_end()) return fail(ErrorCode::kDamaged, "a text block has a tail");
    return text::invert_transform(head.transform, front, text, raw, budget);
  }
};

}  // namespace

const Codec& text_codec() {
  static const TextCodec codec;
  return codec;
}

}  // namespace pith

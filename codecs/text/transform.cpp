#include "codecs/text/transform.h"

#include <cstring>

#include "codecs/text/line_wrap.h"
#include "codecs/text/x86_filter.h"

namespace pith::text {
namespace {

// A mode byte, then the filtered bytes.
Result<void> invert_code(ByteView coded, MutableBytes raw) {
  if (coded.size() != raw.size() + 1) {
    return fail(ErrorCode::kDamaged, "filtered code has the wrong size");
  }
  const auto mode = static_cast<uint8_t>(coded[0]);
  if (mode != static_cast<uint8_t>(X86Mode::k32) && mode != static_cast<uint8_t>(X86Mode::k64)) {
    return fail(ErrorCode::kDamaged, "unknown x86 filter");
  }
  if (!raw.empty()) std::memcpy(raw.data(), coded.data() + 1, raw.size());
  invert_x86(static_cast<X86Mode>(mode), raw);
  return {};
}

Result<void> invert_words(ByteReader& reader, MutableBytes text, MemoryBudget& budget) {
  PITH_ASSIGN(const WordCoder coder, WordCoder::parse({}, reader, budget));
  return coder.decode(reader.rest(), text);
}

}  // namespace

Transformed apply_transform(ByteView raw, const std::optional<WordOptions>& words,
                            ByteBuffer& out) {
  out.clear();
  if (const X86Mode mode = detect_x86(raw); mode != X86Mode::kNone) {
    out.push_back(static_cast<std::byte>(mode));
    out.append(raw);
    apply_x86(mode, MutableBytes(out).subspan(1));
    return {.kind = Transform::kX86, .decode_memory = 0, .body = 1, .words = {}};
  }
  ByteBuffer unwrapped;
  const std::optional<uint8_t> mark = unwrap_lines(raw, unwrapped);
  const ByteView text = mark ? ByteView(unwrapped) : raw;
  ByteWriter writer(out);
  if (mark) writer.u8(*mark);
  if (words) {
    auto coder = WordCoder::learn(text, *words);
    if (coder) {
      if (mark) writer.u32(checked_cast<uint32_t>(text.size()));
      coder->write_header({}, writer);
      const size_t body = out.size();
      coder->encode(text, out);
      if (out.size() < text.size()) {
        const uint64_t memory = coder->memory() + (mark ? text.size() : 0);
        return {.kind = mark ? Transform::kLinesWords : Transform::kWords,
                .decode_memory = memory,
                .body = body,
                .words = std::move(coder)};
      }
      out.resize(mark ? 1 : 0);
    }
  }
  if (!mark) return {};
  out.append(text);
  return {.kind = Transform::kLines, .decode_memory = 0, .body = 1, .words = {}};
}

Result<WordAlphabet> read_alphabet(Transform kind, ByteView head, MemoryBudget& budget) {
  ByteReader reader(head);
  if (kind == Transform::kLinesWords) {
    reader.u8();
    reader.u32();
  }
  PITH_ASSIGN(const WordCoder coder, WordCoder::parse({}, reader, budget));
  budget.release(coder.memory());
  if (!reader.rest().empty()) return fail(ErrorCode::kDamaged, "the list of words has a tail");
  return coder.alphabet();
}

Result<void> invert_transform(Transform kind, ByteView coded, MutableBytes raw,
                              MemoryBudget& budget) {
  ByteReader reader(coded);
  switch (kind) {
    case Transform::kNone:
      if (coded.size() != raw.size()) {
        return fail(ErrorCode::kDamaged, "the block has the wrong size");
      }
      if (!raw.empty()) std::memcpy(raw.data(), coded.data(), raw.size());
      return {};
    case Transform::kWords:
      return invert_words(reader, raw, budget);
    case Transform::kX86:
      return invert_code(coded, raw);
    case Transform::kLines: {
      const uint8_t mark = reader.u8();
      if (!reader.ok()) return fail(ErrorCode::kDamaged, "the unwrapped text is cut short");
      return rewrap_lines(mark, reader.rest(), raw);
    }
    case Transform::kLinesWords: {
      const uint8_t mark = reader.u8();
      const uint64_t size = reader.u32();
      if (!reader.ok() || !budget.reserve(size)) {
        return fail(ErrorCode::kDamaged, "the unwrapped text is damaged");
      }
      ByteBuffer unwrapped(size);
      PITH_TRY(invert_words(reader, unwrapped, budget));
      return rewrap_lines(mark, unwrapped, raw);
    }
  }
  return fail(ErrorCode::kDamaged, "unknown transform");
}

bool restores(const Transformed& transformed, ByteView coded, ByteView raw) {
  if (transformed.kind == Transform::kNone) return true;
  ByteBuffer back(raw.size());
  MemoryBudget budget(transformed.decode_memory);
  return invert_transform(transformed.kind, coded, back, budget).has_value() && equal(back, raw);
}

}  // namespace pith::text

#include "codecs/text/transform.h"

#include <cstring>

#include "codecs/text/line_wrap.h"
#include "codecs/text/x86_filter.h"

namespace pith::text {
namespace {

Result<void> invert_code(uint8_t mode, ByteView code, MutableBytes raw) {
  if (code.size() != raw.size()) {
    return fail(ErrorCode::kDamaged, "filtered code has the wrong size");
  }
  if (mode != static_cast<uint8_t>(X86Mode::k32) && mode != static_cast<uint8_t>(X86Mode::k64)) {
    return fail(ErrorCode::kDamaged, "unknown x86 filter");
  }
  if (!raw.empty()) std::memcpy(raw.data(), code.data(), raw.size());
  invert_x86(static_cast<X86Mode>(mode), raw);
  return {};
}

// A coded block, read from its head; the text follows there or lies apart.
struct CodedBlock {
  ByteReader head;
  std::optional<ByteView> apart;

  // What follows the bytes of the head read so far.
  Result<ByteView> text() {
    if (!head.ok())
      return fail(ErrorCode::kDamaged, "the head of a transformed block is cut short");
    if (!apart) return head.rest();
    if (!head.rest().empty())
      return fail(ErrorCode::kDamaged, "a transformed block's head has a tail");
    return *apart;
  }
};

Result<void> invert_words(CodedBlock& coded, MutableBytes raw, MemoryBudget& budget) {
  PITH_ASSIGN(const WordCoder coder, WordCoder::parse({}, coded.head, budget));
  PITH_ASSIGN(const ByteView text, coded.text());
  return coder.decode(text, raw);
}

Result<void> invert(Transform kind, CodedBlock coded, MutableBytes raw, MemoryBudget& budget) {
  switch (kind) {
    case Transform::kNone: {
      PITH_ASSIGN(const ByteView text, coded.text());
      if (text.size() != raw.size()) {
        return fail(ErrorCode::kDamaged, "the block has the wrong size");
      }
      if (!raw.empty()) std::memcpy(raw.data(), text.data(), raw.size());
      return {};
    }
    case Transform::kWords:
      return invert_words(coded, raw, budget);
    case Transform::kX86: {
      const uint8_t mode = coded.head.u8();
      PITH_ASSIGN(const ByteView code, coded.text());
      return invert_code(mode, code, raw);
    }
    case Transform::kLines: {
      const uint8_t mark = coded.head.u8();
      PITH_ASSIGN(const ByteView text, coded.text());
      return rewrap_lines(mark, text, raw);
    }
    case Transform::kLinesWords: {
      const uint8_t mark = coded.head.u8();
      const uint64_t size = coded.head.u32();
      if (!coded.head.ok() || !budget.reserve(size)) {
        return fail(ErrorCode::kDamaged, "the unwrapped text is damaged");
      }
      ByteBuffer unwrapped(size);
      PITH_TRY(invert_words(coded, unwrapped, budget));
      return rewrap_lines(mark, unwrapped, raw);
    }
  }
  return fail(ErrorCode::kDamaged, "unknown transform");
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

Result<WordCoder> read_words(Transform kind, ByteView head, MemoryBudget& budget) {
  ByteReader reader(head);
  if (kind == Transform::kLinesWords) {
    reader.u8();
    reader.u32();
  }
  return WordCoder::parse({}, reader, budget);
}

Result<void> invert_transform(Transform kind, ByteView coded, MutableBytes raw,
                              MemoryBudget& budget) {
  return invert(kind, {.head = ByteReader(coded), .apart = {}}, raw, budget);
}

Result<void> invert_transform(Transform kind, ByteView head, ByteView text, MutableBytes raw,
                              MemoryBudget& budget) {
  return invert(kind, {.head = ByteReader(head), .apart = text}, raw, budget);
}

bool restores(const Transformed& transformed, ByteView coded, ByteView raw) {
  if (transformed.kind == Transform::kNone) return true;
  ByteBuffer back(raw.size());
  MemoryBudget budget(transformed.decode_memory);
  return invert_transform(transformed.kind, coded, back, budget).has_value() && equal(back, raw);
}

}  // namespace pith::text

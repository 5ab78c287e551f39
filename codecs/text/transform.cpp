#include "codecs/text/transform.h"

#include <cstring>

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

}  // namespace

Transformed apply_transform(ByteView raw, Purpose purpose, ByteBuffer& out) {
  out.clear();
  if (const X86Mode mode = detect_x86(raw); mode != X86Mode::kNone) {
    out.push_back(static_cast<std::byte>(mode));
    out.append(raw);
    apply_x86(mode, MutableBytes(out).subspan(1));
    return {Transform::kX86, 0};
  }
  const auto coder = WordCoder::learn(raw, WordOptions::for_block(purpose, raw.size()));
  if (!coder) return {};
  ByteWriter writer(out);
  coder->write_header({}, writer);
  coder->encode(raw, out);
  if (out.size() >= raw.size()) {
    out.clear();
    return {};
  }
  return {Transform::kWords, coder->memory()};
}

Result<void> invert_transform(Transform kind, ByteView coded, MutableBytes raw,
                              MemoryBudget& budget) {
  switch (kind) {
    case Transform::kNone:
      if (coded.size() != raw.size()) {
        return fail(ErrorCode::kDamaged, "the block has the wrong size");
      }
      if (!raw.empty()) std::memcpy(raw.data(), coded.data(), raw.size());
      return {};
    case Transform::kWords: {
      ByteReader reader(coded);
      PITH_ASSIGN(const WordCoder coder, WordCoder::parse({}, reader, budget));
      return coder.decode(reader.rest(), raw);
    }
    case Transform::kX86:
      return invert_code(coded, raw);
  }
  return fail(ErrorCode::kDamaged, "unknown transform");
}

}  // namespace pith::text

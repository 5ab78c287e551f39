#include "codecs/text/primer.h"

#include "codecs/text/line_wrap.h"
#include "codecs/text/x86_filter.h"

namespace pith::text {

size_t primer_limit(PackId pack) {
  for (const PackInfo& info : all_packs()) {
    if (info.id == pack) return info.size;
  }
  return 0;
}

Result<ByteBuffer> make_primer(PackId pack, Transform kind, uint8_t mode, const WordCoder* words) {
  PITH_ASSIGN(const ByteView bytes, pack_bytes(pack));
  ByteBuffer primer;
  const bool lines = kind == Transform::kLines || kind == Transform::kLinesWords;
  if (!lines || !unwrap_lines(bytes, primer)) primer.append(bytes);
  if (kind == Transform::kX86 && mode <= static_cast<uint8_t>(X86Mode::k64)) {
    apply_x86(static_cast<X86Mode>(mode), primer);
  }
  if (words != nullptr) {
    ByteBuffer coded;
    words->encode(primer, coded);
    std::swap(primer, coded);
  }
  if (primer.size() > bytes.size()) primer.resize(bytes.size());
  return primer;
}

}  // namespace pith::text

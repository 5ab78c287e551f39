#include "codecs/text/primer.h"

#include "codecs/text/line_wrap.h"
#include "codecs/text/x86_filter.h"

namespace pith::text {

Result<ByteBuffer> make_primer(PackId pack, Transform kind, uint8_t mode) {
  ByteBuffer primer;
  PITH_ASSIGN(const ByteView bytes, pack_bytes(pack));
  const bool lines = kind == Transform::kLines || kind == Transform::kLinesWords;
  if (!lines || !unwrap_lines(bytes, primer)) primer.append(bytes);
  if (kind == Transform::kX86 && mode <= static_cast<uint8_t>(X86Mode::k64)) {
    apply_x86(static_cast<X86Mode>(mode), primer);
  }
  return primer;
}

}  // namespace pith::text

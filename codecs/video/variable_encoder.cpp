#include "codecs/array/values.h"
#include "codecs/video/digits.h"
#include "codecs/video/near_search.h"
#include "codecs/video/numbers.h"
#include "codecs/video/variable_coder.h"

namespace pith::video {
namespace {

// Calls code_clip(volume, cells, writer) for the grid that becomes a clip and packs the others.
template <class Word, class F>
Result<bool> encode(const array::Variable& variable, ByteView original, std::span<Word> cells,
                    ByteWriter& out, F&& code_clip) {
  const std::vector<array::Grid> grids = array::grids_of(variable);
  const auto chosen = clip_grid(variable, grids);
  if (!chosen) return false;
  array::take_apart<Word>(variable, original, cells);
  size_t at = 0;
  for (size_t i = 0; i < grids.size(); ++i) {
    const auto part = cells.subspan(at, static_cast<size_t>(grids[i].cells()));
    at += part.size();
    if (i != *chosen) {
      write_packed(std::as_bytes(part), out);
      continue;
    }
    PITH_ASSIGN(const bool done, code_clip(*volume_of(grids[i]), part));
    if (!done) return false;
  }
  return true;
}

template <class Word>
Result<bool> encode_near_words(const array::Variable& variable, ByteView original, const Wish& wish,
                               MutableBytes restored, ByteBuffer& code) {
  std::vector<Word> cells(static_cast<size_t>(array::cell_count(variable)));
  ByteWriter out(code);
  // The coder is known when the clip is.
  ByteBuffer body;
  ByteWriter writer(body);
  Coder coder = Coder::kHevc;
  PITH_ASSIGN(const bool done, encode<Word>(variable, original, cells, writer,
                                            [&](const Volume& volume, std::span<Word> part) {
                                              return write_near<Word>(variable, volume, wish, part,
                                                                      coder, writer);
                                            }));
  if (!done) return false;
  out.u8(static_cast<uint8_t>(coder));
  out.bytes(body);
  array::put_together<Word>(variable, cells, restored);
  return true;
}

template <class Word>
Result<bool> encode_exact_words(const array::Variable& variable, ByteView original, int level,
                                ByteBuffer& code) {
  std::vector<Word> cells(static_cast<size_t>(array::cell_count(variable)));
  ByteWriter out(code);
  out.u8(static_cast<uint8_t>(Coder::kFfv1));
  return encode<Word>(variable, original, cells, out,
                      [&](const Volume& volume, std::span<Word> part) -> Result<bool> {
                        if (!has_room(Coder::kFfv1, digit_shape(volume), volume)) return false;
                        PITH_TRY(write_digits<Word>(volume, part, level, out));
                        return true;
                      });
}

}  // namespace

Result<bool> encode_near(const array::Variable& variable, ByteView original, const Wish& wish,
                         MutableBytes restored, ByteBuffer& code) {
  if (!has_doubles(variable.type)) return false;
  return array::needs_wide_words(variable)
             ? encode_near_words<uint64_t>(variable, original, wish, restored, code)
             : encode_near_words<uint32_t>(variable, original, wish, restored, code);
}

Result<bool> encode_exact(const array::Variable& variable, ByteView original, int level,
                          ByteBuffer& code) {
  return array::needs_wide_words(variable)
             ? encode_exact_words<uint64_t>(variable, original, level, code)
             : encode_exact_words<uint32_t>(variable, original, level, code);
}

}  // namespace pith::video

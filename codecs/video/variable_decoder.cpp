#include "base/varint.h"
#include "codecs/array/values.h"
#include "codecs/video/digits.h"
#include "codecs/video/guard.h"
#include "codecs/video/restore.h"
#include "codecs/video/variable_coder.h"

namespace pith::video {
namespace {

template <class Word>
Result<void> decode_near(ByteReader& in, Coder coder, const Volume& volume, std::span<Word> cells,
                         MemoryBudget& budget) {
  const uint8_t order = in.u8();
  const uint64_t inner = read_varint(in);
  const uint8_t planes = in.u8();
  const uint8_t depth = in.u8();
  const uint8_t has_guard = in.u8();
  Arrangement arrangement{.volume = volume, .order = static_cast<Order>(order)};
  if (!in.ok() || order >= kOrders || inner > volume.slices || has_guard > 1 || planes == 0 ||
      planes > 3 || depth > 16) {
    return damaged("the head of a variable");
  }
  arrangement.inner = static_cast<uint32_t>(inner);
  if (!arrangement.is_valid()) return damaged("its arrangement");
  PITH_ASSIGN(const BandTransform transform, read_transform(in, arrangement.bands()));
  PITH_ASSIGN(const Mask<Word> mask, read_mask<Word>(in, volume.cells(), budget));
  const ClipShape shape = shape_of(arrangement, transform.components, coder, planes, depth);
  const uint64_t before = budget.left();
  PITH_ASSIGN(std::vector<uint16_t> samples, read_clip(in, coder, shape, budget));
  restore_cells<Word>(arrangement, transform, shape, samples, mask, cells);
  samples = {};
  budget.release(before - budget.left());
  if (has_guard != 0) PITH_TRY(read_guard<Word>(in, volume.type, mask, cells, budget));
  return {};
}

template <class Word>
Result<void> decode(const array::Variable& variable, ByteView code, MutableBytes bytes,
                    MemoryBudget& budget) {
  const uint64_t before = budget.left();
  const std::vector<array::Grid> grids = array::grids_of(variable);
  const auto chosen = clip_grid(variable, grids);
  if (!chosen) return damaged("no video fits its numbers");
  const uint64_t count = array::cell_count(variable);
  // Cells and a copy of them, and of the bytes.
  if (!budget.reserve(2 * count * sizeof(Word) + bytes.size())) return damaged(kTooMuch);
  std::vector<Word> cells(static_cast<size_t>(count));
  ByteReader in(code);
  const uint8_t coder = in.u8();
  if (!in.ok() || coder >= kCoders) return damaged("its coder");
  size_t at = 0;
  for (size_t i = 0; i < grids.size(); ++i) {
    const auto part = std::span(cells).subspan(at, static_cast<size_t>(grids[i].cells()));
    at += part.size();
    if (i != *chosen) {
      PITH_TRY(read_packed(in, std::as_writable_bytes(part), budget));
    } else if (static_cast<Coder>(coder) == Coder::kFfv1) {
      PITH_TRY(read_digits<Word>(in, *volume_of(grids[i]), part, budget));
    } else {
      PITH_TRY(
          decode_near<Word>(in, static_cast<Coder>(coder), *volume_of(grids[i]), part, budget));
    }
  }
  if (!in.finished()) return damaged("a variable has a tail");
  array::put_together<Word>(variable, cells, bytes);
  budget.release(before - budget.left());
  return {};
}

}  // namespace

std::optional<size_t> clip_grid(const array::Variable& variable,
                                std::span<const array::Grid> grids) {
  if (variable.form == array::Form::kPng) return std::nullopt;
  std::optional<size_t> best;
  for (size_t i = 0; i < grids.size(); ++i) {
    if (grids[i].cells() < kLeastCells || !volume_of(grids[i])) continue;
    if (!best || grids[i].cells() > grids[*best].cells()) best = i;
  }
  return best;
}

Result<void> decode_variable(const array::Variable& variable, ByteView code, MutableBytes bytes,
                             MemoryBudget& budget) {
  return array::needs_wide_words(variable) ? decode<uint64_t>(variable, code, bytes, budget)
                                           : decode<uint32_t>(variable, code, bytes, budget);
}

}  // namespace pith::video

#include "codecs/array/row_decoder.h"

#include "codecs/array/token.h"
#include "codecs/array/with_predictor.h"

#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codecs/array/row_decoder.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::array {
namespace HWY_NAMESPACE {

template <bool kRef, bool kClasses, class Predictor>
void decode_by(TokenStream& stream, const RowAhead& row, const Limits<uint32_t>& limits,
               const Predictor& predictor, ptrdiff_t begin, size_t count,
               uint8_t* HWY_RESTRICT tokens, uint32_t* keys) {
  // Copies stay in registers; what is reached by references is written back at each store.
  SymbolCursor symbols = stream.symbols;
  BitReader raw = stream.raw;
  const SymbolTable* const* const tables = stream.tables.data();
  const uint16_t* const sums = row.sums;
  const uint8_t* const classes = row.classes;
  const Limits<uint32_t> range = limits;
  size_t token = tokens[-1];
  uint32_t left = keys[-1];
  for (size_t i = 0; i < count; ++i) {
    if (kClasses && classes[i] != 0) {
      tokens[i] = static_cast<uint8_t>(token);
      keys[i] = left;
      continue;
    }
    // The cell before stands for a reference that is missing.
    const SymbolTable& table = *tables[sums[i] + (kRef ? 2 : 4) * token];
    token = symbols.next_unchecked(table);
    tokens[i] = static_cast<uint8_t>(token);
    const TokenSize& size = kTokenSizes[token];
    const uint32_t folded = static_cast<uint32_t>(size.least | raw.take_quickly(size));
    const uint32_t residual = unfold(folded);
    const Guess guess = predictor(begin + static_cast<ptrdiff_t>(i), left);
    left = range.clamp(guess.value) + (guess.above ? 0U - residual : residual);
    keys[i] = left;
  }
  stream.symbols = symbols;
  stream.raw = raw;
}

void DecodeCells(TokenStream& stream, const RowAhead& row, size_t begin, size_t count,
                 uint8_t* tokens, uint32_t* keys) {
  const Limits<uint32_t> limits(row.highest);
  with_predictor(row.rows, row.band, row.place, weighing_shift(row.highest), [&](auto predictor) {
    using P = decltype(predictor);
    const auto decode = row.classes == nullptr
                            ? row.has_ref ? decode_by<true, false, P> : decode_by<false, false, P>
                        : row.has_ref ? decode_by<true, true, P>
                                      : decode_by<false, true, P>;
    decode(stream, row, limits, predictor, static_cast<ptrdiff_t>(begin), count, tokens, keys);
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace pith::array
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pith::array {

HWY_EXPORT(DecodeCells);

void decode_cells(TokenStream& stream, const RowAhead& row, size_t begin, size_t count,
                  uint8_t* tokens, uint32_t* keys) {
  HWY_DYNAMIC_DISPATCH(DecodeCells)(stream, row, begin, count, tokens, keys);
}

}  // namespace pith::array
#endif

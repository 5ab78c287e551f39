#include "codecs/array/row_kernels.h"

#include <algorithm>
#include <array>
#include <bit>

#include "codecs/array/token.h"

#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codecs/array/row_kernels.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::array {
namespace HWY_NAMESPACE {

// token_of() by the bits of a float: its exponent and the two bits below the leading one. The bit
// below these is cleared, so that the float rounds to nothing larger.
HWY_INLINE uint8_t token_by_float(uint32_t value) {
  const uint32_t plain = value & ~(value >> 3);
  const auto bits = std::bit_cast<uint32_t>(static_cast<float>(static_cast<int32_t>(plain >> 1)));
  const uint32_t large = (bits >> 21) - (4 * 130 - 16);
  return static_cast<uint8_t>(value < 16 ? value : large);
}

template <class Int>
HWY_INLINE uint32_t residual(uint32_t key, Int prediction, Int highest) {
  const Int low = prediction < 0 ? 0 : prediction;
  const Int limited = low > highest ? highest : low;
  return fold(static_cast<uint32_t>(key - static_cast<uint32_t>(limited)));
}

template <Mode kMode, class Int>
void fold_by(const Rows<uint32_t>& rows, size_t ref, Int highest, size_t cols,
             uint32_t* HWY_RESTRICT folded) {
  const Rows<uint32_t> near = rows;
  for (size_t i = 0; i < cols; ++i) {
    const auto c = static_cast<ptrdiff_t>(i);
    folded[i] = residual<Int>(near.x[c], predict<kMode, Int>(near, ref, c), highest);
  }
}

void FoldRow(const Rows<uint32_t>& rows, Mode mode, size_t ref, uint32_t highest, size_t cols,
             uint32_t* HWY_RESTRICT folded, uint8_t* HWY_RESTRICT tokens) {
  with_mode(mode, [&](auto fixed) {
    constexpr Mode kMode = decltype(fixed)::value;
    if (highest <= kHighestNarrow) {
      fold_by<kMode, int32_t>(rows, ref, static_cast<int32_t>(highest), cols, folded);
    } else {
      fold_by<kMode, int64_t>(rows, ref, int64_t{highest}, cols, folded);
    }
  });
  for (size_t i = 0; i < cols; ++i) tokens[i] = token_by_float(folded[i]);
}

template <Mode kMode, class Int>
HWY_INLINE uint64_t cost_of_cells(const Window<uint32_t>& window, size_t count, size_t ref,
                                  Int highest) {
  const Rows<uint32_t> near = window.rows;
  uint32_t costs[kWindowCols];
  for (size_t i = 0; i < count; ++i) {
    const ptrdiff_t c = window.begin + static_cast<ptrdiff_t>(i);
    costs[i] =
        cost_of_residual(residual<Int>(near.x[c], predict<kMode, Int>(near, ref, c), highest));
  }
  uint32_t sum = 0;
  if (window.classes == nullptr) {
    for (size_t i = 0; i < count; ++i) sum += costs[i];
  } else {
    const uint8_t* const classes = window.classes + window.begin;
    for (size_t i = 0; i < count; ++i) sum += classes[i] == 0 ? costs[i] : 0;
  }
  return sum;
}

template <Mode kMode, class Int>
uint64_t cost_by(std::span<const Window<uint32_t>> windows, size_t ref, Int highest) {
  uint64_t cost = 0;
  for (const Window<uint32_t>& window : windows) {
    const auto count = static_cast<size_t>(window.end - window.begin);
    // Nearly all are as wide as can be, which makes loops of known length.
    cost += count == kWindowCols ? cost_of_cells<kMode, Int>(window, kWindowCols, ref, highest)
                                 : cost_of_cells<kMode, Int>(window, count, ref, highest);
  }
  return cost;
}

uint64_t CostOfWindows(std::span<const Window<uint32_t>> windows, Mode mode, size_t ref,
                       uint32_t highest) {
  uint64_t cost = 0;
  with_mode(mode, [&](auto fixed) {
    constexpr Mode kMode = decltype(fixed)::value;
    cost = highest <= kHighestNarrow
               ? cost_by<kMode, int32_t>(windows, ref, static_cast<int32_t>(highest))
               : cost_by<kMode, int64_t>(windows, ref, int64_t{highest});
  });
  return cost;
}

void LevelsOfRow(const uint8_t* t, const uint8_t* n, const uint8_t* p, size_t cols,
                 uint8_t* HWY_RESTRICT levels) {
  for (size_t i = 0; i < cols; ++i) {
    const auto c = static_cast<ptrdiff_t>(i);
    const auto sum = static_cast<uint16_t>(2 * (t[c - 1] + n[c] + p[c]) + n[c - 1] + n[c + 1]);
    const auto far = static_cast<uint16_t>(120 + (sum >> 4));
    levels[i] = static_cast<uint8_t>(sum < 128 ? sum : far);
  }
}

void SizesAround(const uint8_t* n, const uint8_t* p, size_t cols, uint16_t* HWY_RESTRICT sums) {
  if (n == nullptr) {
    for (size_t i = 0; i < cols; ++i) sums[i] = static_cast<uint16_t>(2 * p[i]);
    return;
  }
  if (p == nullptr) {
    for (size_t i = 0; i < cols; ++i) {
      const auto c = static_cast<ptrdiff_t>(i);
      sums[i] = static_cast<uint16_t>(2 * n[c] + n[c - 1] + n[c + 1]);
    }
    return;
  }
  for (size_t i = 0; i < cols; ++i) {
    const auto c = static_cast<ptrdiff_t>(i);
    sums[i] = static_cast<uint16_t>(2 * (n[c] + p[c]) + n[c - 1] + n[c + 1]);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pith::array
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pith::array {

HWY_EXPORT(FoldRow);
HWY_EXPORT(CostOfWindows);
HWY_EXPORT(LevelsOfRow);
HWY_EXPORT(SizesAround);

void fold_row(const Rows<uint32_t>& rows, Mode mode, size_t ref, uint32_t highest, size_t cols,
              uint32_t* folded, uint8_t* tokens) {
  HWY_DYNAMIC_DISPATCH(FoldRow)(rows, mode, ref, highest, cols, folded, tokens);
}

uint64_t cost_of_windows(std::span<const Window<uint32_t>> windows, Mode mode, size_t ref,
                         uint32_t highest) {
  return HWY_DYNAMIC_DISPATCH(CostOfWindows)(windows, mode, ref, highest);
}

void levels_of_row(const uint8_t* t, const uint8_t* n, const uint8_t* p, size_t cols,
                   uint8_t* levels) {
  HWY_DYNAMIC_DISPATCH(LevelsOfRow)(t, n, p, cols, levels);
}

void sizes_around(const uint8_t* n, const uint8_t* p, size_t cols, uint16_t* sums) {
  if (n == nullptr && p == nullptr) {
    std::fill_n(sums, cols, uint16_t{0});
    return;
  }
  HWY_DYNAMIC_DISPATCH(SizesAround)(n, p, cols, sums);
}

}  // namespace pith::array
#endif

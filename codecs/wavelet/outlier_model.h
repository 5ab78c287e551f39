// The model of outliers: which values are off by more than the bound after the transform, and by
// how many steps they are corrected.
//
// They lie together, and where the coefficients are large.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <span>
#include <vector>

#include "codecs/wavelet/field.h"
#include "codecs/wavelet/mixed_bit.h"

namespace pith::wavelet {

inline constexpr int kMostCorrection = 127;

class OutlierModel {
 public:
  // `coefficients`: of the whole field.
  OutlierModel(const FieldShape& shape, std::span<const int32_t> coefficients)
      : shape_(shape), coefficients_(coefficients), flags_(shape.cells() + shape.width + 2, 0) {
    for (auto& table : slots_) table.assign(kSlots, Slot(300, 4));
  }

  static uint64_t memory(const FieldShape& shape) {
    return shape.cells() + shape.width + kInputs * kSlots * sizeof(Slot) + 4096;
  }

  // The correction of cell (plane, y, x), in steps; cells are asked for in their order, but for
  // those that hold no value.
  template <class Coder>
  int code(Coder& coder, size_t plane, size_t y, size_t x, int wanted) {
    const size_t width = shape_.width;
    const size_t at = (plane * shape_.height + y) * width + x;
    const auto flag = [&](bool there, size_t back) -> size_t {
      return there && flags_[at - back] != 0 ? 1 : 0;
    };
    const size_t w = flag(x > 0, 1);
    const size_t n = flag(y > 0, width);
    const size_t nw = flag(x > 0 && y > 0, width + 1);
    const size_t ne = flag(y > 0 && x + 1 < width, width - 1);
    const size_t far = flag(x > 1, 2) + flag(y > 1, 2 * width);
    const size_t near = near_flags(plane, at);
    const size_t phase = (y % 2) * 2 + x % 2;
    const size_t fine = activity(plane, y, x, 1);
    const size_t coarse = activity(plane, y, x, 2);
    const size_t around = w * 8 + n * 4 + nw * 2 + ne;
    const std::array<size_t, kInputs> contexts = {
        around * 12 + phase * 3 + far, fine * 16 + phase * 4 + std::min<size_t>(w + n + nw + ne, 3),
        fine * 16 + coarse, near * 16 + coarse};
    std::array<Slot*, kInputs> slots;
    for (size_t i = 0; i < kInputs; ++i) slots[i] = &slots_[i][std::min(contexts[i], kSlots - 1)];
    if (!weights_.code(coder, wanted != 0, slots, kLimit)) return 0;
    flags_[at] = 1;
    const bool negative = coder.code(wanted < 0, 32768);
    int size = 1;
    while (size < kMostCorrection) {
      Slot& slot = sizes_[static_cast<size_t>(std::min(size, 15))];
      const bool more =
          coder.code(std::abs(wanted) > size, std::clamp<uint32_t>(slot.p16(), 16, 65520));
      slot.update(more ? 1 : 0, kLimit);
      if (!more) break;
      ++size;
    }
    return negative ? -size : size;
  }

 private:
  static constexpr size_t kInputs = 4;
  static constexpr size_t kSlots = 512;
  static constexpr uint32_t kLimit = 1000;

  size_t near_flags(size_t plane, size_t at) const {
    size_t sum = 0;
    for (const Axis& axis : shape_.axes) {
      if (place_along(axis, plane) == 0) continue;
      const uint8_t* there = flags_.data() + at - axis.stride * shape_.plane_cells();
      sum += 2U * there[0] + there[1];
      if (at > 0 && plane > axis.stride) sum += there[-1];
    }
    return std::min<size_t>(sum, 7);
  }

  // How large the coefficients of a level are around a cell, 0 to 15.
  size_t activity(size_t plane, size_t y, size_t x, unsigned level) const {
    size_t w = shape_.width;
    size_t h = shape_.height;
    for (unsigned i = 1; i < level; ++i) {
      w = (w + 1) / 2;
      h = (h + 1) / 2;
    }
    const size_t lw = (w + 1) / 2;
    const size_t lh = (h + 1) / 2;
    if (w < 5 || h < 5) return 0;
    const size_t bx = std::min(x >> level, w - lw - 1);
    const size_t by = std::min(y >> level, h - lh - 1);
    const int32_t* cells = coefficients_.data() + plane * shape_.plane_cells();
    const auto at = [&](size_t cy, size_t cx) -> uint64_t {
      return static_cast<uint64_t>(std::abs(int64_t{cells[cy * shape_.width + cx]}));
    };
    const uint64_t sum = at(by, lw + bx) + at(lh + by, bx) + at(lh + by, lw + bx);
    return std::min<size_t>(static_cast<size_t>(sum < 6 ? sum : 3 + std::bit_width(sum)), 15);
  }

  const FieldShape& shape_;
  std::span<const int32_t> coefficients_;
  std::vector<uint8_t> flags_;
  std::array<std::vector<Slot>, kInputs> slots_;
  std::array<Slot, 16> sizes_{};
  Weights<kInputs> weights_;
};

}  // namespace pith::wavelet

// The model of quantised coefficients.
//
// A number is coded as the bits that its magnitude needs, in unary; its sign; and the bits below
// the first. How large it will be is told by what lies near it: in its band, in the parent band, in
// bands of the other orientations at the same place, and in two planes before. A linear estimate of
// the magnitude, of which the weights follow the data, and these sums themselves are the contexts
// of decisions that are mixed.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "codecs/wavelet/field.h"
#include "codecs/wavelet/mixed_bit.h"

namespace pith::wavelet {

inline constexpr int32_t kMostMagnitude = (1 << 28) - 1;

// A row of numbers with zeros on both sides.
class PaddedRow {
 public:
  static constexpr size_t kMargin = 2;
  explicit PaddedRow(size_t width = 0) : cells_(width + 2 * kMargin, 0) {}
  void clear() { std::fill(cells_.begin(), cells_.end(), 0); }
  void load(const int32_t* from, size_t count) {
    std::copy_n(from, count, cells_.begin() + kMargin);
    std::fill_n(cells_.begin() + static_cast<std::ptrdiff_t>(kMargin + count), kMargin, 0);
  }
  int32_t& operator[](std::ptrdiff_t x) {
    return cells_[static_cast<size_t>(x + static_cast<std::ptrdiff_t>(kMargin))];
  }
  int32_t operator[](std::ptrdiff_t x) const {
    return cells_[static_cast<size_t>(x + static_cast<std::ptrdiff_t>(kMargin))];
  }

 private:
  std::vector<int32_t> cells_;
};

class CoefficientModel {
 public:
  explicit CoefficientModel(const FieldShape& shape)
      : shape_(shape), bands_(bands_of(shape.width, shape.height)) {
    for (auto& row : rows_) row = PaddedRow(shape.width);
    for (auto& table : slots_) table.assign(size_t{1} << slot_log(shape), Slot{});
    slot_shift_ = 64 - slot_log(shape);
    weights_.resize(kWeightSets);
    linear_.resize(kMostDepth * 4);
    tails_.assign(size_t{32} * 32, Slot{});
  }

  static uint64_t memory(const FieldShape& shape) {
    return kRows * (shape.width + 4) * 4 + (kInputs * sizeof(Slot) << slot_log(shape)) +
           kWeightSets * sizeof(Weights<kInputs>) + kMostDepth * 4 * sizeof(Linear) + 8192;
  }

  // Codes all numbers of a plane, or fills them; planes are asked for in their order.
  template <class Coder>
  void code_plane(Coder& coder, std::span<int32_t> numbers, size_t plane) {
    size_t near = 0;
    size_t far = 0;
    temporal_ = 0;
    for (const Axis& axis : shape_.axes) {
      const size_t back = step_back(axis, plane);
      if (back != 0 && near == 0) {
        near = back;
      } else if (back != 0 && far == 0) {
        far = back;
      }
      if (axis.levels > 0) temporal_ = std::min(3, level_along(axis, plane));
    }
    int32_t* const cells = numbers.data() + plane * shape_.plane_cells();
    const int32_t* const near_cells = near == 0 ? nullptr : cells - near * shape_.plane_cells();
    const int32_t* const far_cells = far == 0 ? nullptr : cells - far * shape_.plane_cells();
    const Band* siblings[2] = {nullptr, nullptr};
    for (const Band& band : bands_) {
      if (band.orientation == Orientation::kLow) {
        code_low(coder, band, cells, near_cells);
        continue;
      }
      if (band.orientation == Orientation::kAcross) siblings[0] = siblings[1] = nullptr;
      code_band(coder, band, cells, near_cells, far_cells, siblings);
      if (siblings[0] == nullptr) {
        siblings[0] = &band;
      } else {
        siblings[1] = &band;
      }
    }
  }

 private:
  enum RowNumber : size_t {
    kCurrent,
    kAbove,
    kAbove2,
    kNear,  // the plane before, at the same row, …
    kNearAbove,
    kNearBelow,
    kFar,
    kFarAbove,
    kFarBelow,
    kParent,
    kParentNext,  // the parent's row on the other side of it
    kSibling,
    kSibling2,
    kRows,
  };
  static constexpr size_t kInputs = 6;
  static constexpr int kMostSlots = 15;  // log2, of each input
  static constexpr size_t kMostDepth = 24;
  static constexpr size_t kFeatures = 14;
  static constexpr size_t kSteps = 32;  // of the unary code
  static constexpr size_t kWeightSets = 8 * kSteps * 2;
  static constexpr uint32_t kLimit = 500;

  static int slot_log(const FieldShape& shape) {
    return std::min(static_cast<int>(std::bit_width(shape.cells())) + 3, kMostSlots);
  }

  struct Linear {
    std::array<double, kFeatures> weights{0.20, 0.20, 0.06, 0.06, 0.03, 0.1,  0.02,
                                          0.03, 0.02, 0.1,  0.03, 0.1,  0.03, 0.0};
  };

  static double magnitude(int32_t v) { return static_cast<double>(v < 0 ? -v : v); }
  static int64_t absolute(int32_t v) { return v < 0 ? -int64_t{v} : int64_t{v}; }

  // In quarters of a power of two.
  static size_t log_bucket(double value, size_t most) {
    const auto scaled = static_cast<uint64_t>(std::clamp(value, 0.0, 1e9) * 16);
    if (scaled < 4) return static_cast<size_t>(scaled);
    const auto log = static_cast<size_t>(std::bit_width(scaled));  // 3 and up
    const size_t fine = static_cast<size_t>(scaled >> (log - 3)) & 3;
    return std::min(4 * (log - 2) + fine, most);
  }

  const int32_t* row_of(const int32_t* cells, const Band& band, size_t y) const {
    return cells + (band.y + y) * shape_.width + band.x;
  }

  // Loads a row of a band, or zeros where there is none.
  void load(RowNumber number, const int32_t* cells, const Band& band, std::ptrdiff_t y) {
    if (cells == nullptr || y < 0 || y >= static_cast<std::ptrdiff_t>(band.height)) {
      rows_[number].clear();
    } else {
      rows_[number].load(row_of(cells, band, static_cast<size_t>(y)), band.width);
    }
  }

  // The last low-pass band: what is left of a prediction by its neighbours.
  template <class Coder>
  void code_low(Coder& coder, const Band& band, int32_t* cells, const int32_t* near) {
    int64_t size = 0;  // of residuals lately, times 16
    for (size_t y = 0; y < band.height; ++y) {
      for (size_t x = 0; x < band.width; ++x) {
        const size_t at = y * shape_.width + x;
        const auto change = [&](size_t back) -> int64_t {
          return int64_t{cells[at - back]} - (near == nullptr ? 0 : near[at - back]);
        };
        int64_t prediction = near == nullptr ? 0 : near[at];
        if (x > 0 && y > 0) {
          prediction += (change(1) + change(shape_.width)) / 2;
        } else if (x > 0) {
          prediction += near == nullptr ? change(1) : change(1) / 2;
        } else if (y > 0) {
          prediction += near == nullptr ? change(shape_.width) : change(shape_.width) / 2;
        }
        const size_t bucket =
            std::min<size_t>(24, static_cast<size_t>(std::bit_width(static_cast<uint64_t>(size))));
        std::array<Slot*, kInputs> slots;
        const size_t known = near == nullptr ? 0 : 1;
        context_base_[0] = bucket;
        context_base_[1] = 32 + known;
        context_base_[2] = 64 + known * 8 + std::min<size_t>(x, 1) * 2 + std::min<size_t>(y, 1);
        context_base_[3] = 96 + bucket / 2;
        context_base_[4] = 128;
        context_base_[5] = 160 + known * 32 + bucket;
        const int64_t wanted =
            std::clamp<int64_t>(cells[at] - prediction, -kMostMagnitude, kMostMagnitude);
        const int64_t residual = code_number(coder, wanted, 0, 0, 0, slots);
        cells[at] = static_cast<int32_t>(
            std::clamp<int64_t>(prediction + residual, -kMostMagnitude, kMostMagnitude));
        size = (size * 3 + 16 * (residual < 0 ? -residual : residual)) / 4;
      }
    }
  }

  template <class Coder>
  void code_band(Coder& coder, const Band& band, int32_t* cells, const int32_t* near,
                 const int32_t* far, const Band* const* siblings) {
    const auto depth = static_cast<size_t>(std::min(band.depth, static_cast<int>(kMostDepth) - 1));
    const auto orientation = static_cast<size_t>(band.orientation);
    Linear& linear = linear_[depth * 4 + orientation];
    const Band* parent = band.parent < 0 ? nullptr : &bands_[static_cast<size_t>(band.parent)];
    const size_t kind = std::min<size_t>(depth, 3) * 4 + orientation;
    rows_[kAbove].clear();
    rows_[kAbove2].clear();
    for (size_t y = 0; y < band.height; ++y) {
      const auto sy = static_cast<std::ptrdiff_t>(y);
      rows_[kCurrent].clear();
      load(kNear, near, band, sy);
      load(kNearAbove, near, band, sy - 1);
      load(kNearBelow, near, band, sy + 1);
      load(kFar, far, band, sy);
      load(kFarAbove, far, band, sy - 1);
      load(kFarBelow, far, band, sy + 1);
      if (parent != nullptr) {
        load(kParent, cells, *parent, sy / 2);
        load(kParentNext, cells, *parent, sy % 2 == 0 ? sy / 2 - 1 : sy / 2 + 1);
      } else {
        rows_[kParent].clear();
        rows_[kParentNext].clear();
      }
      load_sibling(kSibling, cells, siblings[0], band, sy);
      load_sibling(kSibling2, cells, siblings[1], band, sy);
      int32_t* const out = cells + (band.y + y) * shape_.width + band.x;
      for (size_t x = 0; x < band.width; ++x) {
        const auto value = static_cast<int32_t>(code_coefficient(
            coder, out[x], static_cast<std::ptrdiff_t>(x), linear, kind, orientation));
        out[x] = value;
        rows_[kCurrent][static_cast<std::ptrdiff_t>(x)] = value;
      }
      std::swap(rows_[kAbove], rows_[kAbove2]);
      std::swap(rows_[kCurrent], rows_[kAbove]);
    }
  }

  void load_sibling(RowNumber number, const int32_t* cells, const Band* sibling, const Band& band,
                    std::ptrdiff_t y) {
    if (sibling == nullptr || y >= static_cast<std::ptrdiff_t>(sibling->height)) {
      rows_[number].clear();
      return;
    }
    rows_[number].clear();
    rows_[number].load(row_of(cells, *sibling, static_cast<size_t>(y)),
                       std::min(band.width, sibling->width));
  }

  template <class Coder>
  int64_t code_coefficient(Coder& coder, int32_t wanted, std::ptrdiff_t x, Linear& linear,
                           size_t kind, size_t orientation) {
    const auto m = [&](RowNumber row, std::ptrdiff_t at) { return magnitude(rows_[row][at]); };
    const std::ptrdiff_t p = x / 2;
    const std::ptrdiff_t q = x % 2 == 0 ? p - 1 : p + 1;
    std::array<double, kFeatures> f;
    f[0] = m(kCurrent, x - 1);
    f[1] = m(kAbove, x);
    f[2] = m(kAbove, x - 1) + m(kAbove, x + 1);
    f[3] = m(kCurrent, x - 2) + m(kAbove2, x);
    f[4] = m(kAbove, x + 2) + m(kAbove, x - 2) + m(kAbove2, x - 1) + m(kAbove2, x + 1);
    f[5] = m(kNear, x);
    f[6] = m(kNear, x - 1) + m(kNear, x + 1) + m(kNearAbove, x) + m(kNearBelow, x);
    f[7] = m(kFar, x);
    f[8] = m(kFar, x - 1) + m(kFar, x + 1) + m(kFarAbove, x) + m(kFarBelow, x);
    f[9] = m(kParent, p);
    f[10] = m(kParent, q) + m(kParentNext, p);
    f[11] = m(kSibling, x) + m(kSibling2, x);
    f[12] = m(kSibling, x - 1) + m(kSibling, x + 1) + m(kSibling2, x - 1) + m(kSibling2, x + 1);
    f[13] = 0.25;
    double estimate = 0;
    double norm = 4;
    for (size_t i = 0; i < kFeatures; ++i) {
      estimate += linear.weights[i] * f[i];
      norm += f[i] * f[i];
    }
    const double expected = std::max(estimate, 0.0);

    const double local = 2 * (f[0] + f[1]) + f[2] + f[3];
    const size_t e_fine = log_bucket(expected, 63);
    const size_t e = e_fine / 2;
    const size_t l = log_bucket(local / 4, 63) / 2;
    const size_t planes = log_bucket((2 * f[5] + f[6] + 2 * f[7] + f[8]) / 4, 63) / 4;
    const size_t family = log_bucket((2 * f[9] + f[10]) / 2, 63) / 4;
    const size_t sibling = log_bucket((2 * f[11] + f[12]) / 2, 63) / 4;
    const auto small = [](double v, double most) { return static_cast<size_t>(std::min(v, most)); };
    context_base_[0] = e_fine * 4 + static_cast<size_t>(temporal_);
    context_base_[1] = e * 16 + kind;
    context_base_[2] = l * 16 + planes;
    context_base_[3] = family * 16 + sibling;
    context_base_[4] = (small(f[0], 2) * 3 + small(f[1], 2)) * 27 + small(f[2], 2) * 9 +
                       small(f[3], 2) * 3 + small(f[5], 2);
    context_base_[5] = (planes * 16 + sibling) + (kind / 4) * 256;
    if (context_base_[5] > 511) context_base_[5] = 511;

    const auto sign = [&](RowNumber row, std::ptrdiff_t at) -> size_t {
      const int32_t v = rows_[row][at];
      return v == 0 ? 0 : v > 0 ? 1 : 2;
    };
    sign_context_ =
        (((sign(kCurrent, x - 1) * 3 + sign(kAbove, x)) * 3 + sign(kNear, x)) * 4 + orientation);
    sign_context2_ =
        ((sign(kFar, x) * 3 + sign(kNear, x)) * 3 + sign(kParent, p)) * 4 + orientation;

    std::array<Slot*, kInputs> slots;
    const int64_t value = code_number(coder, wanted, 1 + std::min<size_t>(e / 4, 6), e, 1, slots);
    // The estimate follows what was met.
    const double error = magnitude(static_cast<int32_t>(value)) - estimate;
    const double step = kLearn * error / norm;
    for (size_t i = 0; i < kFeatures; ++i) linear.weights[i] += step * f[i];
    return value;
  }

  static constexpr double kLearn = 0.08;

  // `set`: of weights. `size`: context of the bits below the first.
  template <class Coder>
  int64_t code_number(Coder& coder, int64_t wanted, size_t set, size_t size, size_t has_sign,
                      std::array<Slot*, kInputs>& slots) {
    const auto magnitude_wanted = static_cast<uint64_t>(wanted < 0 ? -wanted : wanted);
    const auto bits_wanted = static_cast<size_t>(std::bit_width(magnitude_wanted));
    size_t bits = 0;
    while (bits < 28) {
      for (size_t i = 0; i < kInputs; ++i) {
        const uint64_t key = (uint64_t{context_base_[i]} * kSteps + bits) * 2 + has_sign;
        slots[i] = &slots_[i][key * 0x9E3779B97F4A7C15ULL >> slot_shift_];
      }
      if (!weights_[(set * kSteps + bits) * 2 + has_sign].code(coder, bits_wanted > bits, slots,
                                                               kLimit)) {
        break;
      }
      ++bits;
    }
    if (bits == 0) return 0;
    uint64_t value = 1;
    for (size_t i = bits - 1; i-- > 0;) {
      const bool bit = (magnitude_wanted >> i & 1) != 0;
      const size_t depth = bits - 2 - i;
      bool got = false;
      if (depth < 2) {
        const size_t place = depth == 0 ? 0 : 1 + static_cast<size_t>(value & 1);
        got = code_alone(
            coder, bit,
            tails_[(std::min<size_t>(bits, 15) * 4 + place) * 16 + std::min<size_t>(size / 2, 15)]);
      } else {
        got = coder.code(bit, 32768);
      }
      value = value << 1 | (got ? 1 : 0);
    }
    bool negative = wanted < 0;
    if (has_sign == 0) {
      negative = code_alone(coder, negative, low_sign_);
    } else {
      const std::array<Slot*, 2> signs = {&sign_slots_[sign_context_],
                                          &sign_slots2_[sign_context2_]};
      negative = sign_weights_.code(coder, negative, signs, kLimit);
    }
    return negative ? -static_cast<int64_t>(value) : static_cast<int64_t>(value);
  }

  template <class Coder>
  static bool code_alone(Coder& coder, bool bit, Slot& slot) {
    const bool got = coder.code(bit, std::clamp<uint32_t>(slot.p16(), 64, 65536 - 64));
    slot.update(got ? 1 : 0, kLimit);
    return got;
  }

  const FieldShape& shape_;
  std::vector<Band> bands_;
  int temporal_ = 0;
  int slot_shift_ = 0;
  std::array<PaddedRow, kRows> rows_;
  std::array<std::vector<Slot>, kInputs> slots_;
  std::vector<Weights<kInputs>> weights_;
  std::vector<Linear> linear_;
  std::vector<Slot> tails_;
  Slot low_sign_;
  std::array<Slot, 128> sign_slots_{};
  std::array<Slot, 128> sign_slots2_{};
  Weights<2> sign_weights_;
  std::array<size_t, kInputs> context_base_{};
  size_t sign_context_ = 0;
  size_t sign_context2_ = 0;
};

}  // namespace pith::wavelet

// The model of a mask: which cells of a grid hold no value, and what stands there instead.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "codecs/arraymix/grid.h"
#include "codecs/model/history_map.h"
#include "codecs/model/logistic.h"

namespace pith::arraymix {
namespace m = pith::model;

class MaskModel {
 public:
  // `kinds`: of cells, the valid one among them, at most 256. `cells` is filled as cells are coded.
  MaskModel(const GridShape& shape, uint32_t kinds, std::span<uint8_t> cells)
      : shape_(shape), kinds_(kinds), cells_(cells) {
    for (auto& table : tables_) table.assign(size_t{1} << kLog, m::AdaptiveProbability{});
    trees_.assign(256 * 256, m::AdaptiveProbability{});
    for (auto& row : weights_) row = {20000, 20000, 20000, 20000};
  }

  // The kind of the next cell: 0 for a valid one.
  template <class Coder>
  uint8_t code(Coder& coder, uint8_t kind) {
    const size_t width = shape_.width;
    const size_t y = (shape_.first + row_) % shape_.height;
    const auto at = [&](size_t rows, ptrdiff_t dx) -> uint32_t {
      const auto x = static_cast<ptrdiff_t>(x_) + dx;
      if (x < 0 || x >= static_cast<ptrdiff_t>(width) || rows > row_) return 2;
      return cells_[(row_ - rows) * width + static_cast<size_t>(x)];
    };
    const auto bit_at = [&](size_t rows, ptrdiff_t dx) -> uint64_t {
      if (rows > y && rows < shape_.height) return 0;
      return at(rows, dx) == 1 ? 1 : at(rows, dx) != 0 ? 1 : 0;
    };
    uint64_t plane = 0;
    constexpr struct {
      size_t up;
      ptrdiff_t right;
    } kPlane[] = {{0, -1}, {1, 0},  {1, -1}, {1, 1},  {0, -2}, {2, 0},
                  {1, 2},  {1, -2}, {2, 1},  {2, -1}, {0, -3}, {3, 0}};
    for (const auto& c : kPlane) plane = plane << 1 | bit_at(c.up, c.right);
    uint64_t near = 0;
    uint64_t far = 0;
    const size_t back = shape_.near;
    if (back >= 3 && row_ >= back) {
      const size_t h = back;
      near = bit_at(h, 0) << 8 | bit_at(h, 1) << 7 | bit_at(h - 1, 0) << 6 | bit_at(h, -1) << 5 |
             bit_at(h + 1, 0) << 4 | bit_at(h, 2) << 3 | bit_at(h - 1, 1) << 2 |
             bit_at(h - 1, -1) << 1 | 1;
    }
    if (shape_.far >= 3 && row_ >= shape_.far)
      far = bit_at(shape_.far, 0) << 1 | bit_at(shape_.far, 1);
    const uint64_t keys[kContexts] = {plane >> 6, plane << 10 | near << 1,
                                      (plane >> 8) << 12 | near << 2 | far,
                                      (plane << 12 | near << 2 | far)};
    int stretched[kContexts];
    m::AdaptiveProbability* slots[kContexts];
    auto& weights = weights_[near];
    int64_t sum = 0;
    for (size_t c = 0; c < kContexts; ++c) {
      const uint64_t h = (keys[c] * 4 + c) * 0x9E3779B97F4A7C15ULL;
      slots[c] = &tables_[c][h >> (64 - kLog)];
      stretched[c] = m::stretch(slots[c]->p16());
      sum += int64_t{stretched[c]} * weights[c];
    }
    const int mixed =
        m::clamp_stretch(static_cast<int>(std::clamp<int64_t>(sum >> 16, -4000, 4000)));
    const uint32_t p = std::clamp<uint32_t>(m::squash(mixed), 4, 65536 - 4);
    const bool is_masked = coder.code(kind != 0, p);
    const uint32_t bit = is_masked ? 1 : 0;
    const int error = static_cast<int>(bit << 16) - static_cast<int>(m::squash(mixed));
    for (size_t c = 0; c < kContexts; ++c) {
      weights[c] = std::clamp(weights[c] + static_cast<int>((int64_t{stretched[c]} * error) >> 16),
                              -200000, 200000);
      slots[c]->update(bit, 1000);
    }
    uint8_t got = 0;
    if (is_masked) {
      got = 1;
      if (kinds_ > 2) {
        const uint32_t left = at(0, -1) == 2 ? 0 : at(0, -1);
        uint32_t node = 1;
        for (int k = 7; k >= 0; --k) {
          auto& slot = trees_[(left & 255) * 256 + node];
          const bool b =
              coder.code(((kind - 1U) >> k & 1) != 0, std::clamp<uint32_t>(slot.p16(), 4, 65532));
          slot.update(b ? 1 : 0, 250);
          node = node << 1 | static_cast<uint32_t>(b);
        }
        got = static_cast<uint8_t>(std::min<uint32_t>((node & 255) + 1, kinds_ - 1));
      }
    }
    cells_[row_ * width + x_] = got;
    if (++x_ == width) {
      x_ = 0;
      ++row_;
    }
    return got;
  }

  static constexpr uint64_t memory() {
    return sizeof(MaskModel) + (kContexts << kLog) * 4 + 256 * 256 * 4 + 4096;
  }

 private:
  static constexpr size_t kContexts = 4;
  static constexpr size_t kLog = 18;
  GridShape shape_;
  uint32_t kinds_;
  std::span<uint8_t> cells_;
  size_t row_ = 0;
  size_t x_ = 0;
  std::array<std::vector<m::AdaptiveProbability>, kContexts> tables_;
  std::vector<m::AdaptiveProbability> trees_;
  std::array<std::array<int32_t, kContexts>, 512> weights_;
};

}  // namespace pith::arraymix

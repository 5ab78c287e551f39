// Codes a field of few values (intensity, ring, classes) or of any numbers, given what is known
// around each point.
#pragma once

#include <algorithm>
#include <span>

#include "codecs/cloudmix/number_model.h"
#include "codecs/cloudmix/surroundings.h"

namespace pith::cloudmix {

// Values 0 to 255, bit by bit from the top.
class SmallValueCoder {
 public:
  explicit SmallValueCoder(size_t contexts) : model_(contexts, 16, kNodes, 400) {}
  static uint64_t memory() { return DecisionModel::memory(8, 16, kNodes); }

  template <class Bits>
  void code(Bits& bits, const Surroundings& around, std::span<int64_t> values) {
    for (size_t i = 0; i < values.size(); ++i) {
      const auto at = [&](uint32_t p) {
        return p == kNoPoint ? 256U : static_cast<uint32_t>(values[p]);
      };
      const uint32_t before = i > 0 ? static_cast<uint32_t>(values[i - 1]) : 256;
      const uint32_t left = around.left[i];
      const uint32_t left2 = left == kNoPoint ? kNoPoint : around.left[left];
      const uint32_t up = around.up[i];
      const uint32_t up_right = up != kNoPoint && up + 1 < i ? up + 1 : up;
      const uint32_t up_up = up == kNoPoint ? kNoPoint : around.up[up];
      const uint32_t l = at(left);
      const uint32_t l2 = at(left2);
      const uint32_t u = at(up);
      const uint32_t ur = at(up_right);
      const uint32_t uu = at(up_up);
      const auto range = static_cast<uint32_t>(signed_log(around.range[i]));
      // The next point in the file is known, but for its values.
      const uint32_t jump = surprise(around, i);
      const uint32_t next = i + 1 < values.size() ? surprise(around, i + 1) : 0;
      size_t c = 0;
      const auto add = [&](uint32_t value) {
        model_.set(c, value * 8 + static_cast<uint32_t>(c));
        ++c;
      };
      const uint32_t mean = (2 * l + l2 + 2 * u + ur) / 6;
      add(l << 5 | range >> 1);
      add(l << 9 | l2);
      add(l << 9 | u);
      add(mean << 9 | jump << 4 | next);
      add(static_cast<uint32_t>(around.line[i]) << 12 | range << 6 | (l >> 3));
      add(u << 9 | ur);
      add((l + l2 + 1) / 2 << 9 | (u + uu + 1) / 2);
      add(before << 9 | (at(left2) >> 4) << 5 | std::min(jump, 15U));
      uint32_t node = 1;
      const auto value = static_cast<uint32_t>(values[i]);
      for (uint32_t k = 8; k-- > 4;) node = node << 1 | model_.decide(bits, value >> k & 1, node);
      // The lower half has a line of nodes for each value of the upper one.
      const uint32_t line = (node & 15) + 1;
      uint32_t low = 1;
      for (uint32_t k = 4; k-- > 0;) {
        low = low << 1 | model_.decide(bits, value >> k & 1, line * kLine + low);
      }
      node = node << 4 | (low & 15);
      values[i] = node & 255;
    }
  }

 private:
  static constexpr size_t kNodes = 17 * kLine;

  static uint32_t surprise(const Surroundings& around, size_t i) {
    return std::min<uint32_t>(around.surprise[i], 15);
  }
  DecisionModel model_;
};

}  // namespace pith::cloudmix

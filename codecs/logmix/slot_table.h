// Hashed contexts of the model of logs: for each context and nibble the bit histories of the
// nibble's 15 nodes.
//
// A line of 64 bytes holds four check bytes and four slots of 15 states (node 1 is the root, node
// 2n + bit its child). A context that has no slot takes that of the four whose root has the least
// evidence.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "codecs/model/context_table.h"

namespace pith::logmix {

using model::State;

inline constexpr size_t kSlotsInLine = 4;
inline constexpr size_t kNodes = 15;

struct alignas(64) SlotLine {
  State states[64];
};

struct SlotPlace {
  State* line = nullptr;
  State check{};
};

class SlotTable {
 public:
  SlotTable() = default;
  // `lines`: zeroed.
  SlotTable(SlotLine* lines, size_t count) : lines_(lines), count_(static_cast<uint32_t>(count)) {}

  SlotPlace locate(uint64_t context) const {
    const uint64_t hash = (context ^ (context >> 32)) * 0xD6E8FEB86659FD93ULL;
    State* line = lines_[((hash >> 32) * count_) >> 32].states;
    __builtin_prefetch(line, 1);
    return {.line = line, .check = static_cast<State>((hash >> 20) & 0xFF)};
  }

  // Where a node 0 of the slot would be.
  static State* find(const SlotPlace& place) {
    State* line = place.line;
    const State check = place.check;
    const uint32_t hits =
        static_cast<uint32_t>(line[0] == check) | static_cast<uint32_t>(line[1] == check) << 1 |
        static_cast<uint32_t>(line[2] == check) << 2 | static_cast<uint32_t>(line[3] == check) << 3;
    if (hits != 0) [[likely]] {
      return line + 3 + kNodes * static_cast<uint32_t>(__builtin_ctz(hits));
    }
    size_t least = 0;
    for (size_t i = 1; i < kSlotsInLine; ++i) {
      if (line[kSlotsInLine + kNodes * i] < line[kSlotsInLine + kNodes * least]) least = i;
    }
    std::memset(line + kSlotsInLine + kNodes * least, 0, kNodes);
    line[least] = check;
    return line + 3 + kNodes * least;
  }

 private:
  SlotLine* lines_ = nullptr;
  uint32_t count_ = 0;
};

}  // namespace pith::logmix

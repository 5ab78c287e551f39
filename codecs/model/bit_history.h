// Bit histories: what a context has seen, in one byte.
//
// A history is a pair of bounded counts (n0, n1) and, when both are positive, the last bit. A bit
// raises its own count; the opposite count, when it is above 2, falls to min(n / 2 + 1, 7), since
// old contradicted evidence is worth little (the counts of Mahoney's PAQ6; bounds and discount as
// measured for pith). The smaller count stays at most 5, the larger at most kBound[smaller]. All
// states that can be reached are numbered by rising n0 + n1, so that a greater number means more
// evidence; state 0 has seen nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace pith::model {

struct BitHistory {
  uint8_t n0 = 0;
  uint8_t n1 = 0;
  uint8_t last = 0;  // 0 unless both counts are positive
  constexpr bool operator==(const BitHistory&) const = default;
};

inline constexpr size_t kBitHistories = 191;

namespace bit_history_detail {

inline constexpr std::array<uint8_t, 6> kBound = {41, 24, 12, 7, 5, 5};

constexpr bool is_permitted(int a, int b) {
  const int low = a < b ? a : b;
  const int high = a < b ? b : a;
  return low <= 5 && high <= kBound[static_cast<size_t>(low)];
}

constexpr BitHistory after(BitHistory state, int bit) {
  int own = bit != 0 ? state.n1 : state.n0;
  int other = bit != 0 ? state.n0 : state.n1;
  if (other > 2) other = other / 2 + 1 < 7 ? other / 2 + 1 : 7;
  ++own;
  while (!is_permitted(own, other)) --own;
  BitHistory next;
  next.n0 = static_cast<uint8_t>(bit != 0 ? other : own);
  next.n1 = static_cast<uint8_t>(bit != 0 ? own : other);
  next.last = static_cast<uint8_t>(next.n0 != 0 && next.n1 != 0 ? bit : 0);
  return next;
}

struct Table {
  std::array<BitHistory, kBitHistories> states{};
  std::array<std::array<uint8_t, 2>, kBitHistories> next{};
};

// Finds the reachable states, then sorts them by (n0 + n1, n0, last).
constexpr Table make_table() {
  Table table;
  size_t found = 1;
  for (size_t i = 0; i < found; ++i) {
    for (int bit = 0; bit < 2; ++bit) {
      const BitHistory state = after(table.states[i], bit);
      size_t k = 0;
      while (k < found && !(table.states[k] == state)) ++k;
      if (k == found) table.states[found++] = state;
    }
  }
  const auto key = [](const BitHistory& s) { return ((s.n0 + s.n1) * 64 + s.n0) * 2 + s.last; };
  for (size_t i = 1; i < found; ++i) {
    for (size_t k = i; k > 0 && key(table.states[k]) < key(table.states[k - 1]); --k) {
      const BitHistory swapped = table.states[k];
      table.states[k] = table.states[k - 1];
      table.states[k - 1] = swapped;
    }
  }
  for (size_t i = 0; i < found; ++i) {
    for (int bit = 0; bit < 2; ++bit) {
      const BitHistory state = after(table.states[i], bit);
      size_t k = 0;
      while (!(table.states[k] == state)) ++k;
      table.next[i][static_cast<size_t>(bit)] = static_cast<uint8_t>(k);
    }
  }
  return table;
}
inline constexpr Table kTable = make_table();

}  // namespace bit_history_detail

inline uint8_t next_history(uint8_t state, uint32_t bit) {
  return bit_history_detail::kTable.next[state][bit];
}

inline constexpr const std::array<BitHistory, kBitHistories>& bit_histories() {
  return bit_history_detail::kTable.states;
}

}  // namespace pith::model

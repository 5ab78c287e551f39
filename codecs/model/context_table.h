// Hashed contexts: for each context the bit histories of the byte that follows it, in a cache line.
//
// A line has four quarters of 16 bytes. The first: a check byte and the states of the 15 nodes of the
// first nibble's binary tree (node 1 is the root, node 2n + bit its child). The others: 1 + first
// nibble (0: free) and the states of the second nibble after that first one; of more than three first
// nibbles those with the least evidence give way. So a context costs one cache miss for a byte.
//
// Lines come in pairs that are neighbours in memory. A pair is found by all of a context but the last
// bit of the last byte, so that both lines can be fetched ahead while that bit is being coded; the bit
// says which line is tried first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace pith::model {

// The state of a node (bit_history.h). A type of its own: unlike uint8_t it aliases nothing else, so
// that writing one does not make the compiler load everything again.
enum class State : uint8_t {};

inline constexpr size_t kQuarter = 16;

struct alignas(64) ContextLine {
  State states[4 * kQuarter];
};

// A context without its last bit, looked up.
struct ContextPair {
  ContextLine* lines = nullptr;
  uint8_t check = 0;  // even
};

class ContextTable {
 public:
  ContextTable() = default;
  // `lines`: zeroed.
  ContextTable(ContextLine* lines, size_t count)
      : lines_(lines), pairs_(static_cast<uint32_t>(count / 2)) {}

  ContextPair locate(uint64_t context) const {
    const uint64_t hash = (context ^ (context >> 31)) * 0x9E3779B97F4A7C15ULL;
    ContextLine* lines = lines_ + (((hash >> 32) * pairs_) >> 32) * 2;
    __builtin_prefetch(lines, 1);
    __builtin_prefetch(lines + 1, 1);
    return {.lines = lines, .check = static_cast<uint8_t>((hash >> 24) & 0xFE)};
  }

  // The states of the first nibble after the context whose last bit is `bit`.
  static State* find(const ContextPair& pair, uint32_t bit) {
    const auto check = static_cast<State>(pair.check | bit);
    State* own = pair.lines[bit].states;
    State* other = pair.lines[bit ^ 1].states;
    if (own[0] == check || other[0] == check) [[likely]] {
      return own[0] == check ? own : other;
    }
    State* line = other[1] < own[1] ? other : own;
    std::memset(line, 0, sizeof(ContextLine));
    line[0] = check;
    return line;
  }

  // The states of the second nibble, in the line that find() gave.
  static State* second(State* line, uint32_t first_nibble) {
    const auto check = static_cast<State>(first_nibble + 1);
    // By arithmetic: which quarter it is cannot be foreseen, branches would often be wrong.
    const uint32_t quarter = static_cast<uint32_t>(line[kQuarter] == check) +
                             static_cast<uint32_t>(line[2 * kQuarter] == check) * 2 +
                             static_cast<uint32_t>(line[3 * kQuarter] == check) * 3;
    if (quarter != 0) [[likely]] return line + quarter * kQuarter;
    State* least = line + kQuarter;
    if (line[2 * kQuarter + 1] < least[1]) least = line + 2 * kQuarter;
    if (line[3 * kQuarter + 1] < least[1]) least = line + 3 * kQuarter;
    std::memset(least, 0, kQuarter);
    least[0] = check;
    return least;
  }

 private:
  ContextLine* lines_ = nullptr;
  uint32_t pairs_ = 0;
};

}  // namespace pith::model

// Hashed contexts: for each context and nibble the bit histories of the nibble's 15 nodes.
//
// A slot is 16 bytes: a check byte and the states of the nodes (node 1 is the root, node 2n + bit
// its child). Four slots share a cache line. A line is found by all of a context but its last bit,
// so that it can be fetched while that bit is being coded; the bit is part of the check. A context
// that has no slot takes that of the four whose root has the least evidence.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace pith::model {

// The state of a node (bit_history.h). A type of its own: unlike uint8_t it aliases nothing else,
// so that writing one does not make the compiler load everything again.
enum class State : uint8_t {};

inline constexpr size_t kSlot = 16;
inline constexpr size_t kSlotsPerLine = 4;

struct alignas(64) ContextLine {
  State states[kSlotsPerLine * kSlot];
};

// A context without its last bit, located.
struct ContextPlace {
  State* line = nullptr;
  uint8_t check = 0;  // even
};

class ContextTable {
 public:
  ContextTable() = default;
  // `lines`: zeroed; `count`: a multiple of kGroup.
  ContextTable(ContextLine* lines, size_t count)
      : lines_(lines), count_(static_cast<uint32_t>(count)) {}

  // Lines of a page of memory.
  static constexpr size_t kGroup = 64;

  // `context`: without the last bit.
  ContextPlace locate(uint64_t context) const {
    const uint64_t hash = hash_of(context);
    return fetch(((hash >> 32) * count_) >> 32, hash);
  }

  // The place of the second nibble, in the group of the first one's: it is on the same page, whose
  // address has been translated.
  ContextPlace locate_near(const ContextPlace& first, uint64_t context) const {
    const auto line = static_cast<uint64_t>(first.line - lines_->states) / sizeof(ContextLine);
    const uint64_t hash = hash_of(context);
    return fetch((line & ~uint64_t{kGroup - 1}) | ((line + (hash >> 58)) & (kGroup - 1)), hash);
  }

  // The slot of the context whose last bit is `bit`.
  static State* find(const ContextPlace& place, uint32_t bit) {
    State* line = place.line;
    const auto check = static_cast<State>(place.check | bit);
    // By arithmetic: which slot it is cannot be foreseen, branches would often be wrong.
    const uint32_t hits = static_cast<uint32_t>(line[0] == check) |
                          static_cast<uint32_t>(line[kSlot] == check) << 1 |
                          static_cast<uint32_t>(line[2 * kSlot] == check) << 2 |
                          static_cast<uint32_t>(line[3 * kSlot] == check) << 3;
    if (hits != 0) [[likely]]
      return line + kSlot * static_cast<uint32_t>(__builtin_ctz(hits));
    State* least = line;
    if (line[kSlot + 1] < least[1]) least = line + kSlot;
    if (line[2 * kSlot + 1] < least[1]) least = line + 2 * kSlot;
    if (line[3 * kSlot + 1] < least[1]) least = line + 3 * kSlot;
    std::memset(least, 0, kSlot);
    least[0] = check;
    return least;
  }

 private:
  static uint64_t hash_of(uint64_t context) {
    return (context ^ (context >> 31)) * 0x9E3779B97F4A7C15ULL;
  }
  ContextPlace fetch(uint64_t index, uint64_t hash) const {
    State* line = lines_[index].states;
    __builtin_prefetch(line, 1);
    return {.line = line, .check = static_cast<uint8_t>((hash >> 23) & 0xFE)};
  }

  ContextLine* lines_ = nullptr;
  uint32_t count_ = 0;
};

}  // namespace pith::model

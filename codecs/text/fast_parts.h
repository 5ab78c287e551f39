// The parts of the fast text model that need no vectors: its context table, history maps and state.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "codecs/model/bit_history.h"
#include "codecs/model/context_table.h"
#include "codecs/model/history_map.h"
#include "codecs/model/logistic.h"
#include "codecs/model/match_model.h"
#include "codecs/text/text_state.h"

namespace pith::text {

// Four or eight bytes as a number, the first one lowest, on every machine.
template <class Number>
Number load_little_endian(const void* bytes) {
  Number number;
  std::memcpy(&number, bytes, sizeof(number));
  if constexpr (std::endian::native == std::endian::big) {
    number = sizeof(number) == 8
                 ? static_cast<Number>(__builtin_bswap64(number))
                 : static_cast<Number>(__builtin_bswap32(static_cast<uint32_t>(number)));
  }
  return number;
}

// A line of the context table: four check bytes, then the states of four slots of 15 nodes each (a
// nibble; node 1 is the root, node 2n + bit its child). A line is found by all of a context but its
// last two bits, so that it can be fetched while these are being coded; they are part of the check.
struct alignas(64) FastLine {
  model::State states[64];
};

// A context without its last two bits, located.
struct FastPlace {
  model::State* line = nullptr;
  uint32_t check = 0;  // the two lowest bits are free
};

class FastTable {
 public:
  FastTable() = default;
  // `count`: a multiple of kGroup.
  FastTable(FastLine* lines, size_t count) : lines_(lines), count_(static_cast<uint32_t>(count)) {}

  // Lines of a page of memory.
  static constexpr size_t kGroup = 64;

  // `hash`: its upper half says where, its lowest bits are the check too.
  FastPlace locate(uint64_t hash) const { return fetch((hash >> 32) * count_ >> 32, hash); }

  // The line of the second nibble, in the group of the first one's: it is on the same page, whose
  // address has been translated. `second`: hash of the context and what is known of the byte.
  FastPlace locate_near(uint64_t hash, uint64_t second) const {
    const uint64_t line = (hash >> 32) * count_ >> 32;
    return fetch((line & ~uint64_t{kGroup - 1}) | ((line + (second >> 58)) & (kGroup - 1)), second);
  }

  // The slot of the context whose last two bits are `bits`: where a node 0 would be. A context that
  // has none takes that of the four whose root has the least evidence.
  static model::State* find(const FastPlace& place, uint32_t bits) {
    model::State* line = place.line;
    const uint32_t check = place.check | bits;
    const auto checks = load_little_endian<uint32_t>(line);
    const uint32_t differ = checks ^ (check * 0x01010101U);
    const uint32_t hits = (differ - 0x01010101U) & ~differ & 0x80808080U;
    if (hits != 0) [[likely]] {
      return line + kSlotAt[static_cast<size_t>(__builtin_ctz(hits))];
    }
    const uint32_t r0 = static_cast<uint32_t>(line[4]) << 2;
    const uint32_t r1 = static_cast<uint32_t>(line[4 + 15]) << 2 | 1;
    const uint32_t r2 = static_cast<uint32_t>(line[4 + 30]) << 2 | 2;
    const uint32_t r3 = static_cast<uint32_t>(line[4 + 45]) << 2 | 3;
    const uint32_t a = r0 < r1 ? r0 : r1;
    const uint32_t b = r2 < r3 ? r2 : r3;
    const size_t slot = (a < b ? a : b) & 3;
    std::memset(line + 4 + 15 * slot, 0, 15);
    line[slot] = static_cast<model::State>(check);
    return line + 3 + 15 * slot;
  }

 private:
  FastPlace fetch(uint64_t index, uint64_t hash) const {
    model::State* line = lines_[index].states;
    __builtin_prefetch(line, 1);
    return {.line = line, .check = static_cast<uint32_t>(hash >> 32) & 0xFC};
  }

  static constexpr std::array<uint8_t, 32> kSlotAt = [] {
    std::array<uint8_t, 32> table{};
    for (uint32_t i = 0; i < 32; ++i) table[i] = static_cast<uint8_t>(3 + i / 8 * 15);
    return table;
  }();
  FastLine* lines_ = nullptr;
  uint32_t count_ = 0;
};

inline constexpr auto kStretched = [] {
  std::array<uint16_t, 16384> table{};
  for (uint32_t i = 0; i < 16384; ++i) {
    table[i] = static_cast<uint16_t>(model::stretch(i * 4 + 2));
  }
  return table;
}();

// Stretched probabilities of bit histories, as history_map.h; the last map is that of the match.
template <size_t kCount>
class FastMaps {
 public:
  void start(size_t map) {
    const model::HistoryMap fresh;
    for (size_t i = 0; i < model::kBitHistories; ++i) {
      entries_[map][i] = fresh.p16(static_cast<uint8_t>(i)) << 16 | 6;
      stretched_[map][i] = static_cast<uint16_t>(fresh.stretched(static_cast<uint8_t>(i)));
    }
  }
  // Of the match: a state is 2 · bucket + expected bit, 0 without one.
  void start_match(size_t map) {
    for (uint32_t i = 1; i < 32; ++i) {
      for (uint32_t bit = 0; bit < 2; ++bit) {
        const uint32_t miss = 65536 / (i + 4);
        const uint32_t p = bit != 0 ? 65536 - miss : miss;
        entries_[map][i * 2 + bit] = p << 16 | 6;
        stretched_[map][i * 2 + bit] = static_cast<uint16_t>(model::stretch(p));
      }
    }
  }
  uint32_t stretched(size_t map, uint32_t state) const { return stretched_[map][state]; }
  void update(size_t map, uint32_t state, uint32_t bit) {
    // 22 bits of probability, 10 of a count of updates, which sets the rate.
    uint32_t& entry = entries_[map][state];
    const int32_t p = static_cast<int32_t>(entry >> 10);
    const uint32_t n = entry & 1023;
    const int32_t target = -static_cast<int32_t>(bit) & ((1 << 22) - 1);
    const auto moved =
        static_cast<int32_t>((int64_t{target - p} * model::history_map_detail::kRates[n]) >> 16);
    entry += (static_cast<uint32_t>(moved) << 10) + static_cast<uint32_t>(n < 254);
    stretched_[map][state] = kStretched[entry >> 18] & (0U - static_cast<uint32_t>(state != 0));
  }

 private:
  std::array<std::array<uint32_t, 256>, kCount> stretched_{};
  std::array<std::array<uint32_t, 256>, kCount> entries_{};
};

// TextState with its update by arithmetic, for what this model uses: no branch can be mispredicted.
struct FastState : TextState {
  void advance_fast(uint32_t c) {
    last8 = (last8 << 8) | c;
    ++position;
    advance_markup(c);
    const TokenKind kind = second_of_code ? TokenKind::kLetter : kinds[c];
    const bool is_code = kind == TokenKind::kCode || kind == TokenKind::kLead;
    const bool other = kind == TokenKind::kOther;
    const bool flag = kind == TokenKind::kFlag;
    const bool ends =
        other | is_code | ((kind == TokenKind::kLetter) & word_complete & !second_of_code);
    const uint32_t moved = 0U - static_cast<uint32_t>(ends & (word != 0));
    word1 = (word & moved) | (word1 & ~moved);
    const bool spelled = (kind == TokenKind::kLetter) & !second_of_code;
    const uint32_t fold = static_cast<uint32_t>((c - 'A' < 26) & spelled) << 5;
    uint32_t extended = ((word & (static_cast<uint32_t>(ends) - 1)) + c + fold + 1) * 0x2F0B4C47U;
    extended ^= extended >> 15;
    const uint32_t kept = 0U - static_cast<uint32_t>(flag);
    word = (word & kept) | (extended & ~kept & (static_cast<uint32_t>(other) - 1));
    word_complete = is_code | (word_complete & (flag | second_of_code));
    second_of_code = kind == TokenKind::kLead;
  }
};

// A cell of the micro-diffusion step (calibration.h) in 16 bytes: E in 1/2^16, and all is halved by
// a refresh from n = 2^13 on, or at n = 2^14. The correction is renewed by refresh() only, away
// from the coder's critical path.
struct FastCell {
  int32_t residual = 0;
  uint32_t energy = 8 << 16;
  uint32_t count = 32;
  int32_t correction = 0;

  void learn(uint32_t bit, uint32_t p) {
    const int32_t e = static_cast<int32_t>(bit << 16) - static_cast<int32_t>(p);
    residual += e;
    energy += (static_cast<uint32_t>(e) * static_cast<uint32_t>(e)) >> 16;
    // A cell that is never chosen for a refresh must not overflow.
    if (++count >= 1U << 14) [[unlikely]] {
      halve();
    }
  }
  void halve() {
    residual /= 2;
    energy /= 2;
    count /= 2;
  }
  void refresh() {
    const uint64_t size = static_cast<uint64_t>(residual < 0 ? -residual : residual);
    const uint64_t squared = (size * size) >> 18;  // R^2 / 4 in 1/2^16
    const auto lambda =
        static_cast<int64_t>(std::min<uint64_t>((squared << 10) / (energy + 1), 1024));
    correction = static_cast<int32_t>(residual / static_cast<int32_t>(count) * lambda / 1024);
    if (count >= 1U << 13) halve();
  }
};

// The match model of match_model.h, which leaves what it has predicted to the caller.
class FastMatch {
 public:
  FastMatch() = default;
  FastMatch(std::span<uint32_t> positions, uint32_t least)
      : positions_(positions.data()), mask_(positions.size() - 1), least_(least) {}

  void find(const uint8_t* data, uint32_t at, uint32_t hash) {
    uint32_t& entry = positions_[hash & mask_];
    if (length_ > 0 && data[pointer_] == data[at - 1]) {
      length_ += length_ < model::kMaxMatch;
      ++pointer_;
    } else {
      length_ = 0;
      pointer_ = entry;
      if (pointer_ >= 8) {
        const uint64_t differ = load_little_endian<uint64_t>(data + pointer_ - 8) ^
                                load_little_endian<uint64_t>(data + at - 8);
        const uint32_t same = differ == 0 ? 8 : static_cast<uint32_t>(__builtin_clzll(differ)) / 8;
        if (same >= least_) {
          length_ = same;
          if (same == 8) {
            while (length_ < model::kMaxMatch && length_ < pointer_ &&
                   data[pointer_ - 1 - length_] == data[at - 1 - length_]) {
              ++length_;
            }
          }
        }
      }
    }
    entry = at;
    byte = length_ > 0 ? data[pointer_] : 0;
    bucket = model::match_bucket(length_);
  }
  void prefetch(uint32_t hash) const { __builtin_prefetch(positions_ + (hash & mask_), 1); }
  // Some time after prefetch(): fetches the bytes that find() will compare.
  void peek(const uint8_t* data, uint32_t hash) const {
    __builtin_prefetch(data + positions_[hash & mask_]);
  }
  // The byte was the expected one; no new position is learned.
  void extend(const uint8_t* data) {
    length_ += length_ < model::kMaxMatch;
    ++pointer_;
    byte = data[pointer_];
    bucket = model::match_bucket(length_);
  }
  void drop() {
    length_ = 0;
    bucket = 0;
    byte = 0;
  }
  uint32_t length() const { return length_; }
  uint32_t byte = 0;
  uint32_t bucket = 0;

 private:
  uint32_t* positions_ = nullptr;
  size_t mask_ = 0;
  uint32_t least_ = 0;
  uint32_t pointer_ = 0;
  uint32_t length_ = 0;
};

}  // namespace pith::text

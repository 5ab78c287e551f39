// The parts of the medium text model that need no vectors: its contexts and APMs.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "codecs/model/bit_history.h"
#include "codecs/model/logistic.h"
#include "codecs/text/text_shapes.h"
#include "codecs/text/text_state.h"

namespace pith::text {

inline constexpr size_t kMediumContexts = 11;
inline constexpr size_t kMediumOrders = 5;  // of them, orders 2 to 6

struct MediumContexts : ContextList<kMediumContexts> {
  // The contexts of the byte after next that can be found early: `s` is the state before a byte
  // that begins with `c` (its last two bits are added by the table; see fast_parts.h).
  void add_early(const TextState& s, uint64_t c) {
    const uint64_t last = s.last8;
    add((last & 0xFF) << 8 | c);
    add((last & 0xFFFF) << 8 | c);
    add((last & 0xFFFFFF) << 8 | c);
    add((last & 0xFFFFFFFF) << 8 | c);
    add((last & 0xFFFFFFFFFF) << 8 | c);
    if (s.code != X86Mode::kNone) return;
    if (s.stride > 1) {
      const uint64_t column = s.record_column + 1 == s.stride ? 0 : s.record_column + 1;
      const uint64_t above = s.record_after(1);
      const uint64_t above2 = s.record_after(2);
      const uint64_t above_last = s.record_before(1);
      add(above << 40 | above2 << 48 | column << 8);
      add(above << 40 | c);
      add(above_last << 48 | above << 40 | c);
      add(column << 8 | c);
      add(above << 40 | above2 << 48 | c);
    } else {
      add(markup_or(s, s.word, s.word1) + c);
      add(blend(s.word, s.word2 + 1) + c);
      add(uint64_t{s.above_after()} << 8 | c);
      add(last & 0xFFFF);
      add(blend(s.word, s.tag) + c);
    }
  }

  // The others, in the state before the byte: `followed` is what followed its last byte before.
  void add_late(const TextState& s, uint64_t followed) {
    if (s.code != X86Mode::kNone) {
      const X86State& x = s.x86;
      const uint64_t here = x.operation();
      const uint64_t instruction = x.instruction();
      add(instruction);
      add(instruction << 32 | x.before(0));
      add(blend(here << 32 | x.before(0), x.before(1)));
      add(blend(instruction << 32 | x.before(0), x.before(1)));
      add(here << 32 | x.before(0));
    }
    add((followed & 0xFFFFFF) << 8 | (s.last8 & 0xFF));
  }
};

// What comes after each history, by bit; of 256 entries, so that no index can be wrong.
inline constexpr std::array<std::array<uint8_t, 256>, 2> kNextHistory = [] {
  std::array<std::array<uint8_t, 256>, 2> table{};
  for (size_t i = 0; i < model::kBitHistories; ++i) {
    table[0][i] = model::bit_history_detail::kTable.next[i][0];
    table[1][i] = model::bit_history_detail::kTable.next[i][1];
  }
  return table;
}();

// a-z, A-Z, digits, space, line feed, from 128 on, other control characters, others.
inline uint32_t class_of(uint32_t c) {
  constexpr std::array<uint8_t, 256> kClass = [] {
    std::array<uint8_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
      table[i] = i >= 'a' && i <= 'z'   ? 0
                 : i >= 'A' && i <= 'Z' ? 1
                 : i >= '0' && i <= '9' ? 2
                 : i == ' '             ? 3
                 : i == '\n'            ? 4
                 : i >= 128             ? 5
                 : i < 32               ? 6
                                        : 7;
    }
    return table;
  }();
  return kClass[c & 0xFF];
}

// APMs (codecs/model/apm.h) with half as many knots: a cache line has two contexts, which are those
// of the two values of a bit.
class FastApm {
 public:
  static constexpr size_t kKnots = 16;
  static constexpr size_t kContexts = 65536;
  static constexpr size_t kBytes = kContexts * kKnots * sizeof(uint16_t);

  // Where a stretched probability lies between the knots.
  struct Place {
    explicit Place(int stretched) {
      const uint32_t at = static_cast<uint32_t>(stretched + 2816) * kScale >> 16;
      weight = at & 63;
      bin = at >> 6;
    }
    uint32_t weight;
    uint32_t bin;
  };

  FastApm() = default;
  explicit FastApm(std::span<uint16_t> knots) : knots_(knots.data()) {
    for (size_t i = 0; i < knots.size(); ++i) {
      const int centre = static_cast<int>(i % kKnots * 65536 * 64 / kScale) - 2816;
      knots[i] = static_cast<uint16_t>(model::squash(model::clamp_stretch(centre)));
    }
  }

  // `base`: even; the contexts of the byte are `base` + bits so far, modulo their number.
  void select(uint32_t base) { base_ = base; }
  void prefetch_first() const {
    prefetch(2);
    prefetch(4);
  }
  // Four contexts from c0 on, a multiple of four, wherever they lie.
  void prefetch(uint32_t c0) const {
    __builtin_prefetch(at(c0), 1);
    __builtin_prefetch(at(c0 + 2), 1);
  }

  uint32_t refine(const Place& place, uint32_t c0) {
    uint16_t* const low = at(c0) + place.bin;
    nearest_ = low + (place.weight >> 5);
    return (low[0] * (64 - place.weight) + low[1] * place.weight) >> 6;
  }
  void update(uint32_t bit) {
    const int target = bit != 0 ? 65535 : 0;
    *nearest_ = static_cast<uint16_t>(*nearest_ + ((target - *nearest_) >> 6));
  }

 private:
  // (kKnots - 1) · 64 · 65536 / 5632, rounded down, less one: the last knot is never the lower one.
  static constexpr uint32_t kScale = (kKnots - 1) * 64 * 65536 / 5632 - 1;

  uint16_t* at(uint32_t c0) const {
    return knots_ + size_t{(base_ + c0) & (kContexts - 1)} * kKnots;
  }

  uint16_t* knots_ = nullptr;
  uint16_t* nearest_ = nullptr;
  uint32_t base_ = 0;
};

}  // namespace pith::text

// What the text model of level 9 is made of: contexts, mixer sets, memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "codecs/text/text_state.h"

namespace pith::text {

// A hash of parts, for contexts of more than eight bytes.
inline uint64_t blend(uint64_t a, uint64_t b) {
  const uint64_t product = (a + 0x632BE59BD9B4E019ULL) * 0x9E3779B97F4A7C15ULL;
  return (product ^ (product >> 32)) + b * 0xD6E8FEB86659FD93ULL;
}

// The place in markup or, where there is none, two words.
inline uint64_t markup_or(const TextState& s, uint32_t word, uint32_t other_word) {
  return s.place != 0 ? blend(s.place, 77) : blend(word, other_word);
}

// Collects the contexts that a shape lists; each gets its number mixed in.
template <size_t kCount>
struct ContextList {
  std::array<uint64_t, kCount> values{};
  size_t count = 0;
  void add(uint64_t context) {
    values[count] = context ^ (uint64_t{count + 1} << 58);
    ++count;
  }
};

// Every shape's `contexts` gives the contexts of the byte after next: `s` is the state before a
// byte of which `c` are the first seven bits (the last bit is added by the table; see
// context_table.h).
//   kContexts  hashed contexts; the first kOrders are orders 2, 3, …, counted to tell how many are
//              known
//   kIndirect  further hashed contexts: what followed the last bytes before (four or two)
//   kLate      further hashed contexts, for which `late_contexts` gets the whole of the last byte:
//              their lines are fetched late, but they may follow the structure of the data
//   kMatches   match models
//   kSets      weight sets of the mixer
//   kMapStep   each history map learns from every kMapStep-th bit, after the first 4096 bytes
// Levels 7 and 8 have models of their own (fast_model-inl.h, medium_model-inl.h).
template <int kLevel>
struct Shape;

template <>
struct Shape<9> {
  static constexpr size_t kContexts = 17;
  static constexpr size_t kIndirect = 4;
  static constexpr size_t kLate = 13;
  static constexpr size_t kOrders = 6;
  static constexpr size_t kMatches = 3;
  static constexpr size_t kSets = 14;
  static constexpr size_t kMapStep = 2;
  static constexpr int32_t kFirstWeight = 65536 * 14 / 100;
  static constexpr size_t kTableBytes = size_t{960} << 20;
  static constexpr size_t kMatchPositions = size_t{1} << 22;
  static constexpr uint32_t kMapLimit = 254;
  static constexpr uint32_t kWithoutLast = 1 << 10 | 1 << 11;

  static void contexts(const TextState& s, uint64_t c, ContextList<kContexts>& list) {
    const uint64_t last = s.last8;
    list.add((last & 0xFF) << 8 | c);
    list.add((last & 0xFFFF) << 8 | c);
    list.add((last & 0xFFFFFF) << 8 | c);
    list.add((last & 0xFFFFFFFF) << 8 | c);
    list.add((last & 0xFFFFFFFFFF) << 8 | c);
    list.add((last & 0xFFFFFFFFFFFFFF) * 0x2545F4914F6CDD1D + c);
    list.add(uint64_t{s.word} << 8 | c);
    list.add(blend(s.word, s.word1) + c);
    list.add(blend(s.word, s.word2 + 1) + c);
    list.add(uint64_t{s.above_after()} << 8 | c);
    list.add(last & 0xFFFF);
    list.add(last & 0xFFFFFF);
    list.add((last & 0xF0F0FF) << 8 | c);
    list.add((last & 0xFF00) | c);
    list.add((last & 0xFF0000) | c);
    list.add((last & 0xFF000000) | c);
    list.add((last & 0xFFFF0000) | c);
  }

  // Of the next byte: `s` is the state before it.
  static void late_contexts(const TextState& s, ContextList<kLate>& list) {
    const uint64_t last = s.last8;
    if (s.code != X86Mode::kNone) {
      const X86State& x = s.x86;
      const uint64_t here = x.operation();
      list.add(here << 32 | x.before(0));
      list.add(blend(here << 32 | x.before(0), x.before(1)));
      list.add(x.instruction());
      list.add(uint64_t{x.instruction()} << 32 | x.before(0));
      list.add(blend(here << 32 | x.before(0), uint64_t{x.before(1)} << 32 | x.before(2)));
      list.add(uint64_t{x.instruction()} << 32 | x.last());
      list.add(here << 32 | 1 << 8 | (last & 0xFF));
      list.add(uint64_t{x.place()} << 32 | (last & 0xFFFF));
      list.add(uint64_t{x.place()} << 32 | (last & 0xFFFFFF));
      list.add(blend(uint64_t{x.instruction()} << 32 | x.before(0), x.before(1)));
      list.add(here << 32 | (x.last() + 1));
      list.add(blend(here, x.before(1)));
      list.add(blend(uint64_t{x.instruction()} << 32 | x.before(0),
                     uint64_t{x.before(1)} << 32 | x.before(2)));
    } else if (s.stride != 0) {
      const uint64_t above = s.record_before(1);
      list.add(above << 40 | uint64_t{s.record_before(2)} << 48 | s.record_column << 8);
      list.add(above << 40 | (last & 0xFF));
      list.add(uint64_t{s.record_before_last(1)} << 48 | above << 40 | (last & 0xFF));
      list.add(uint64_t{s.record_column} << 8 | (last & 0xFF));
      list.add(uint64_t{s.record_column} << 8 | above << 40);
      list.add(uint64_t{s.record_column} << 8 | (last & 0xFFFF) << 40);
      const uint64_t above_last = s.record_before_last(1);
      list.add(above << 40 | uint64_t{s.record_before(2)} << 48 |
               uint64_t{s.record_before(3)} << 56 | 1);
      list.add(((above + last - above_last) & 0xFF) << 16 | s.record_column);
      list.add(((above * 2 - s.record_before(2)) & 0xFF) << 16 | s.record_column);
      list.add(above_last << 40 | above << 48 | (last & 0xFFFF));
      list.add(blend(s.word, above));
      list.add(blend(s.word, s.word1) + s.record_column);
      list.add(above << 40 | uint64_t{s.record_before(2)} << 48 | (last & 0xFF));
    } else {
      list.add(blend(s.word, s.mark + 0x50000));
      list.add(markup_or(s, s.word, s.word3 + 3));
      list.add(blend(s.word1, s.word2 + 5) + (last & 0xFF));
      list.add(blend(last & 0xFFFFFF, s.word1 + 9));
      list.add(blend(last & 0xFF, s.word2 + 19));
      list.add(blend(last & 0xFFFF, s.word2 + 39));
      list.add(blend(blend(s.word, s.word1), s.word2));
      list.add(blend(blend(s.word, s.word1), s.word2 + s.word3 * uint64_t{3}));
      list.add(blend(last & 0xFF, s.word1 + 77));
      list.add(uint64_t{s.above()} << 16 | (s.column() < 255 ? s.column() + 1 : 255) << 8);
      list.add(uint64_t{s.above()} << 16 | (last & 0xFF) << 8 | 1);
      list.add(blend(s.word, s.tag));
      list.add(blend(s.word, s.first + 7));
    }
  }
};

}  // namespace pith::text

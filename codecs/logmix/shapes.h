// What the models of logs of levels 7 to 9 consist of.
#pragma once

#include <cstddef>
#include <cstdint>

#include "codecs/logmix/line_state.h"

namespace pith::logmix {

inline constexpr int kFirstShape = 7;
inline constexpr int kLastShape = 9;

template <int kLevel>
struct Shape;

// Each bit one history map of so many learns.
inline constexpr size_t kMapsInTurn = 4;

template <>
struct Shape<7> {
  static constexpr uint32_t kContexts = 0x6adaa;  // a bit each, see list_contexts()
  static constexpr size_t kSets = 4;
  static constexpr size_t kTableBytes = size_t{64} << 20;
  static constexpr uint32_t kSure = 64400;  // from here on one decision does for a byte, in 1/65536
};
template <>
struct Shape<8> {
  static constexpr uint32_t kContexts = 0x6fdaf;  // a bit each, see list_contexts()
  static constexpr size_t kSets = 6;
  static constexpr size_t kTableBytes = size_t{128} << 20;
  static constexpr uint32_t kSure = 64850;  // from here on one decision does for a byte, in 1/65536
};
template <>
struct Shape<9> {
  static constexpr uint32_t kContexts = 0x7FFFF;  // a bit each, see list_contexts()
  static constexpr size_t kSets = 7;
  static constexpr size_t kTableBytes = size_t{160} << 20;
  static constexpr uint32_t kSure = 65050;  // from here on one decision does for a byte, in 1/65536
};

// The contexts of the next byte: those of `wanted` (a bit each), in order.
template <uint32_t kWanted>
inline void list_contexts(const LineState& s, uint64_t* list) {
  size_t found = 0;
  const auto add = [&]<size_t kNumber>(uint64_t a, uint64_t b) {
    if constexpr ((kWanted >> kNumber & 1) != 0) {
      list[found++] = join(a + kNumber + 1, b);
    }
  };
  const uint64_t last = s.last8;
  const auto order = [&](int bytes) { return last & ((uint64_t{1} << 8 * bytes) - 1); };
  const uint64_t c1 = order(1);
  const uint64_t above = s.expect_above | uint64_t{s.agrees_above()} << 9 | uint64_t{s.index} << 32;
  const uint64_t keyed = s.expect_keyed | uint64_t{s.agrees_keyed()} << 9 | uint64_t{s.index} << 32;
  const uint64_t digits = s.expect_above | uint64_t{s.expect_next} << 9 |
                          uint64_t{s.offset()} << 18 | uint64_t{s.index} << 32;
  const uint64_t values = s.value_above() | uint64_t{s.value_two_above()} << 32;
  const uint64_t cell = s.expect_cell | uint64_t{s.agrees_cell()} << 9 |
                        uint64_t{std::min(s.cell_index, 255U)} << 10 | s.cell << 20;
  add.template operator()<0>(order(1), 0);
  add.template operator()<1>(order(2), 0);
  add.template operator()<2>(order(3), 0);
  add.template operator()<3>(order(4), 0);
  add.template operator()<4>(s.skeleton, s.index);
  add.template operator()<5>(c1, digits);
  add.template operator()<6>(s.skeleton + s.prefix * 3, s.value_two_above());
  add.template operator()<7>(s.prefix, above);
  add.template operator()<8>(s.delimiters, digits);
  add.template operator()<9>(s.delimiters + s.prefix * 3, s.token2);
  add.template operator()<10>(s.key + s.prefix * 3, s.value_keyed());
  add.template operator()<11>(s.skeleton + s.prefix * 3, s.skeleton_before);
  add.template operator()<12>(above & 0xFFFF, keyed << 40 | s.expect_number);
  add.template operator()<13>(s.prefix + c1 * 3, join(s.token1, s.token2));
  add.template operator()<14>(s.skeleton + s.prefix * 3, values);
  add.template operator()<15>(above + (uint64_t{s.hits & 255} << 16), s.key);
  add.template operator()<16>(s.cell, s.cell_prefix);
  add.template operator()<17>(cell, c1);
  add.template operator()<18>(s.skeleton, digits | uint64_t{s.moved} << 24);
}

}  // namespace pith::logmix

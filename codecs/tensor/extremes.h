// Blocks of weights whose greatest magnitude is known.
//
// A quantiser scales a block so that its extreme weight becomes the extreme quant: ±127 in Q8_0,
// nibble 0 (-8) in Q4_0. Where that quant lies takes 5 bits; the quant itself, which would take
// about as many as any rare one, is left out. Blocks without an extreme keep all their quants.
//
// Positions: one byte a block. Q8_0: index · 2 + sign of the first ±127, or 64; then the other 31
// (or all 32) bytes. Q4_0: index of the first nibble 0, or 32, where nibbles of a block are
// numbered as its weights are (the low nibbles of its 16 bytes first); then the 15 bytes without it
// (or all 16), and the other nibble of its byte among the singles.
#pragma once

#include "base/bytes.h"

namespace pith::tensor {

inline constexpr uint8_t kNoExtremeQ8 = 64;
inline constexpr uint8_t kNoExtremeQ4 = 32;

struct Extremes {
  ByteBuffer positions;  // a byte for each block
  ByteBuffer quants;
  ByteBuffer singles;  // Q4_0 only
};

// How many bytes of quants and singles there are beside these positions. False: not valid.
bool measure_extremes(bool q4, ByteView positions, size_t& quants, size_t& singles);

// `blocks`: whole blocks of the type, with their scales, which are left out.
void split_extremes(bool q4, ByteView blocks, Extremes& extremes);

// Fills in the quants of the blocks. The sizes are as measure_extremes() says.
void join_extremes(bool q4, ByteView positions, ByteView quants, ByteView singles,
                   MutableBytes blocks);

}  // namespace pith::tensor

// Length-limited Huffman codes exactly as zlib and gzip make them (their "trees"): where several
// codes are equally short, theirs is the one that counts.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "codecs/deflated/deflate_alphabet.h"

namespace pith::deflated {

struct HuffmanCode {
  std::array<uint8_t, kFixedLiteralSymbols> lengths{};  // 0: the symbol has no code
  std::array<uint16_t, kFixedLiteralSymbols> codes{};   // first bit of the code in bit 0
  int max_symbol = -1;                                  // the largest symbol with a code
};

// The code for these frequencies, none of them longer than `max_length`. At least two symbols get a
// code, as the format demands. The frequencies add up to less than 65536.
HuffmanCode make_huffman_code(std::span<const uint32_t> frequencies, int max_length);

// Fills in the codes that belong to the lengths (RFC 1951, 3.2.2).
void assign_codes(HuffmanCode& code);

}  // namespace pith::deflated

// The two sides of a binary coder as a model of bytes sees them. The model asks for each decision
// by its probability; the encoder answers from the byte that it is given, the decoder from the
// code.
#pragma once

#include "codecs/entropy/binary_coder.h"

namespace pith::entropy {

struct EncodeBits {
  BinaryEncoder coder;
  uint32_t byte = 0;
  // The bit of the byte at `position`, 7 being the highest.
  uint32_t code(int position, uint32_t p) {
    const uint32_t bit = (byte >> position) & 1;
    coder.encode(bit != 0, p);
    return bit;
  }
  // Whether the byte is the expected one.
  bool code_equal(uint32_t expected, uint32_t p) {
    coder.encode(byte == expected, p);
    return byte == expected;
  }
};

struct DecodeBits {
  BinaryDecoder coder;
  uint32_t code(int, uint32_t p) { return coder.decode(p) ? 1 : 0; }
  bool code_equal(uint32_t, uint32_t p) { return coder.decode(p); }
};

}  // namespace pith::entropy

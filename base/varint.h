// Numbers in as few bytes as they need: seven bits a byte, the lowest first, the top bit set on all
// bytes but the last (LEB128). Signed numbers are folded first (zigzag): 0, -1, 1, -2, 2 …
#pragma once

#include <bit>
#include <cstdint>

#include "base/byte_reader.h"
#include "base/byte_writer.h"

namespace pith {

inline void write_varint(ByteWriter& out, uint64_t value) {
  while (value >= 0x80) {
    out.u8(static_cast<uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.u8(static_cast<uint8_t>(value));
}

constexpr size_t varint_size(uint64_t value) {
  return value == 0 ? 1 : (static_cast<size_t>(std::bit_width(value)) + 6) / 7;
}

// What is too long for 64 bits loses its upper ones.
inline uint64_t read_varint(ByteReader& in) {
  uint64_t value = 0;
  for (unsigned shift = 0; in.ok(); shift += 7) {
    const uint8_t byte = in.u8();
    if (shift < 64) value |= uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) break;
  }
  return value;
}

constexpr uint64_t fold(int64_t value) {
  return (static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63);
}

constexpr int64_t unfold(uint64_t folded) {
  return static_cast<int64_t>((folded >> 1) ^ (0 - (folded & 1)));
}

}  // namespace pith

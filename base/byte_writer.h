// Appends little-endian integers and byte runs to a buffer.
#pragma once

#include "base/bytes.h"

namespace pith {

class ByteWriter {
 public:
  explicit ByteWriter(ByteBuffer& out) : out_(out) {}

  void u8(uint8_t value) { write(value, 1); }
  void u16(uint16_t value) { write(value, 2); }
  void u32(uint32_t value) { write(value, 4); }
  void u64(uint64_t value) { write(value, 8); }
  void bytes(ByteView view) { append(out_, view); }

 private:
  void write(uint64_t value, int width) {
    for (int i = 0; i < width; ++i) {
      out_.push_back(static_cast<std::byte>(value >> (8 * i)));
    }
  }

  ByteBuffer& out_;
};

}  // namespace pith

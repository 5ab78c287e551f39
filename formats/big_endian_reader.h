// Reads big-endian integers and byte runs from a bounded range, like ByteReader
// (base/byte_reader.h): a read that does not fit gives zero and makes ok() false for good.
#pragma once

#include "base/byte_reader.h"

namespace pith {

class BigEndianReader {
 public:
  explicit BigEndianReader(ByteView bytes) : reader_(bytes) {}

  uint8_t u8() { return reader_.u8(); }
  uint32_t u32() { return static_cast<uint32_t>(number(4)); }
  uint64_t u64() { return number(8); }
  // An integer of `size` bytes, at most 8.
  uint64_t number(uint32_t size) {
    uint64_t value = 0;
    for (const std::byte byte : reader_.bytes(size))
      value = value << 8 | static_cast<uint64_t>(byte);
    return value;
  }
  ByteView bytes(uint64_t size) { return reader_.bytes(size); }

  size_t remaining() const { return reader_.remaining(); }
  size_t position() const { return reader_.position(); }
  bool ok() const { return reader_.ok(); }

 private:
  ByteReader reader_;
};

}  // namespace pith

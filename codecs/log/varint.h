// Integers of 7 bits a byte, lowest first; the top bit says that another byte follows.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace pith::log {

inline void put_varint(ByteBuffer& out, uint64_t value) {
  while (value >= 128) {
    out.push_back(static_cast<std::byte>(value | 128));
    value >>= 7;
  }
  out.push_back(static_cast<std::byte>(value));
}

// Reads varints and bytes; reads of what is not there give zeros and are remembered.
class VarintReader {
 public:
  explicit VarintReader(ByteView bytes) : bytes_(bytes) {}

  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint64_t byte = u8();
      value |= (byte & 127) << shift;
      if (byte < 128) return value;
    }
    ok_ = false;
    return 0;
  }
  uint8_t u8() {
    if (at_ == bytes_.size()) {
      ok_ = false;
      return 0;
    }
    return static_cast<uint8_t>(bytes_[at_++]);
  }
  ByteView bytes(uint64_t size) {
    if (size > bytes_.size() - at_) {
      ok_ = false;
      return {};
    }
    const ByteView view = bytes_.subspan(at_, static_cast<size_t>(size));
    at_ += static_cast<size_t>(size);
    return view;
  }
  size_t remaining() const { return bytes_.size() - at_; }
  bool ok() const { return ok_; }

 private:
  ByteView bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace pith::log

// Reads little-endian integers and byte runs from a bounded range. Never reads outside it:
// a read that does not fit fails, leaves its result at zero and makes ok() false for good.
#pragma once

#include "base/bytes.h"

namespace pith {

class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : bytes_(bytes) {}

  uint8_t u8() { return read<uint8_t>(); }
  uint16_t u16() { return read<uint16_t>(); }
  uint32_t u32() { return read<uint32_t>(); }
  uint64_t u64() { return read<uint64_t>(); }

  // The next `size` bytes, or an empty view when fewer remain.
  ByteView bytes(uint64_t size) {
    if (!ok_ || size > remaining()) {
      ok_ = false;
      return {};
    }
    const ByteView view = bytes_.subspan(position_, static_cast<size_t>(size));
    position_ += static_cast<size_t>(size);
    return view;
  }
  ByteView rest() { return bytes(remaining()); }

  size_t remaining() const { return bytes_.size() - position_; }
  size_t position() const { return position_; }
  bool ok() const { return ok_; }
  bool finished() const { return ok_ && remaining() == 0; }

 private:
  template <class T>
  T read() {
    const ByteView view = bytes(sizeof(T));
    uint64_t value = 0;
    for (size_t i = 0; i < view.size(); ++i) {
      value |= static_cast<uint64_t>(view[i]) << (8 * i);
    }
    return static_cast<T>(value);
  }

  ByteView bytes_;
  size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace pith

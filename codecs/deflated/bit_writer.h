// Bits as deflate packs them: from the lowest bit of each byte up (RFC 1951, 3.1.1).
#pragma once

#include "base/bytes.h"

namespace pith::deflated {

class BitWriter {
 public:
  // The `count` low bits of `value`, which has no others; at most 32.
  void bits(uint32_t value, uint32_t count) {
    pending_ |= static_cast<uint64_t>(value) << pending_count_;
    pending_count_ += count;
    while (pending_count_ >= 8) {
      bytes_.push_back(static_cast<std::byte>(pending_));
      pending_ >>= 8;
      pending_count_ -= 8;
    }
  }
  // Zero bits up to the next whole byte.
  void align() {
    if (pending_count_ > 0) bits(0, 8 - pending_count_);
  }
  // After align() only.
  void bytes(ByteView view) {
    assert(pending_count_ == 0);
    append(bytes_, view);
  }

  uint32_t pending_bits() const { return pending_count_; }  // of the last, incomplete byte
  ByteView written() const { return bytes_; }               // whole bytes
  void drop_written() { bytes_.clear(); }
  void reset() {
    bytes_.clear();
    pending_ = 0;
    pending_count_ = 0;
  }

 private:
  ByteBuffer bytes_;
  uint64_t pending_ = 0;
  uint32_t pending_count_ = 0;  // below 8 between calls
};

}  // namespace pith::deflated

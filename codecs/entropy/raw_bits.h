// Bits that no model says anything about, from the lowest bit of each byte up.
#pragma once

#include <cstdint>
#include <cstring>

#include "base/bytes.h"

namespace pith::entropy {

class RawWriter {
 public:
  // `bits`: 1 to 64; the value has no more.
  void put(uint64_t value, int bits) {
    if (bits > 32) {
      put(value & 0xFFFFFFFF, 32);
      value >>= 32;
      bits -= 32;
    }
    pending_ |= value << filled_;
    for (filled_ += bits; filled_ >= 8; filled_ -= 8, pending_ >>= 8) {
      out_.push_back(static_cast<std::byte>(pending_));
    }
  }
  ByteBuffer finish() {
    if (filled_ > 0) out_.push_back(static_cast<std::byte>(pending_));
    return std::move(out_);
  }
  size_t size() const { return out_.size(); }

 private:
  ByteBuffer out_;
  uint64_t pending_ = 0;
  int filled_ = 0;
};

// Gives zeros beyond the end, and says so.
class RawReader {
 public:
  explicit RawReader(ByteView in) : in_(in) {}

  uint64_t get(int bits) {
    if (bits > 32) {
      const uint64_t low = get(32);
      return low | get(bits - 32) << 32;
    }
    while (filled_ < bits) {
      if (at_ == in_.size()) {
        short_ = true;
        return 0;
      }
      pending_ |= static_cast<uint64_t>(in_[at_++]) << filled_;
      filled_ += 8;
    }
    const uint64_t value = pending_ & ((uint64_t{1} << bits) - 1);
    pending_ >>= bits;
    filled_ -= bits;
    return value;
  }

  bool is_short() const { return short_; }
  // True if all bytes were read and the bits left in the last one are zero.
  bool finished() const { return !short_ && at_ == in_.size() && filled_ < 8 && pending_ == 0; }

 private:
  ByteView in_;
  size_t at_ = 0;
  uint64_t pending_ = 0;
  int filled_ = 0;
  bool short_ = false;
};

}  // namespace pith::entropy

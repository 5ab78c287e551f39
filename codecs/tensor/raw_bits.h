// Raw bits of any number, from the lowest bit of each byte up.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/bytes.h"

namespace pith::tensor {

class RawWriter {
 public:
  explicit RawWriter(ByteBuffer& out) : out_(out) {}
  void put(uint64_t value, int bits) {
    for (; bits > 32; bits -= 32, value >>= 32) put_few(value & 0xFFFFFFFF, 32);
    put_few(value, bits);
  }
  void finish() {
    if (filled_ > 0) out_.push_back(static_cast<std::byte>(pending_));
  }

 private:
  void put_few(uint64_t value, int bits) {
    pending_ |= value << filled_;
    for (filled_ += bits; filled_ >= 8; filled_ -= 8, pending_ >>= 8) {
      out_.push_back(static_cast<std::byte>(pending_));
    }
  }
  ByteBuffer& out_;
  uint64_t pending_ = 0;
  int filled_ = 0;
};

// Gives zeros beyond the end, and says so.
class RawReader {
 public:
  explicit RawReader(ByteView in) : in_(in) {}
  uint64_t get(int bits) {
    uint64_t value = 0;
    for (int have = 0; have < bits;) {
      const size_t at = bit_ / 8;
      if (at >= in_.size()) {
        short_ = true;
        return 0;
      }
      const int offset = static_cast<int>(bit_ % 8);
      const int take = std::min(8 - offset, bits - have);
      const uint64_t part = static_cast<uint64_t>(in_[at]) >> offset & ((1U << take) - 1);
      value |= part << have;
      have += take;
      bit_ += static_cast<size_t>(take);
    }
    return value;
  }
  size_t used() const { return (bit_ + 7) / 8; }
  bool is_short() const { return short_; }

 private:
  ByteView in_;
  size_t bit_ = 0;
  bool short_ = false;
};

}  // namespace pith::tensor

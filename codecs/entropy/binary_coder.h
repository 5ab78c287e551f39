// Binary arithmetic coder: 16-bit probabilities, 32-bit range, no carry.
//
// The coder keeps an interval [low, high] of 32-bit numbers. A decision splits it in proportion to
// the probability of a 1; the part of the decision that was made is kept. Leading bytes on which
// low and high agree are written out. The split is exact to 2^-16 of the interval, so that a
// decision costs 2^-16 · 1.44 bits at least, and every decision can be coded: 0 < probability <
// 65536.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace pith::entropy {

// The last number of the part that a 1 takes; low <= split < high whenever low < high.
inline uint32_t split_of(uint32_t low, uint32_t high, uint32_t probability) {
  return low + static_cast<uint32_t>((uint64_t{high - low} * probability) >> 16);
}

inline bool top_bytes_agree(uint32_t low, uint32_t high) { return ((low ^ high) >> 24) == 0; }

// Writes to a buffer of fixed size; what does not fit is dropped and `overflowed` says so.
class BinaryEncoder {
 public:
  explicit BinaryEncoder(MutableBytes out)
      : begin_(out.data()), out_(begin_), end_(begin_ + out.size()) {}

  // `probability`: of bit = 1, in 1/65536, 1 to 65535.
  void encode(bool bit, uint32_t probability) {
    const uint32_t split = split_of(low_, high_, probability);
    // By masks: which part it is cannot be foreseen, a branch would often be wrong.
    const uint32_t zero = static_cast<uint32_t>(bit) - 1;  // all ones for a 0
    low_ += (split + 1 - low_) & zero;
    high_ = split + ((high_ - split) & zero);
    while (top_bytes_agree(low_, high_)) {
      put(high_ >> 24);
      low_ <<= 8;
      high_ = (high_ << 8) | 0xFF;
    }
  }

  // Writes what the decoder needs to tell the interval apart; bytes that it reads beyond are zero.
  void finish() {
    // The number with the fewest bytes in [low, high].
    for (uint32_t shift = 24;; shift -= 8) {
      const uint32_t mask = shift == 0 ? 0 : (uint32_t{1} << shift) - 1;
      const uint64_t rounded = (uint64_t{low_} + mask) & ~uint64_t{mask};
      if (rounded <= high_) {
        for (uint32_t at = 24; rounded != 0 && at + 8 > shift; at -= 8) {
          put(static_cast<uint32_t>(rounded) >> at);
          if (at == 0) break;
        }
        return;
      }
    }
  }

  size_t size() const { return static_cast<size_t>(out_ - begin_); }
  bool overflowed() const { return overflowed_; }

 private:
  void put(uint32_t byte) {
    if (out_ == end_) {
      overflowed_ = true;
      return;
    }
    *out_++ = static_cast<std::byte>(byte & 0xFF);
  }

  uint32_t low_ = 0;
  uint32_t high_ = 0xFFFFFFFF;
  std::byte* begin_;
  std::byte* out_;
  std::byte* end_;
  bool overflowed_ = false;
};

// Reads zeros beyond the end of its input: any bytes decode to something.
class BinaryDecoder {
 public:
  explicit BinaryDecoder(ByteView in) : in_(in.data()), end_(in.data() + in.size()) {
    for (int i = 0; i < 4; ++i) code_ = (code_ << 8) | next();
  }

  bool decode(uint32_t probability) {
    const uint32_t split = split_of(low_, high_, probability);
    const bool bit = code_ <= split;
    // By masks: which part it is cannot be foreseen, a branch would often be wrong.
    const uint32_t zero = static_cast<uint32_t>(bit) - 1;  // all ones for a 0
    low_ += (split + 1 - low_) & zero;
    high_ = split + ((high_ - split) & zero);
    while (top_bytes_agree(low_, high_)) {
      low_ <<= 8;
      high_ = (high_ << 8) | 0xFF;
      code_ = (code_ << 8) | next();
    }
    return bit;
  }

  // True if every byte of the input has been read.
  bool all_read() const { return in_ == end_; }
  // Bytes of the input that have not been read.
  size_t left() const { return static_cast<size_t>(end_ - in_); }
  // Bytes that were asked for beyond the end of the input; more than 4 means a damaged payload.
  size_t missing() const { return missing_; }

 private:
  uint32_t next() {
    if (in_ == end_) {
      ++missing_;
      return 0;
    }
    return static_cast<uint32_t>(*in_++);
  }

  uint32_t low_ = 0;
  uint32_t high_ = 0xFFFFFFFF;
  uint32_t code_ = 0;
  const std::byte* in_;
  const std::byte* end_;
  size_t missing_ = 0;
};

}  // namespace pith::entropy

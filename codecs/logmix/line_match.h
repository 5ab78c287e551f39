// A match in the block: what followed the last place of the same context, followed on as long as it
// proves right.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "codecs/model/match_model.h"

namespace pith::logmix {

class LineMatch {
 public:
  LineMatch() = default;
  // `positions`: a power of two of zeroed entries. `least`: bytes that must agree for a match.
  LineMatch(std::span<uint32_t> positions, uint32_t least)
      : positions_(positions.data()), mask_(positions.size() - 1), least_(least) {}

  // After each byte: data[0, at) is known.
  void follow(const uint8_t* data, uint32_t at) {
    if (length_ == 0) return;
    if (data[pointer_] == data[at - 1]) {
      length_ += length_ < model::kMaxMatch;
      ++pointer_;
      byte_ = data[pointer_];
    } else {
      length_ = 0;
    }
  }

  // Looks for a match where there is none, and notes the place. `hash`: of the context.
  void find(const uint8_t* data, uint32_t at, uint64_t hash) {
    uint32_t& entry = positions_[hash & mask_];
    if (length_ == 0 && entry > 0) {
      pointer_ = entry;
      while (length_ < model::kMaxMatch && length_ < pointer_ &&
             data[pointer_ - 1 - length_] == data[at - 1 - length_]) {
        ++length_;
      }
      if (length_ < least_) length_ = 0;
      byte_ = data[pointer_];
    }
    entry = at;
  }

  uint32_t length() const { return length_; }
  uint32_t bucket() const { return model::match_bucket(length_); }
  // What is expected next, if length() > 0.
  uint32_t byte() const { return byte_; }

 private:
  uint32_t* positions_ = nullptr;
  size_t mask_ = 0;
  uint32_t least_ = 0;
  uint32_t pointer_ = 0;
  uint32_t length_ = 0;
  uint32_t byte_ = 0;
};

}  // namespace pith::logmix

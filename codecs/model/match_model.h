// Match model: predicts that what followed the last occurrence of the current context follows
// again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "codecs/model/history_map.h"

namespace pith::model {

// Lengths are followed up to this.
inline constexpr uint32_t kMaxMatch = 400;

// 0 for no match; 1 … 31 by rising length.
constexpr uint32_t match_bucket(uint32_t length) {
  if (length == 0) return 0;
  if (length < 16) return length;
  if (length < 32) return 16 + (length - 16) / 4;
  const uint32_t far = 20 + (length - 32) / 32;
  return far < 31 ? far : 31;
}

class MatchModel {
 public:
  MatchModel() = default;
  // `positions`: a power of two of zeroed entries. `least`: bytes that must agree for a match.
  MatchModel(std::span<uint32_t> positions, uint32_t least)
      : positions_(positions.data()), mask_(positions.size() - 1), least_(least) {}

  // Call before each byte. `data[0, at)` is known; `hash` is that of the context of the match.
  void find(const uint8_t* data, uint32_t at, uint32_t hash) {
    uint32_t& entry = positions_[hash & mask_];
    if (length_ > 0 && data[pointer_] == data[at - 1]) {
      if (length_ < kMaxMatch) ++length_;
      ++pointer_;
    } else {
      length_ = 0;
      pointer_ = entry;
      if (pointer_ > 0) {
        while (length_ < kMaxMatch && length_ < pointer_ &&
               data[pointer_ - 1 - length_] == data[at - 1 - length_]) {
          ++length_;
        }
        if (length_ < least_) length_ = 0;
      }
    }
    entry = at;
    predicted_ = length_ > 0 ? data[pointer_] | 0x100U : 0;
    bucket_ = match_bucket(length_);
  }

  void prefetch(uint32_t hash) const { __builtin_prefetch(positions_ + (hash & mask_), 1); }

  // True while the bits of the current byte agree with the predicted one.
  bool active() const { return predicted_ != 0; }
  uint32_t bucket() const { return active() ? bucket_ : 0; }
  uint32_t length() const { return active() ? length_ : 0; }
  uint32_t predicted_byte() const { return predicted_ & 0xFF; }
  // `bit`: 7 to 0.
  uint32_t expected_bit(int bit) const { return (predicted_ >> bit) & 1; }
  uint32_t p16() const { return hits_[bucket_].p16(); }

  void update(uint32_t bit, int position) {
    if (!active()) return;
    const uint32_t hit = expected_bit(position) == bit ? 1 : 0;
    hits_[bucket_].update(hit, 255);
    if (hit == 0) predicted_ = 0;
  }

 private:
  static std::array<AdaptiveProbability, 32> start() {
    std::array<AdaptiveProbability, 32> hits;
    for (uint32_t i = 0; i < 32; ++i) {
      hits[i] = AdaptiveProbability(65536 - 65536 / (i + 4), 2);
    }
    return hits;
  }

  uint32_t* positions_ = nullptr;
  size_t mask_ = 0;
  uint32_t least_ = 0;
  uint32_t pointer_ = 0;
  uint32_t length_ = 0;
  uint32_t predicted_ = 0;
  uint32_t bucket_ = 0;
  std::array<AdaptiveProbability, 32> hits_ = start();
};

}  // namespace pith::model

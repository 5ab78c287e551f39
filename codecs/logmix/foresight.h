// Whether the next byte is the one that the match expects, or, without a match, the value above:
// one probability for the whole byte, mixed from what came of such expectations at this place of
// the line's skeleton, after this key, and at such a length.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "codecs/logmix/line_match.h"
#include "codecs/logmix/line_state.h"
#include "codecs/model/history_map.h"
#include "codecs/model/logistic.h"

namespace pith::logmix {

class Foresight {
 public:
  static constexpr size_t kPlaces = size_t{1} << 16;
  static constexpr size_t kInputs = 3;
  static constexpr size_t kEntries = kInputs * kPlaces;

  Foresight() = default;
  explicit Foresight(std::span<model::AdaptiveProbability> entries) : entries_(entries.data()) {
    std::fill(entries.begin(), entries.end(), model::AdaptiveProbability(64000, 4));
    for (auto& weights : weights_) weights.fill(kOne * 2 / 5);
  }

  // Before a byte.
  void begin(const LineState& s, const LineMatch& match, const LineMatch& other) {
    p_ = 0;
    const uint32_t length = match.length();
    if (length == 0 && (s.expect_above == 0 || !s.agrees_above())) return;
    byte_ = length > 0 ? match.byte() : s.expect_above & 0xFF;
    const uint32_t byte = byte_;
    const uint32_t expected = 256U | byte;
    const uint32_t agreement = static_cast<uint32_t>(s.expect_above == expected) |
                               static_cast<uint32_t>(s.expect_keyed == expected) << 1 |
                               static_cast<uint32_t>(other.length() > 0 && other.byte() == byte)
                                   << 2;
    const uint32_t length_class = static_cast<uint32_t>(length > 0) + (length >= 24) +
                                  (length >= 32) + (length >= 48) + (length >= 128) +
                                  (length >= 256) + (length >= 400);
    const uint64_t place = mix64(s.skeleton + s.index + (uint64_t{byte} << 32)) >> 40;
    const uint64_t keyed = mix64(s.key + s.prefix * 3 + (uint64_t{byte} << 32)) >> 40;
    const auto c1 = static_cast<uint32_t>(s.last8 & 0xFF);
    at_[0] = static_cast<uint32_t>(place << 3 & (kPlaces - 1)) | agreement;
    at_[1] = static_cast<uint32_t>(kPlaces + (keyed & (kPlaces / 2 - 1)) * 2 + (length >= 32));
    at_[2] =
        static_cast<uint32_t>(2 * kPlaces + ((c1 * 2 + (s.hits & 1)) << 7 | length_class << 4 |
                                             agreement << 1 | static_cast<uint32_t>(s.index == 0)));
    set_ = agreement * 8 + length_class;
    int32_t sum = 0;
    for (size_t i = 0; i < kInputs; ++i) {
      stretched_[i] = model::stretch(entries_[at_[i]].p16());
      sum += stretched_[i] * (weights_[set_][i] >> 8);
    }
    mixed_ = model::clamp_stretch(sum >> 8);
    p_ = std::min(model::squash(mixed_), 65535U);
  }

  // Of the byte that is expected, in 1/65536; 0 if none is.
  uint32_t p16() const { return p_; }
  uint32_t byte() const { return byte_; }

  void learn(bool equal) {
    if (p_ == 0) return;
    const int32_t error = (equal ? 65536 : 0) - static_cast<int32_t>(p_);
    for (size_t i = 0; i < kInputs; ++i) {
      entries_[at_[i]].update(equal ? 1 : 0, 1023);
      int32_t& weight = weights_[set_][i];
      // error · stretched fits in 28 bits.
      weight = std::clamp(weight + (error * stretched_[i] >> 14), -8 * kOne, 8 * kOne);
    }
  }

 private:
  static constexpr int32_t kOne = 65536;

  model::AdaptiveProbability* entries_ = nullptr;
  std::array<std::array<int32_t, kInputs>, 64> weights_{};
  std::array<uint32_t, kInputs> at_{};
  std::array<int32_t, kInputs> stretched_{};
  uint32_t set_ = 0;
  int32_t mixed_ = 0;
  uint32_t p_ = 0;
  uint32_t byte_ = 0;
};

}  // namespace pith::logmix

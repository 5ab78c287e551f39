// Numbers of logs as differences to those above them, digit by digit.
#pragma once

#include <algorithm>
#include <cstdint>

namespace pith::logmix {

// How far the digits of a field so far are from those above, both read as numbers.
class DigitOffset {
 public:
  void begin() {
    exact_ = 0;
    alike_ = true;
  }
  // Byte `c` has come; `above`: 0, or 256 + the byte that stood above.
  void follow(uint32_t c, uint32_t above) {
    alike_ = alike_ && c - '0' <= 9 && above - (256U | '0') <= 9;
    if (!alike_) return;
    exact_ =
        clamp(exact_ * 10 + static_cast<int32_t>(c) - static_cast<int32_t>(above & 0xFF), kMost);
  }
  // False once there was something else than digits below digits.
  bool alike() const { return alike_; }
  // 0 if not alike, else 1 to 5: far below, 1 below, the same, 1 above, far above.
  uint32_t bucket() const { return alike_ ? static_cast<uint32_t>(3 + clamp(exact_, 2)) : 0; }
  // 0 to 2 · kSame, with kSame for the same.
  static constexpr uint32_t kSame = 9;
  uint32_t fine() const {
    constexpr int32_t kMiddle = kSame;
    return static_cast<uint32_t>(kMiddle + clamp(exact_, kMiddle));
  }

 private:
  static constexpr int32_t kMost = 100000000;
  static constexpr int32_t clamp(int32_t x, int32_t most) { return std::clamp(x, -most, most); }

  int32_t exact_ = 0;
  bool alike_ = true;
};

}  // namespace pith::logmix

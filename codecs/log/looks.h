// How a word looks: digits as one 0, letters as one a, the rest as it is. Words without any digit
// look all the same. Slots whose words look alike may share a column.
#pragma once

#include <string_view>

#include "codecs/log/interner.h"

namespace pith::log {

inline constexpr uint32_t kNoDigitsLook = 1;
inline constexpr uint32_t kOnlyDigitsLook = 2;
inline constexpr uint32_t kMixedLook = 3;  // a slot whose words look different
inline constexpr uint32_t kWholeLook = 4;  // a line kept whole

inline uint32_t look_of(std::string_view word) {
  uint64_t hash = 0;
  char last = 0;
  bool digits = false;
  bool others = false;
  for (const char c : word) {
    if (c == ' ') continue;
    const char lower = static_cast<char>(c | 0x20);
    char kind = c;
    if (c >= '0' && c <= '9') kind = '0';
    if ((lower >= 'a' && lower <= 'z') || (c & 0x80) != 0) kind = 'a';
    digits = digits || kind == '0';
    others = others || kind != '0';
    if (kind != last || (kind != '0' && kind != 'a')) {
      hash = mix_hash(hash, static_cast<uint8_t>(kind));
    }
    last = kind;
  }
  if (!digits) return kNoDigitsLook;
  if (!others) return kOnlyDigitsLook;
  return static_cast<uint32_t>(hash) | 8;
}

}  // namespace pith::log

#include "codecs/log/parsed.h"

#include <algorithm>

#include "codecs/log/interner.h"

namespace pith::log {
namespace {

constexpr size_t kMaxKeyText = 40;
// A word shorter than this says little: the one before it counts too.
constexpr size_t kShortWord = 4;

bool is_word_byte(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return (c >= '0' && c <= '9') || (lower >= 'a' && lower <= 'z') || (c & 0x80) != 0;
}

bool ends_word(char c) {
  return c == ' ' || c == '\t' || c == ',' || c == '"' || c == '(' || c == '[' || c == '{' ||
         c == '=' || c == '|';
}

}  // namespace

std::vector<uint64_t> slot_keys(const Template& t) {
  std::vector<uint64_t> keys(t.slots.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    const std::string_view left = t.fixed(i);
    uint64_t above = i == 0 ? 1 : keys[i - 1];
    size_t from = 0;
    size_t at = left.size();
    for (size_t words = 0, wanted = 1; words < wanted; ++words) {
      while (at > 0 && !is_word_byte(left[at - 1])) --at;
      if (at == 0) break;
      const size_t end = at;
      while (at > 0 && !ends_word(left[at - 1])) --at;
      const bool field = end < left.size() && left[end] == '\t';
      if (words == 0 && end - at < kShortWord && !field) wanted = 2;
      if (words > 0 && left.size() - at > kMaxKeyText) break;
      above = 0;
      from = at;
    }
    const std::string_view text =
        left.substr(std::max(from, left.size() - std::min(left.size(), kMaxKeyText)));
    keys[i] = mix_hash(hash_bytes(text.data(), text.size()), above);
  }
  return keys;
}

}  // namespace pith::log

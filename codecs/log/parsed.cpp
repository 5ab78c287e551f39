#include "codecs/log/parsed.h"

#include "codecs/log/interner.h"

namespace pith::log {
namespace {

constexpr size_t kMaxKeyText = 40;

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
    std::string_view left = t.fixed(i);
    size_t at = left.size();
    while (at > 0 && !is_word_byte(left[at - 1])) --at;
    uint64_t above = i == 0 ? 1 : keys[i - 1];
    if (at > 0) {
      above = 0;
      while (at > 0 && !ends_word(left[at - 1])) --at;
      left.remove_prefix(at);
    }
    if (left.size() > kMaxKeyText) left.remove_prefix(left.size() - kMaxKeyText);
    keys[i] = mix_hash(hash_bytes(left.data(), left.size()), above);
  }
  return keys;
}

}  // namespace pith::log

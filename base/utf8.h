// UTF-8 (RFC 3629): the length of the sequence at the front of a text.
#pragma once

#include <cstddef>
#include <string_view>

namespace pith {

// 1 to 4 for a well-formed sequence; 0 if the text is empty, does not begin with one, or cuts one
// off. No overlong forms, no surrogates, nothing above U+10FFFF.
inline size_t utf8_sequence_size(std::string_view text) {
  if (text.empty()) return 0;
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  if (first < 0x80) return 1;
  const size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < size) return 0;
  for (size_t i = 1; i < size; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
  }
  if ((first == 0xE0 && at(1) < 0xA0) || (first == 0xED && at(1) > 0x9F) ||
      (first == 0xF0 && at(1) < 0x90) || (first == 0xF4 && at(1) > 0x8F)) {
    return 0;
  }
  return size;
}

}  // namespace pith

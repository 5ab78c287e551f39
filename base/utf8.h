// UTF-8 (RFC 3629): the sequence at the front of a text.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace pith {
namespace utf8_detail {

// 1 to 4 for the first byte of a sequence, 0 for a byte that begins none.
constexpr size_t size_by_lead(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  return lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
}

// True if the bytes that are there, up to `size`, can stand in a sequence that begins with the
// first: no overlong forms, no surrogates, nothing above U+10FFFF (section 4).
constexpr bool matches(std::string_view text, size_t size) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const size_t there = std::min(size, text.size());
  for (size_t i = 1; i < there; ++i) {
    if ((at(i) & 0xC0) != 0x80) return false;
  }
  if (there < 2) return true;
  return !((at(0) == 0xE0 && at(1) < 0xA0) || (at(0) == 0xED && at(1) > 0x9F) ||
           (at(0) == 0xF0 && at(1) < 0x90) || (at(0) == 0xF4 && at(1) > 0x8F));
}

}  // namespace utf8_detail

// 1 to 4 for a well-formed sequence; 0 if the text is empty, begins with none, or cuts one off.
constexpr size_t utf8_sequence_size(std::string_view text) {
  if (text.empty()) return 0;
  const size_t size = utf8_detail::size_by_lead(static_cast<unsigned char>(text[0]));
  return size <= text.size() && utf8_detail::matches(text, size) ? size : 0;
}

// True if the whole text is a sequence that its end cuts off.
constexpr bool is_utf8_prefix(std::string_view text) {
  if (text.empty()) return false;
  const size_t size = utf8_detail::size_by_lead(static_cast<unsigned char>(text[0]));
  return size > text.size() && utf8_detail::matches(text, size);
}

}  // namespace pith

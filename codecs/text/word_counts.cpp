#include "codecs/text/word_counts.h"

#include <algorithm>
#include <bit>

#include "codecs/entropy/rans.h"

namespace pith::text {

WordCounts count_words(ByteView bytes) {
  const auto* text = reinterpret_cast<const uint8_t*>(bytes.data());
  const size_t size = bytes.size();
  WordCounts counts;
  entropy::count_symbols({text, size}, counts.bytes);

  const size_t slots = std::clamp(std::bit_ceil(size / 16), size_t{1} << 10, size_t{1} << 20);
  const size_t room = slots / 4 * 3;
  static_assert(kMaxCountedWords == (size_t{1} << 20) / 4 * 3);
  std::vector<CountedWord> table(slots);
  size_t used = 0;
  for (size_t at = 0; at < size;) {
    if (!is_letter(text[at])) {
      ++at;
      continue;
    }
    const WordToken word = next_word(text, at, size);
    const size_t length = word.end - at;
    counts.letters += length;
    if (word.letter_case != LetterCase::kLower) {
      ++counts.capitals;
      if (length == 1) ++counts.alone[text[at]];
    }
    if (at > 0) {
      if (text[at - 1] != ' ') {
        ++counts.attached[text[at - 1]];
      } else if (at > 1) {
        ++counts.spaced[text[at - 2]];
      }
    }
    if (length <= kMaxWordLength) {
      size_t slot = word.hash & (slots - 1);
      for (;; slot = (slot + 1) & (slots - 1)) {
        CountedWord& entry = table[slot];
        if (entry.count == 0) {
          if (used == room) break;
          ++used;
          entry = {word.hash, static_cast<uint32_t>(at), 1, static_cast<uint32_t>(length)};
          break;
        }
        if (entry.hash == word.hash && entry.length == length &&
            same_letters(text + entry.position, text + at, length)) {
          ++entry.count;
          break;
        }
      }
    }
    at = word.end;
  }
  std::erase_if(table, [](const CountedWord& word) { return word.count == 0; });
  counts.words = std::move(table);
  return counts;
}

}  // namespace pith::text

// Cuts text into words: the one rule that says where a word begins and ends.
//
// A word is  [a-z]+  or  [A-Z][a-z]+  or  [A-Z]+  (longest match from the left; of a run of
// capitals that is followed by a small letter, the last capital belongs to the next word). So
// "HTMLParser" is HTML, Parser; "readFile" is read, File. All other bytes stand for themselves. Two
// words that touch therefore always differ in case where they meet, and no word is followed
// directly by a small letter: the word transform relies on it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace pith::text {

inline constexpr size_t kMaxWordLength = 32;  // letters; longer words are never listed

enum class LetterCase : uint8_t { kLower, kCapital, kUpper };

inline constexpr bool is_lower(uint8_t byte) { return static_cast<uint8_t>(byte - 'a') < 26; }
inline constexpr bool is_upper(uint8_t byte) { return static_cast<uint8_t>(byte - 'A') < 26; }
inline constexpr bool is_letter(uint8_t byte) {
  return static_cast<uint8_t>((byte | 0x20) - 'a') < 26;
}
inline constexpr uint8_t kCaseBit = 0x20;

struct WordToken {
  size_t end = 0;     // index behind the word
  uint32_t hash = 0;  // of its letters, made small
  LetterCase letter_case = LetterCase::kLower;
};

inline uint32_t add_to_hash(uint32_t hash, uint8_t letter) {
  return (hash ^ (letter | kCaseBit)) * 0x9E3779B1U;
}
inline uint32_t finish_hash(uint32_t hash) { return hash ^ (hash >> 15); }

// The word that begins at `text[at]`, which must be a letter.
inline WordToken next_word(const uint8_t* text, size_t at, size_t size) {
  WordToken word;
  uint32_t hash = add_to_hash(0x51ED270BU, text[at]);
  size_t end = at + 1;
  if (is_lower(text[at]) || (end < size && is_lower(text[end]))) {
    word.letter_case = is_lower(text[at]) ? LetterCase::kLower : LetterCase::kCapital;
    for (; end < size && is_lower(text[end]); ++end) hash = add_to_hash(hash, text[end]);
  } else {
    uint32_t hash_before = hash;
    for (; end < size && is_upper(text[end]); ++end) {
      hash_before = hash;
      hash = add_to_hash(hash, text[end]);
    }
    if (end < size && is_lower(text[end])) {  // at least two capitals: the last begins a word
      --end;
      hash = hash_before;
    }
    word.letter_case = end - at == 1 ? LetterCase::kCapital : LetterCase::kUpper;
  }
  word.end = end;
  word.hash = finish_hash(hash);
  return word;
}

}  // namespace pith::text

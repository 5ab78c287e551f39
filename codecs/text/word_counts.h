// Counts the words of a block, and what stands before them. Encoder only.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "codecs/text/word_tokens.h"

namespace pith::text {

struct CountedWord {
  uint32_t hash = 0;
  uint32_t position = 0;  // of one occurrence in the text
  uint32_t count = 0;     // in any case
  uint32_t length = 0;
};

struct WordCounts {
  std::vector<CountedWord> words;        // in the order of the hash table; count > 0
  std::array<uint32_t, 256> bytes{};     // the text's histogram
  std::array<uint32_t, 256> spaced{};    // words that one space separates from this byte
  std::array<uint32_t, 256> attached{};  // words that this byte precedes directly
  std::array<uint32_t, 256> alone{};     // words of a single capital
  uint64_t letters = 0;                  // letters in all words
  uint64_t capitals = 0;                 // words that are capitalised or in capitals
};

// Words of more than kMaxWordLength letters are left out, and words first seen after the table (of
// at most kMaxCountedWords entries) is full. Text of 4 GiB at most.
inline constexpr size_t kMaxCountedWords = size_t{3} << 18;
WordCounts count_words(ByteView text);

// True if the `length` letters at `a` and `b` are the same but for their case.
inline bool same_letters(const uint8_t* a, const uint8_t* b, size_t length) {
  for (size_t i = 0; i < length; ++i) {
    if ((a[i] | kCaseBit) != (b[i] | kCaseBit)) return false;
  }
  return true;
}

}  // namespace pith::text

// A block of log text as lines of tokens (docs/codecs/log.md, "Tokens").
//
// Delimiters: space tab , ; " ' ( ) [ ] { } < > | = & ? CR NUL, and ':' right after '"'. What lies
// between them is a token. Spaces in front of a number, beyond the first, are padding and belong to
// the number. Where quoted strings are whole, what lies between a '"' and the next one is a token
// whatever it is. A line ends before its LF. Only the encoder tokenises: what it makes of the
// tokens, templates and columns, is all that a decoder sees.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace pith::log {

inline constexpr size_t kMaxTokensOfLine = 2048;
inline constexpr size_t kMaxLineToTokenise = size_t{64} << 10;

// What becomes of quoted strings. Messages are made of words that come back; a request or a name of
// a browser rather comes back as it is.
enum class Quoted : uint8_t { kWords, kWhole };

struct Token {
  uint32_t begin = 0;  // in the block
  uint32_t size = 0;
  uint32_t word = 0;  // equal tokens have equal words: 0, 1, … in the order of first occurrence
};

struct Line {
  uint32_t begin = 0;
  uint32_t end = 0;  // of its bytes without the LF
  uint32_t first_token = 0;
  uint32_t tokens = 0;  // 0 where it is kept whole
  bool whole = false;   // too long, or with too many tokens: one value, not tokenised
  uint64_t shape = 0;   // equal for lines with the same delimiters, but for collisions
};

struct Tokens {
  std::vector<Token> tokens;
  std::vector<Line> lines;
  std::vector<uint8_t> word_has_digit;  // for each word
  bool ends_with_lf = false;

  size_t words() const { return word_has_digit.size(); }
};

// For blocks of less than 2^31 bytes.
Tokens tokenise(ByteView block, Quoted quoted);

}  // namespace pith::log

// A block of log text as lines of tokens (docs/codecs/log.md, "Tokens").
//
// Delimiters: space tab , ; " ' ( ) [ ] { } < > | = & ? CR NUL, and ':' right after '"'. What lies
// between them is a token. Spaces in front of a number, beyond the first, are padding and belong to
// the number. Where quoted strings are whole, what lies between a '"' and the next one is a token,
// unless it is nothing but delimiters. A line ends before its LF. Only the encoder tokenises: what
// it makes of the tokens, templates and columns, is all that a decoder sees.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "codecs/log/parsed.h"

namespace pith::log {

inline constexpr size_t kMaxTokensOfLine = 2048;
inline constexpr size_t kMaxLineToTokenise = size_t{64} << 10;

// What becomes of quoted strings. Messages are made of words that come back; a request or a name of
// a browser rather comes back as it is.
enum class Quoted : uint8_t { kWords, kWhole };

struct Line {
  uint32_t begin = 0;
  uint32_t end = 0;  // of its bytes without the LF
  uint32_t first_token = 0;
  uint32_t shape = 0;
};

// What lines with the same delimiters share. Lines that are too long, or have too many tokens, are
// kept whole: one value, not tokenised; they are of one shape.
struct Shape {
  uint32_t tokens = 0;
  uint32_t first_gap = 0;
  bool whole = false;
};

struct Tokens {
  // For each token the number of its word: equal tokens have equal words. A line's tokens lie back
  // to back.
  std::vector<uint32_t> tokens;
  std::vector<Line> lines;
  std::vector<Shape> shapes;            // in the order of their first lines
  Pieces gaps;                          // of a shape: before each token, and behind the last one
  Pieces words;                         // in the order of first occurrence: where that is
  std::vector<uint8_t> word_has_digit;  // for each word
  bool ends_with_lf = false;

  const Shape& shape_of(const Line& line) const { return shapes[line.shape]; }
  std::span<const uint32_t> words_of(const Line& line) const {
    return {tokens.data() + line.first_token, shape_of(line).tokens};
  }
  const Piece& gap(const Shape& shape, size_t i) const { return gaps[shape.first_gap + i]; }
};

// For blocks of less than 2^31 bytes.
Tokens tokenise(ByteView block, Quoted quoted);

}  // namespace pith::log

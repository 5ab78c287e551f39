// What the text models know of the bytes so far: the last bytes, the words, the line.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "codecs/text/markup_state.h"
#include "codecs/text/word_alphabet.h"
#include "codecs/text/x86_filter.h"
#include "codecs/text/x86_state.h"

namespace pith::text {

// What a byte value does to the current word.
enum class TokenKind : uint8_t {
  kOther = 0,  // ends a word
  kLetter,     // continues a spelled word
  kCode,       // a word in one byte
  kLead,       // the first byte of a word in two
  kFlag,       // belongs to the word that follows, says nothing of its letters
};

// All of it but what the byte values mean.
struct TextPlace {
  const uint8_t* data = nullptr;  // all bytes so far
  uint32_t position = 0;          // how many they are
  uint64_t last8 = 0;             // the last eight, newest lowest
  uint32_t word = 0;              // hash of the current word, 0 before its first letter
  uint32_t word1 = 0;             // of the words before
  uint32_t word2 = 0;
  uint32_t word3 = 0;
  uint32_t word_length = 0;  // symbols of the current word so far
  uint32_t mark = 0;         // the last byte outside words that was not a space
  uint32_t tag = 0;          // hash of the last name after '<'
  uint32_t open_tag = 0;     // of the name being read, with bit 31 set; 0 outside
  uint32_t place = 0;        // in markup (markup_state.h), 0 where there is none
  uint32_t line = 0;         // where the current line starts
  uint32_t line_above = 0;
  uint32_t first = 0;          // first byte of the line
  uint32_t stride = 0;         // length of the records, 0 if there are none
  uint32_t record_column = 0;  // where in a record the next byte lies, counted from set_stride
  X86Mode code = X86Mode::kNone;
  X86State x86;                 // if code is not kNone
  bool second_of_code = false;  // the next byte completes a two-byte code
  bool word_complete = false;   // the current word is a code: a letter begins another one
};

struct TextState : TextPlace {
  std::array<TokenKind, 256> kinds{};
  MarkupState markup;

  // Letters, and bytes of multi-byte characters, make words; nothing is a code.
  void set_plain_kinds() {
    for (uint32_t c = 0; c < 256; ++c) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 128;
      kinds[c] = letter ? TokenKind::kLetter : TokenKind::kOther;
    }
  }

  // The words of the word transform are codes from here on.
  void set_words(const WordAlphabet& words) {
    for (size_t c = 0; c < 256; ++c) {
      switch (words[static_cast<uint8_t>(c)]) {
        case ByteKind::kLiteral:
          break;
        case ByteKind::kSingle:
          kinds[c] = TokenKind::kCode;
          break;
        case ByteKind::kLead:
          kinds[c] = TokenKind::kLead;
          break;
        case ByteKind::kCapital:
        case ByteKind::kUpper:
        case ByteKind::kJoin:
        case ByteKind::kEscape:
          kinds[c] = TokenKind::kFlag;
          break;
      }
    }
  }

  // The block consists of records of `length` bytes from here on (see stride.h); 0: of none.
  void set_stride(uint32_t length) {
    stride = length;
    record_column = 0;
  }

  // The block is x86 code from here on.
  void set_code(X86Mode mode) {
    code = mode;
    x86 = X86State(mode == X86Mode::k64);
  }

  uint32_t byte(int back) const { return static_cast<uint32_t>(last8 >> (8 * (back - 1))) & 0xFF; }
  uint32_t column() const { return position - line; }
  // The byte above the next one.
  uint32_t above() const {
    const uint32_t at = line_above + column();
    return at < line ? data[at] : 0;
  }

  // The byte above the one after the next, if the next does not end the line.
  uint32_t above_after() const {
    const uint32_t at = line_above + column() + 1;
    return at < line ? data[at] : 0;
  }

  // The byte that many records before the next one.
  uint32_t record_before(uint32_t records) const {
    const uint64_t back = uint64_t{stride} * records;
    return back != 0 && back <= position ? data[position - back] : 0;
  }

  // The byte that many records before the one after the next; records of two bytes and more.
  uint32_t record_after(uint32_t records) const {
    const uint64_t back = uint64_t{stride} * records;
    return back <= position + uint64_t{1} ? data[position + 1 - back] : 0;
  }

  // The same for the last byte.
  uint32_t record_before_last(uint32_t records) const {
    const uint64_t back = uint64_t{stride} * records + 1;
    return stride != 0 && back <= position ? data[position - back] : 0;
  }

  void end_word() {
    if (word == 0) return;
    word_length = 0;
    word3 = word2;
    word2 = word1;
    word1 = word;
    word = 0;
  }
  void extend_word(uint32_t c) {
    ++word_length;
    word = (word + c + 1) * 0x2F0B4C47U;
    word ^= word >> 15;
  }

  // The second byte of a code may have any value.
  void advance_markup(uint32_t c) {
    if (second_of_code) return;
    markup.advance(c);
    place = markup.place();
  }

  // `c` is data[position].
  void advance(uint32_t c) {
    last8 = (last8 << 8) | c;
    ++position;
    if (stride != 0 && ++record_column == stride) record_column = 0;
    if (code != X86Mode::kNone) x86.advance(c);
    advance_markup(c);
    if (second_of_code) {
      second_of_code = false;
      extend_word(c);
    } else {
      switch (kinds[c]) {
        case TokenKind::kLetter:
          if (word_complete) end_word();
          word_complete = false;
          extend_word(c >= 'A' && c <= 'Z' ? c + 32 : c);
          break;
        case TokenKind::kCode:
        case TokenKind::kLead:
          end_word();
          extend_word(c);
          word_complete = true;
          second_of_code = kinds[c] == TokenKind::kLead;
          break;
        case TokenKind::kOther:
          end_word();
          word_complete = false;
          if (c != ' ') mark = c;
          break;
        case TokenKind::kFlag:
          break;
      }
    }
    if (c == '<') {
      open_tag = 0x80000000U;
    } else if (open_tag != 0) {
      const bool name = kinds[c] != TokenKind::kOther || (c >= '0' && c <= '9') || c == '/';
      if (name) {
        open_tag = ((open_tag + c + 1) * 0x2F0B4C47U) | 0x80000000U;
      } else {
        tag = open_tag;
        open_tag = 0;
      }
    }
    if (column() == 1) first = c;
    if (c == '\n') {
      line_above = line;
      line = position;
      first = 0;
    }
  }
};

}  // namespace pith::text

// What each byte value means in text that the word transform has coded.
#pragma once

#include <array>
#include <cstdint>

namespace pith::text {

enum class ByteKind : uint8_t {
  kLiteral = 0,  // stands for itself
  kSingle,       // the code of a word, alone
  kLead,         // the first byte of a two-byte code; any byte of the second set follows
  kCapital,      // the first letter of the word that follows (code or letters) is a capital
  kUpper,        // all letters of the word that follows are capitals
  kJoin,         // no space is implied before the code that follows (perhaps behind a case flag)
  kEscape,       // the byte that follows stands for itself
};

// Enough for a model to keep track of tokens: walk with `kind[byte]`; a kLead or kEscape byte owns
// the byte behind it, whatever its value.
struct WordAlphabet {
  std::array<uint8_t, 256> kind{};  // ByteKind
  // A single space is implied before a word's code if the last byte before it (of the decoded text;
  // a line feed at the start) is marked here. Never true for a space.
  std::array<uint8_t, 256> space_follows{};

  ByteKind operator[](uint8_t byte) const { return static_cast<ByteKind>(kind[byte]); }
};

}  // namespace pith::text

// Inputs for tests: deterministic, of several kinds.
#pragma once

#include <random>
#include <string>

#include "base/bytes.h"

namespace pith::test {

inline ByteBuffer random_bytes(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  ByteBuffer bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

// Words, spaces and line ends: compresses about three to one.
inline ByteBuffer random_text(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  std::string text;
  while (text.size() < size) {
    uint32_t word = random() % 512 * 2654435761U;
    for (size_t i = 0, letters = 2 + word % 7; i < letters; ++i, word = word * 31 + 7) {
      text += static_cast<char>('a' + (word >> 24) % 26);
    }
    text += random() % 9 == 0 ? '\n' : ' ';
  }
  return ByteBuffer(as_bytes(text).first(size));
}

}  // namespace pith::test

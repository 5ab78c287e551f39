// Texts whose suffixes sort in peculiar ways, of sizes around every change in the transform.
#pragma once

#include <string>
#include <vector>

#include "tests/support/random_data.h"

namespace pith::test {

inline ByteBuffer repeated(std::string_view part, size_t size) {
  ByteBuffer text;
  while (text.size() < size) append(text, as_bytes(part));
  text.resize(size);
  return text;
}

inline std::vector<ByteBuffer> bwt_inputs() {
  std::vector<ByteBuffer> all;
  for (const size_t size : std::initializer_list<size_t>{
           1,   2,    3,     4,     5,     7,     8,      9,      255,    256,
           257, 1000, 16383, 16384, 16385, 16387, 262143, 262144, 262145, 262151}) {
    const auto seed = static_cast<uint32_t>(size);
    all.push_back(random_bytes(size, seed));
    all.push_back(random_text(size, seed));
    all.emplace_back(size, std::byte{0});
    all.emplace_back(size, std::byte{0xFF});
    all.push_back(repeated("ab", size));
    all.push_back(repeated("ba", size));
    all.push_back(repeated("abracadabra", size));
    ByteBuffer falling(size);
    for (size_t i = 0; i < size; ++i) falling[i] = static_cast<std::byte>(255 - i % 256);
    all.push_back(std::move(falling));
    ByteBuffer few = random_bytes(size, seed + 1);  // long runs, long ranks
    for (std::byte& byte : few) byte = byte < std::byte{250} ? std::byte{7} : byte;
    all.push_back(std::move(few));
  }
  all.push_back(random_text((size_t{1} << 21) + 5, 3));
  std::string fibonacci = "a";
  for (std::string last = "b"; fibonacci.size() < 50000;) {
    std::string longer = fibonacci + last;
    last = std::exchange(fibonacci, std::move(longer));
  }
  all.emplace_back(as_bytes(fibonacci));
  return all;
}

}  // namespace pith::test

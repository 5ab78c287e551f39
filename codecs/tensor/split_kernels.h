// Splitting and merging (split.h) for the vector widths. Each handles a first part of the words and
// returns how many; the rest is for the scalar code. That part takes whole bytes of raw bits.
#pragma once

#include <cstring>

#include "codecs/tensor/split.h"

namespace pith::tensor {

// Appends groups of bits, at most 56 at once.
class BitSink {
 public:
  explicit BitSink(std::byte* out) : out_(out) {}
  void put(uint64_t bits, int count) {
    pending_ |= bits << filled_;
    filled_ += count;
    std::memcpy(out_, &pending_, 8);
    out_ += filled_ >> 3;
    pending_ >>= filled_ & 0x38;
    filled_ &= 7;
  }

 private:
  std::byte* out_;
  uint64_t pending_ = 0;
  int filled_ = 0;
};

// The words from number `at` on whose bits are set in the mask.
template <class Word>
void note_escapes(uint64_t mask, const std::byte* words, size_t at, std::vector<Escape>& escapes) {
  for (; mask != 0; mask &= mask - 1) {
    const size_t i = at + static_cast<size_t>(__builtin_ctzll(mask));
    Word word = 0;
    std::memcpy(&word, words + i * sizeof(Word), sizeof(Word));
    escapes.push_back({static_cast<uint32_t>(i), word});
  }
}

size_t split_avx2(const Split& split, ByteView words, uint8_t* symbols, std::byte* raw,
                  std::vector<Escape>& escapes, size_t most);

size_t split_avx512(const Split& split, ByteView words, uint8_t* symbols, std::byte* raw,
                    std::vector<Escape>& escapes, size_t most);
size_t merge_avx512(const Split& split, std::span<const uint8_t> symbols, ByteView raw,
                    std::byte* words);
size_t merge_avx2(const Split& split, std::span<const uint8_t> symbols, ByteView raw,
                  std::byte* words);

}  // namespace pith::tensor

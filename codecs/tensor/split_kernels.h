// Splitting and merging (split.h) for the vector widths. Each handles a first part of the words and
// returns how many; the rest is for the scalar code. That part takes whole bytes of raw bits.
#pragma once

#include "codecs/tensor/split.h"

namespace pith::tensor {

size_t split_avx512(const Split& split, ByteView words, uint8_t* symbols, std::byte* raw,
                    std::vector<Escape>& escapes, size_t most);
size_t merge_avx512(const Split& split, std::span<const uint8_t> symbols, ByteView raw,
                    std::byte* words);
size_t merge_avx2(const Split& split, std::span<const uint8_t> symbols, ByteView raw,
                  std::byte* words);

}  // namespace pith::tensor

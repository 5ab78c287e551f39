// The inner loops of rANS (rans.h) for the vector widths. Each codes whole rounds of all lanes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "codecs/entropy/rans.h"

namespace pith::entropy {

// Encode the last symbol first; `count` is a multiple of `lanes`, itself a multiple of 16. Return
// the new position of the words. The kSpareWords before it may be overwritten.
uint16_t* rans_encode_avx512(const uint8_t* symbols, size_t count, const EncodeTable& table,
                             size_t lanes, uint32_t* states, uint16_t* at);
uint16_t* rans_encode_avx2(const uint8_t* symbols, size_t count, const EncodeTable& table,
                           size_t lanes, uint32_t* states, uint16_t* at);

// Decode as long as whole rounds fit into `count` and enough words are left that no load goes
// beyond `end`; return the number of symbols decoded. `lanes` is a multiple of 16.
size_t rans_decode_avx512(uint8_t* symbols, size_t count, const DecodeTable& table, size_t lanes,
                          uint32_t* states, const std::byte*& at, const std::byte* end);
size_t rans_decode_avx2(uint8_t* symbols, size_t count, const DecodeTable& table, size_t lanes,
                        uint32_t* states, const std::byte*& at, const std::byte* end);

}  // namespace pith::entropy

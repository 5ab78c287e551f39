// rANS, 16 lanes to a vector: gathers for the table, expanding and compressing for the words.
#if defined(__x86_64__)
#include <immintrin.h>

#include "codecs/entropy/rans_kernels.h"

namespace pith::entropy {
namespace {

// The high halves of the 32-bit products.
PITH_AVX512 inline __m512i multiply_high(__m512i a, __m512i b) {
  const __m512i even = _mm512_srli_epi64(_mm512_mul_epu32(a, b), 32);
  const __m512i odd = _mm512_mul_epu32(_mm512_srli_epi64(a, 32), _mm512_srli_epi64(b, 32));
  return _mm512_mask_blend_epi32(0xAAAA, even, odd);
}

template <size_t kVectors>
PITH_AVX512 uint16_t* encode(const uint8_t* symbols, size_t count, const EncodeTable& table,
                             uint32_t* states, uint16_t* at) {
  __m512i x[kVectors];
  for (size_t v = 0; v < kVectors; ++v) x[v] = _mm512_load_si512(states + 16 * v);
  const __m512i low = _mm512_set1_epi32(0xFFFF);
  for (size_t i = count; i > 0; i -= 16 * kVectors) {
    const uint8_t* round = symbols + i - 16 * kVectors;
    for (size_t k = 0; k < kVectors; ++k) {
      const size_t v = kVectors - 1 - k;
      const __m512i symbol =
          _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(round + 16 * v)));
      const __m512i entry = _mm512_i32gather_epi32(symbol, table.entry.data(), 4);
      const __m512i reciprocal = _mm512_i32gather_epi32(symbol, table.reciprocal.data(), 4);
      const __m512i frequency = _mm512_and_si512(entry, low);
      const __mmask16 full = _mm512_cmpge_epu32_mask(x[v], _mm512_slli_epi32(frequency, 20));
      // In registers: compressing into memory is slow on some machines.
      const __m512i words = _mm512_maskz_compress_epi32(full, x[v]);
      const int used = __builtin_popcount(full);
      at -= used;
      _mm256_mask_storeu_epi16(
          at, static_cast<__mmask16>(_bzhi_u32(0xFFFF, static_cast<unsigned>(used))),
          _mm512_cvtepi32_epi16(words));
      const __m512i y = _mm512_mask_srli_epi32(x[v], full, x[v], 16);
      __m512i quotient = multiply_high(y, reciprocal);
      __m512i rest = _mm512_sub_epi32(y, _mm512_mullo_epi32(quotient, frequency));
      const __mmask16 more = _mm512_cmpge_epu32_mask(rest, frequency);
      rest = _mm512_mask_sub_epi32(rest, more, rest, frequency);
      quotient = _mm512_mask_add_epi32(quotient, more, quotient, _mm512_set1_epi32(1));
      x[v] = _mm512_add_epi32(_mm512_slli_epi32(quotient, kRansBits),
                              _mm512_add_epi32(rest, _mm512_srli_epi32(entry, 16)));
    }
  }
  for (size_t v = 0; v < kVectors; ++v) _mm512_store_si512(states + 16 * v, x[v]);
  return at;
}

template <size_t kVectors>
PITH_AVX512 size_t decode(uint8_t* symbols, size_t count, const DecodeTable& table,
                          uint32_t* states, const std::byte*& at, const std::byte* end) {
  __m512i x[kVectors];
  for (size_t v = 0; v < kVectors; ++v) x[v] = _mm512_load_si512(states + 16 * v);
  const __m512i slot_mask = _mm512_set1_epi32(kRansTotal - 1);
  const __m512i bound = _mm512_set1_epi32(kRansLow);
  const std::byte* from = at;
  size_t i = 0;
  for (; i + 16 * kVectors <= count && end - from >= static_cast<std::ptrdiff_t>(32 * kVectors);
       i += 16 * kVectors) {
    for (size_t v = 0; v < kVectors; ++v) {
      const __m512i slot =
          _mm512_i32gather_epi32(_mm512_and_si512(x[v], slot_mask), table.slots.data(), 4);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(symbols + i + 16 * v),
                       _mm512_cvtepi32_epi8(_mm512_srli_epi32(slot, 24)));
      const __m512i product =
          _mm512_mullo_epi32(_mm512_and_si512(slot, slot_mask), _mm512_srli_epi32(x[v], kRansBits));
      const __m512i bias = _mm512_and_si512(_mm512_srli_epi32(slot, 12), slot_mask);
      const __m512i y = _mm512_add_epi32(product, bias);
      const __mmask16 low = _mm512_cmplt_epu32_mask(y, bound);
      const __m512i words = _mm512_maskz_expand_epi32(
          low, _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from))));
      x[v] = _mm512_mask_or_epi32(y, low, _mm512_slli_epi32(y, 16), words);
      from += 2 * __builtin_popcount(low);
    }
  }
  for (size_t v = 0; v < kVectors; ++v) _mm512_store_si512(states + 16 * v, x[v]);
  at = from;
  return i;
}

}  // namespace

uint16_t* rans_encode_avx512(const uint8_t* symbols, size_t count, const EncodeTable& table,
                             size_t lanes, uint32_t* states, uint16_t* at) {
  switch (lanes) {
    case 16:
      return encode<1>(symbols, count, table, states, at);
    case 32:
      return encode<2>(symbols, count, table, states, at);
    case 64:
      return encode<4>(symbols, count, table, states, at);
    default:
      return encode<8>(symbols, count, table, states, at);
  }
}

size_t rans_decode_avx512(uint8_t* symbols, size_t count, const DecodeTable& table, size_t lanes,
                          uint32_t* states, const std::byte*& at, const std::byte* end) {
  switch (lanes) {
    case 16:
      return decode<1>(symbols, count, table, states, at, end);
    case 32:
      return decode<2>(symbols, count, table, states, at, end);
    case 64:
      return decode<4>(symbols, count, table, states, at, end);
    default:
      return decode<8>(symbols, count, table, states, at, end);
  }
}

}  // namespace pith::entropy
#endif

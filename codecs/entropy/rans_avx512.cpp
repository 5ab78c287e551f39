// rANS, 16 lanes to a vector: gathers for the table, expanding and compressing for the words.
#if defined(__x86_64__)
#include <immintrin.h>

#include "codecs/entropy/rans_kernels.h"

namespace pith::entropy {
namespace {

// A gather keeps the elements that its mask leaves out, so it waits for the old value of the
// register into which it goes. The mask hides from the compiler that there are none, and that it
// may take any register: it has to take one that holds zeros and waits for nothing.
struct Gather {
  PITH_AVX512 Gather() { asm("" : "+Yk"(all)); }
  PITH_AVX512 __m512i operator()(__m512i index, const uint32_t* table) const {
    return _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), all, index, table, 4);
  }
  __mmask16 all = 0xFFFF;
};

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
#pragma GCC unroll 8
  for (size_t v = 0; v < kVectors; ++v) x[v] = _mm512_load_si512(states + 16 * v);
  const Gather gather;
  const __m512i low = _mm512_set1_epi32(0xFFFF);
  for (size_t i = count; i > 0; i -= 16 * kVectors) {
    const uint8_t* round = symbols + i - 16 * kVectors;
#pragma GCC unroll 8
    for (size_t k = 0; k < kVectors; ++k) {
      const size_t v = kVectors - 1 - k;
      const __m512i symbol =
          _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(round + 16 * v)));
      const __m512i entry = gather(symbol, table.entry.data());
      const __m512i reciprocal = gather(symbol, table.reciprocal.data());
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
#pragma GCC unroll 8
  for (size_t v = 0; v < kVectors; ++v) _mm512_store_si512(states + 16 * v, x[v]);
  return at;
}

// Puts words into the high halves of 32 bits; what is in the low halves does not matter.
PITH_AVX512 inline __m512i high_words() {
  alignas(64) uint16_t from[32];
  for (size_t i = 0; i < 32; ++i) from[i] = static_cast<uint16_t>(i / 2);
  return _mm512_load_si512(from);
}

// Lanes whose byte k is a symbol of vector k, become 64 symbols in their order.
PITH_AVX512 inline __m512i symbol_order() {
  alignas(64) uint8_t from[64];
  for (size_t i = 0; i < 64; ++i) from[i] = static_cast<uint8_t>(i % 16 * 4 + i / 16);
  return _mm512_load_si512(from);
}

// Puts the symbols of four slots of a lane (their highest bytes) into its four bytes, one by one.
template <int kPlace>
PITH_AVX512 inline __m512i place_symbol(__m512i slot, __m512i others) {
  const __m512i shifted = _mm512_srli_epi32(slot, 24 - 8 * kPlace);
  if constexpr (kPlace == 0) return shifted;
  const __m512i byte = _mm512_set1_epi32(static_cast<int>(0xFFU << (8 * kPlace)));
  return _mm512_ternarylogic_epi32(shifted, byte, others, 0xEA);  // (shifted & byte) | others
}

template <size_t kVectors>
PITH_AVX512 size_t decode(uint8_t* symbols, size_t count, const DecodeTable& table,
                          uint32_t* states, const std::byte*& at, const std::byte* end) {
  __m512i x[kVectors];
#pragma GCC unroll 8
  for (size_t v = 0; v < kVectors; ++v) x[v] = _mm512_load_si512(states + 16 * v);
  const Gather gather;
  const __m512i slot_mask = _mm512_set1_epi32(kRansTotal - 1);
  const __m512i bound = _mm512_set1_epi32(kRansLow);
  const __m512i to_high = high_words();
  const __m512i order = symbol_order();
  const std::byte* from = at;
  size_t i = 0;
  // The slots of a vector become symbols, and the states of its lanes the next ones.
  const auto step = [&](__m512i& state) PITH_AVX512 {
    const __m512i slot = gather(_mm512_and_si512(state, slot_mask), table.slots.data());
    const __m512i product =
        _mm512_mullo_epi32(_mm512_and_si512(slot, slot_mask), _mm512_srli_epi32(state, kRansBits));
    const __m512i y =
        _mm512_add_epi32(product, _mm512_and_si512(_mm512_srli_epi32(slot, 12), slot_mask));
    const __mmask16 low = _mm512_cmplt_epu32_mask(y, bound);
    const __m256i next = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    const __m512i words = _mm512_maskz_expand_epi32(
        low, _mm512_permutexvar_epi16(to_high, _mm512_castsi256_si512(next)));
    state = _mm512_mask_shldi_epi32(y, low, y, words, 16);
    from += 2 * __builtin_popcount(low);
    return slot;
  };
  for (; i + 16 * kVectors <= count && end - from >= static_cast<std::ptrdiff_t>(32 * kVectors);
       i += 16 * kVectors) {
    if constexpr (kVectors % 4 == 0) {
#pragma GCC unroll 2
      for (size_t v = 0; v < kVectors; v += 4) {
        __m512i four = place_symbol<0>(step(x[v]), slot_mask);
        four = place_symbol<1>(step(x[v + 1]), four);
        four = place_symbol<2>(step(x[v + 2]), four);
        four = place_symbol<3>(step(x[v + 3]), four);
        _mm512_storeu_si512(symbols + i + 16 * v, _mm512_permutexvar_epi8(order, four));
      }
    } else {
#pragma GCC unroll 2
      for (size_t v = 0; v < kVectors; ++v) {
        _mm_storeu_si128(reinterpret_cast<__m128i*>(symbols + i + 16 * v),
                         _mm512_cvtepi32_epi8(_mm512_srli_epi32(step(x[v]), 24)));
      }
    }
  }
#pragma GCC unroll 8
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

// rANS, 8 lanes to a vector: tables of permutations spread and collect the words.
#if defined(__x86_64__)
#include <immintrin.h>

#include "codecs/entropy/rans_kernels.h"

namespace pith::entropy {
namespace {

// For each mask of lanes: which of the next words goes to each of its lanes.
constexpr auto make_spread() {
  std::array<std::array<uint32_t, 8>, 256> table{};
  for (size_t mask = 0; mask < table.size(); ++mask) {
    uint32_t next = 0;
    for (size_t lane = 0; lane < 8; ++lane) {
      if ((mask >> lane & 1) != 0) table[mask][lane] = next++;
    }
  }
  return table;
}
alignas(32) constexpr auto kSpread = make_spread();

// For each mask of lanes: its lanes, the last ones at the end.
constexpr auto make_collect() {
  std::array<std::array<uint32_t, 8>, 256> table{};
  for (size_t mask = 0; mask < table.size(); ++mask) {
    size_t next = 8;
    for (size_t lane = 8; lane-- > 0;) {
      if ((mask >> lane & 1) != 0) table[mask][--next] = static_cast<uint32_t>(lane);
    }
  }
  return table;
}
alignas(32) constexpr auto kCollect = make_collect();

PITH_AVX2 inline __m256i load8(const void* from) {
  return _mm256_load_si256(static_cast<const __m256i*>(from));
}

// As in rans_avx512.cpp: a gather must not wait for the old value of a register.
struct Gather {
  PITH_AVX2 Gather() : all(_mm256_set1_epi32(-1)) { asm("" : "+x"(all)); }
  PITH_AVX2 __m256i operator()(__m256i index, const uint32_t* table) const {
    return _mm256_mask_i32gather_epi32(_mm256_setzero_si256(), reinterpret_cast<const int*>(table),
                                       index, all, 4);
  }
  __m256i all;
};

// The high halves of the 32-bit products.
PITH_AVX2 inline __m256i multiply_high(__m256i a, __m256i b) {
  const __m256i even = _mm256_srli_epi64(_mm256_mul_epu32(a, b), 32);
  const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(b, 32));
  return _mm256_blend_epi32(even, odd, 0xAA);
}

// Unsigned a >= b, all bits set or none.
PITH_AVX2 inline __m256i at_least(__m256i a, __m256i b) {
  return _mm256_cmpeq_epi32(_mm256_max_epu32(a, b), a);
}

template <size_t kVectors>
PITH_AVX2 uint16_t* encode(const uint8_t* symbols, size_t count, const EncodeTable& table,
                           uint32_t* states, uint16_t* at) {
  const Gather gather;
  const __m256i low = _mm256_set1_epi32(0xFFFF);
  for (size_t i = count; i > 0; i -= 8 * kVectors) {
    const uint8_t* round = symbols + i - 8 * kVectors;
    for (size_t k = 0; k < kVectors; ++k) {
      const size_t v = kVectors - 1 - k;
      const __m256i x = load8(states + 8 * v);
      const __m256i symbol =
          _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(round + 8 * v)));
      const __m256i entry = gather(symbol, table.entry.data());
      const __m256i reciprocal = gather(symbol, table.reciprocal.data());
      const __m256i frequency = _mm256_and_si256(entry, low);
      const __m256i full = at_least(x, _mm256_slli_epi32(frequency, 20));
      const auto mask = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(full)));
      // The words that are due, at the end of eight that are written: the others are overwritten.
      const __m256i due =
          _mm256_and_si256(_mm256_permutevar8x32_epi32(x, load8(kCollect[mask].data())), low);
      const __m128i words =
          _mm_packus_epi32(_mm256_castsi256_si128(due), _mm256_extracti128_si256(due, 1));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(at - 8), words);
      at -= __builtin_popcount(mask);
      const __m256i y = _mm256_blendv_epi8(x, _mm256_srli_epi32(x, 16), full);
      __m256i quotient = multiply_high(y, reciprocal);
      __m256i rest = _mm256_sub_epi32(y, _mm256_mullo_epi32(quotient, frequency));
      const __m256i more = at_least(rest, frequency);
      rest = _mm256_sub_epi32(rest, _mm256_and_si256(more, frequency));
      quotient = _mm256_sub_epi32(quotient, more);
      _mm256_store_si256(reinterpret_cast<__m256i*>(states + 8 * v),
                         _mm256_add_epi32(_mm256_slli_epi32(quotient, kRansBits),
                                          _mm256_add_epi32(rest, _mm256_srli_epi32(entry, 16))));
    }
  }
  return at;
}

template <size_t kVectors>
PITH_AVX2 size_t decode(uint8_t* symbols, size_t count, const DecodeTable& table, uint32_t* states,
                        const std::byte*& at, const std::byte* end) {
  const Gather gather;
  const __m256i slot_mask = _mm256_set1_epi32(kRansTotal - 1);
  const __m256i last_low = _mm256_set1_epi32(kRansLow - 1);
  const __m256i pick =
      _mm256_set_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 15, 11, 7, 3, -1, -1, -1, -1,
                      -1, -1, -1, -1, -1, -1, -1, -1, 15, 11, 7, 3);
  const std::byte* from = at;
  size_t i = 0;
  for (; i + 8 * kVectors <= count && end - from >= static_cast<std::ptrdiff_t>(16 * kVectors);
       i += 8 * kVectors) {
#pragma GCC unroll 16
    for (size_t v = 0; v < kVectors; ++v) {
      const __m256i x = load8(states + 8 * v);
      const __m256i slot = gather(_mm256_and_si256(x, slot_mask), table.slots.data());
      const __m256i bytes = _mm256_shuffle_epi8(slot, pick);
      const __m128i eight =
          _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256(bytes, 1));
      _mm_storel_epi64(reinterpret_cast<__m128i*>(symbols + i + 8 * v), eight);
      const __m256i product =
          _mm256_mullo_epi32(_mm256_and_si256(slot, slot_mask), _mm256_srli_epi32(x, kRansBits));
      const __m256i y =
          _mm256_add_epi32(product, _mm256_and_si256(_mm256_srli_epi32(slot, 12), slot_mask));
      // Unsigned y <= 0xFFFF.
      const __m256i low = _mm256_cmpeq_epi32(_mm256_min_epu32(y, last_low), y);
      const auto mask = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(low)));
      const __m256i next =
          _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
      const __m256i words = _mm256_permutevar8x32_epi32(next, load8(kSpread[mask].data()));
      const __m256i refilled = _mm256_or_si256(_mm256_slli_epi32(y, 16), words);
      _mm256_store_si256(reinterpret_cast<__m256i*>(states + 8 * v),
                         _mm256_blendv_epi8(y, refilled, low));
      from += 2 * __builtin_popcount(mask);
    }
  }
  at = from;
  return i;
}

}  // namespace

uint16_t* rans_encode_avx2(const uint8_t* symbols, size_t count, const EncodeTable& table,
                           size_t lanes, uint32_t* states, uint16_t* at) {
  switch (lanes) {
    case 16:
      return encode<2>(symbols, count, table, states, at);
    case 32:
      return encode<4>(symbols, count, table, states, at);
    case 64:
      return encode<8>(symbols, count, table, states, at);
    default:
      return encode<16>(symbols, count, table, states, at);
  }
}

size_t rans_decode_avx2(uint8_t* symbols, size_t count, const DecodeTable& table, size_t lanes,
                        uint32_t* states, const std::byte*& at, const std::byte* end) {
  switch (lanes) {
    case 16:
      return decode<2>(symbols, count, table, states, at, end);
    case 32:
      return decode<4>(symbols, count, table, states, at, end);
    case 64:
      return decode<8>(symbols, count, table, states, at, end);
    default:
      return decode<16>(symbols, count, table, states, at, end);
  }
}

}  // namespace pith::entropy
#endif

// rANS, 8 lanes to a vector.
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

template <size_t kVectors>
PITH_AVX2 size_t decode(uint8_t* symbols, size_t count, const DecodeTable& table, uint32_t* states,
                        const std::byte*& at, const std::byte* end) {
  __m256i x[kVectors];
  for (size_t v = 0; v < kVectors; ++v) {
    x[v] = _mm256_load_si256(reinterpret_cast<const __m256i*>(states + 8 * v));
  }
  const __m256i slot_mask = _mm256_set1_epi32(kRansTotal - 1);
  const __m256i last_low = _mm256_set1_epi32(kRansLow - 1);
  const __m256i pick =
      _mm256_set_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 15, 11, 7, 3, -1, -1, -1, -1,
                      -1, -1, -1, -1, -1, -1, -1, -1, 15, 11, 7, 3);
  const std::byte* from = at;
  size_t i = 0;
  for (; i + 8 * kVectors <= count && end - from >= static_cast<std::ptrdiff_t>(16 * kVectors);
       i += 8 * kVectors) {
    for (size_t v = 0; v < kVectors; ++v) {
      const __m256i slot = _mm256_i32gather_epi32(reinterpret_cast<const int*>(table.slots.data()),
                                                  _mm256_and_si256(x[v], slot_mask), 4);
      const __m256i bytes = _mm256_shuffle_epi8(slot, pick);
      const auto first = static_cast<uint32_t>(_mm256_extract_epi32(bytes, 0));
      const auto second = static_cast<uint32_t>(_mm256_extract_epi32(bytes, 4));
      const uint64_t eight = first | uint64_t{second} << 32;
      __builtin_memcpy(symbols + i + 8 * v, &eight, 8);
      const __m256i product =
          _mm256_mullo_epi32(_mm256_and_si256(slot, slot_mask), _mm256_srli_epi32(x[v], kRansBits));
      const __m256i bias = _mm256_and_si256(_mm256_srli_epi32(slot, 12), slot_mask);
      const __m256i y = _mm256_add_epi32(product, bias);
      // Unsigned y <= 0xFFFF.
      const __m256i low = _mm256_cmpeq_epi32(_mm256_min_epu32(y, last_low), y);
      const auto mask = static_cast<unsigned>(_mm256_movemask_ps(_mm256_castsi256_ps(low)));
      const __m256i next =
          _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
      const __m256i words = _mm256_permutevar8x32_epi32(
          next, _mm256_load_si256(reinterpret_cast<const __m256i*>(kSpread[mask].data())));
      const __m256i refilled = _mm256_or_si256(_mm256_slli_epi32(y, 16), words);
      x[v] = _mm256_blendv_epi8(y, refilled, low);
      from += 2 * __builtin_popcount(mask);
    }
  }
  for (size_t v = 0; v < kVectors; ++v) {
    _mm256_store_si256(reinterpret_cast<__m256i*>(states + 8 * v), x[v]);
  }
  at = from;
  return i;
}

}  // namespace

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

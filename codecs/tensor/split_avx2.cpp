// Merging with AVX2: eight words at once, each in 32 bits.
#if defined(__x86_64__)
#include <immintrin.h>

#include "codecs/tensor/split_kernels.h"

namespace pith::tensor {
namespace {

// Raw bits of eight words, at most 25 each: every 32-bit lane gets the four bytes that hold its
// bits, then shifts them down.
struct Unpacking {
  PITH_AVX2 explicit Unpacking(int bits) : second(4 * bits / 8) {
    alignas(32) uint8_t from[32];
    alignas(32) uint32_t down[8];
    for (int i = 0; i < 8; ++i) {
      const int bit = i * bits - (i >= 4 ? 8 * second : 0);
      for (int k = 0; k < 4; ++k) from[4 * i + k] = static_cast<uint8_t>(bit / 8 + k);
      down[i] = static_cast<uint32_t>(bit % 8);
    }
    bytes = _mm256_load_si256(reinterpret_cast<const __m256i*>(from));
    shifts = _mm256_load_si256(reinterpret_cast<const __m256i*>(down));
    mask = _mm256_set1_epi32(static_cast<int>((1U << bits) - 1));
  }
  PITH_AVX2 __m256i operator()(const std::byte* from) const {
    const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
    const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + second));
    const __m256i packed = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
    return _mm256_and_si256(_mm256_srlv_epi32(_mm256_shuffle_epi8(packed, bytes), shifts), mask);
  }
  int second;  // byte at which the bits of the fifth word begin
  __m256i bytes;
  __m256i shifts;
  __m256i mask;
};

struct Merging {
  PITH_AVX2 explicit Merging(const Split& split)
      : unpack(split.raw_bits),
        shift(_mm_cvtsi32_si128(split.raw_bits)),
        base(_mm256_set1_epi32(static_cast<int>(split.base))),
        never_zero(_mm256_set1_epi32(split.zero ? 0 : -1)) {}

  // Words that are still turned.
  PITH_AVX2 __m256i operator()(const uint8_t* symbols, const std::byte* raw) const {
    const __m256i symbol =
        _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(symbols)));
    const __m256i top = _mm256_sll_epi32(_mm256_add_epi32(symbol, base), shift);
    const __m256i turned = _mm256_or_si256(top, unpack(raw));
    const __m256i positive = _mm256_cmpgt_epi32(symbol, _mm256_setzero_si256());
    return _mm256_and_si256(turned, _mm256_or_si256(positive, never_zero));
  }
  Unpacking unpack;
  __m128i shift;
  __m256i base;
  __m256i never_zero;
};

PITH_AVX2 size_t merge16(const Split& split, std::span<const uint8_t> symbols, ByteView raw,
                         std::byte* words) {
  const Merging merge(split);
  const auto bits = static_cast<size_t>(split.raw_bits);
  const bool mixed = split.sign == Sign::kMixed;
  const __m256i sign =
      _mm256_set1_epi16(split.sign == Sign::kNegative ? static_cast<short>(-32768) : short{0});
  const __m256i low = _mm256_set1_epi32(0xFFFF);
  size_t i = 0;
  // Loads go up to 32 bytes beyond the bits of the first eight words.
  for (; i + 16 <= symbols.size() && i / 8 * bits + bits + 32 <= raw.size(); i += 16) {
    const std::byte* at = raw.data() + i / 8 * bits;
    const __m256i first = _mm256_and_si256(merge(symbols.data() + i, at), low);
    const __m256i second = _mm256_and_si256(merge(symbols.data() + i + 8, at + bits), low);
    const __m256i packed = _mm256_packus_epi32(first, second);
    const __m256i turned = _mm256_permute4x64_epi64(packed, 0xD8);
    const __m256i word =
        mixed ? _mm256_or_si256(_mm256_srli_epi16(turned, 1), _mm256_slli_epi16(turned, 15))
              : _mm256_or_si256(turned, sign);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(words + 2 * i), word);
  }
  return i;
}

PITH_AVX2 size_t merge32(const Split& split, std::span<const uint8_t> symbols, ByteView raw,
                         std::byte* words) {
  const Merging merge(split);
  const auto bits = static_cast<size_t>(split.raw_bits);
  const bool mixed = split.sign == Sign::kMixed;
  const __m256i sign = _mm256_set1_epi32(split.sign == Sign::kNegative ? INT32_MIN : 0);
  size_t i = 0;
  for (; i + 8 <= symbols.size() && i / 8 * bits + 32 <= raw.size(); i += 8) {
    const __m256i turned = merge(symbols.data() + i, raw.data() + i / 8 * bits);
    const __m256i word =
        mixed ? _mm256_or_si256(_mm256_srli_epi32(turned, 1), _mm256_slli_epi32(turned, 31))
              : _mm256_or_si256(turned, sign);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(words + 4 * i), word);
  }
  return i;
}

}  // namespace

size_t merge_avx2(const Split& split, std::span<const uint8_t> symbols, ByteView raw,
                  std::byte* words) {
  if (!split.rotated || split.raw_bits > 25) return 0;
  if (split.width == 2) return merge16(split, symbols, raw, words);
  if (split.width == 4) return merge32(split, symbols, raw, words);
  return 0;
}

}  // namespace pith::tensor
#endif

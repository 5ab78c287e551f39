// Splitting and merging with byte permutations (AVX-512 VBMI) and bit extraction (BMI2).
#if defined(__x86_64__)
#include <immintrin.h>

#include "codecs/tensor/split_kernels.h"

namespace pith::tensor {
namespace {

PITH_AVX512 size_t split16(const Split& split, ByteView words, uint8_t* symbols, std::byte* raw,
                           std::vector<Escape>& escapes, size_t most) {
  const size_t count = words.size() / 2;
  const int bits = split.raw_bits;
  const __m128i shift = _mm_cvtsi32_si128(bits);
  const __m512i raw_mask = _mm512_set1_epi16(static_cast<short>((1 << bits) - 1));
  const __m512i base = _mm512_set1_epi16(static_cast<short>(split.base));
  const __m512i least = _mm512_set1_epi16(split.zero ? 1 : 0);
  const __m512i greatest = _mm512_set1_epi16(255);
  const __m512i sign_bit = _mm512_set1_epi16(static_cast<short>(-32768));
  const bool mixed = split.sign == Sign::kMixed;
  const __mmask32 negative = split.sign == Sign::kNegative ? 0xFFFFFFFF : 0;
  const uint64_t each8 = 0x0101010101010101ULL * ((1ULL << bits) - 1);
  const uint64_t each4 = 0x0001000100010001ULL * ((1ULL << bits) - 1);
  BitSink sink(raw);
  size_t i = 0;
  for (; i + 32 <= count && escapes.size() <= most; i += 32) {
    const __m512i word = _mm512_loadu_si512(words.data() + 2 * i);
    __m512i turned;
    __mmask32 fits = 0xFFFFFFFF;
    if (mixed) {
      turned = _mm512_shldi_epi16(word, word, 1);
    } else {
      turned = _mm512_andnot_si512(sign_bit, word);
      fits = ~(_mm512_movepi16_mask(word) ^ negative);
    }
    __m512i symbol = _mm512_sub_epi16(_mm512_srl_epi16(turned, shift), base);
    const __mmask32 valid =
        fits & _mm512_cmpge_epu16_mask(symbol, least) & _mm512_cmple_epu16_mask(symbol, greatest);
    symbol = _mm512_maskz_mov_epi16(valid, symbol);
    const __m512i kept = _mm512_maskz_mov_epi16(valid, _mm512_and_si512(turned, raw_mask));
    __mmask32 lost = ~valid;
    if (split.zero) lost &= ~(fits & _mm512_testn_epi16_mask(turned, turned));
    if (lost != 0) note_escapes<uint16_t>(lost, words.data(), i, escapes);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(symbols + i), _mm512_cvtepi16_epi8(symbol));
    if (bits == 8) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(raw + i), _mm512_cvtepi16_epi8(kept));
    } else if (bits < 8) {
      alignas(32) uint64_t eights[4];
      _mm256_store_si256(reinterpret_cast<__m256i*>(eights), _mm512_cvtepi16_epi8(kept));
      std::byte* at = raw + i / 8 * static_cast<size_t>(bits);
      for (const uint64_t eight : eights) {
        const uint64_t packed = _pext_u64(eight, each8);
        std::memcpy(at, &packed, 8);
        at += bits;
      }
    } else {
      alignas(64) uint64_t fours[8];
      _mm512_store_si512(fours, kept);
      for (const uint64_t four : fours) sink.put(_pext_u64(four, each4), 4 * bits);
    }
  }
  return i;
}

PITH_AVX512 size_t split32(const Split& split, ByteView words, uint8_t* symbols, std::byte* raw,
                           std::vector<Escape>& escapes, size_t most) {
  const size_t count = words.size() / 4;
  const int bits = split.raw_bits;
  const __m128i shift = _mm_cvtsi32_si128(bits);
  const __m512i raw_mask = _mm512_set1_epi32((1 << bits) - 1);
  const __m512i base = _mm512_set1_epi32(static_cast<int>(split.base));
  const __m512i least = _mm512_set1_epi32(split.zero ? 1 : 0);
  const __m512i greatest = _mm512_set1_epi32(255);
  const __m512i sign_bit = _mm512_set1_epi32(INT32_MIN);
  const bool mixed = split.sign == Sign::kMixed;
  const __mmask16 negative = split.sign == Sign::kNegative ? 0xFFFF : 0;
  const uint64_t each = 0x0000000100000001ULL * ((1ULL << bits) - 1);
  BitSink sink(raw);
  size_t i = 0;
  for (; i + 16 <= count && escapes.size() <= most; i += 16) {
    const __m512i word = _mm512_loadu_si512(words.data() + 4 * i);
    __m512i turned;
    __mmask16 fits = 0xFFFF;
    if (mixed) {
      turned = _mm512_rol_epi32(word, 1);
    } else {
      turned = _mm512_andnot_si512(sign_bit, word);
      fits = static_cast<__mmask16>(~(_mm512_movepi32_mask(word) ^ negative));
    }
    __m512i symbol = _mm512_sub_epi32(_mm512_srl_epi32(turned, shift), base);
    const auto valid = static_cast<__mmask16>(fits & _mm512_cmpge_epu32_mask(symbol, least) &
                                              _mm512_cmple_epu32_mask(symbol, greatest));
    symbol = _mm512_maskz_mov_epi32(valid, symbol);
    const __m512i kept = _mm512_maskz_and_epi32(valid, turned, raw_mask);
    auto lost = static_cast<__mmask16>(~valid);
    if (split.zero) {
      lost = static_cast<__mmask16>(lost & ~(fits & _mm512_testn_epi32_mask(turned, turned)));
    }
    if (lost != 0) note_escapes<uint32_t>(lost, words.data(), i, escapes);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(symbols + i), _mm512_cvtepi32_epi8(symbol));
    alignas(64) uint64_t pairs[8];
    _mm512_store_si512(pairs, kept);
    for (const uint64_t pair : pairs) sink.put(_pext_u64(pair, each), 2 * bits);
  }
  return i;
}

// For words of `kWidth` bytes, 64 / kWidth of them at once: which bytes make up each group of 8
// bytes of words, and from which bit of that group each byte of a word comes.
template <int kWidth>
struct Unpacking {
  PITH_AVX512 explicit Unpacking(int bits) {
    alignas(64) uint8_t from[64];
    alignas(64) uint8_t shifts[64];
    for (int i = 0; i < 64; ++i) {
      const int group = i / 8;
      const int first_bit = group * (8 / kWidth) * bits;
      const int word = i % 8 / kWidth;
      from[i] = static_cast<uint8_t>((first_bit / 8 + i % 8) & 63);
      shifts[i] = static_cast<uint8_t>(first_bit % 8 + word * bits + 8 * (i % kWidth));
    }
    bytes = _mm512_load_si512(from);
    places = _mm512_load_si512(shifts);
    const int loaded = 64 / kWidth * bits / 8;
    present = loaded == 64 ? ~uint64_t{0} : (uint64_t{1} << loaded) - 1;
  }
  PITH_AVX512 __m512i operator()(const std::byte* from) const {
    const __m512i packed = _mm512_maskz_loadu_epi8(present, from);
    return _mm512_multishift_epi64_epi8(places, _mm512_permutexvar_epi8(bytes, packed));
  }
  __m512i bytes;
  __m512i places;
  __mmask64 present;
};

PITH_AVX512 size_t merge16(const Split& split, std::span<const uint8_t> symbols,
                           const std::byte* raw, std::byte* words) {
  const int bits = split.raw_bits;
  const Unpacking<2> unpack(bits);
  const __m128i shift = _mm_cvtsi32_si128(bits);
  const __m512i raw_mask = _mm512_set1_epi16(static_cast<short>((1 << bits) - 1));
  const __m512i base = _mm512_set1_epi16(static_cast<short>(split.base));
  const __m512i sign =
      _mm512_set1_epi16(split.sign == Sign::kNegative ? static_cast<short>(-32768) : short{0});
  const bool mixed = split.sign == Sign::kMixed;
  const __mmask32 zeros = split.zero ? 0xFFFFFFFF : 0;
  size_t i = 0;
  for (; i + 32 <= symbols.size(); i += 32) {
    const __m512i symbol = _mm512_cvtepu8_epi16(
        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(symbols.data() + i)));
    const __m512i rest = unpack(raw + i / 8 * static_cast<size_t>(bits));
    const __m512i top = _mm512_sll_epi16(_mm512_add_epi16(symbol, base), shift);
    // (rest & mask) | top
    __m512i turned = _mm512_ternarylogic_epi32(rest, raw_mask, top, 0xEA);
    turned = _mm512_maskz_mov_epi16(~(zeros & _mm512_testn_epi16_mask(symbol, symbol)), turned);
    const __m512i word =
        mixed ? _mm512_shrdi_epi16(turned, turned, 1) : _mm512_or_si512(turned, sign);
    _mm512_storeu_si512(words + 2 * i, word);
  }
  return i;
}

PITH_AVX512 size_t merge32(const Split& split, std::span<const uint8_t> symbols,
                           const std::byte* raw, std::byte* words) {
  const int bits = split.raw_bits;
  const Unpacking<4> unpack(bits);
  const __m128i shift = _mm_cvtsi32_si128(bits);
  const __m512i raw_mask = _mm512_set1_epi32((1 << bits) - 1);
  const __m512i base = _mm512_set1_epi32(static_cast<int>(split.base));
  const __m512i sign = _mm512_set1_epi32(split.sign == Sign::kNegative ? INT32_MIN : 0);
  const bool mixed = split.sign == Sign::kMixed;
  const __mmask16 zeros = split.zero ? 0xFFFF : 0;
  size_t i = 0;
  for (; i + 16 <= symbols.size(); i += 16) {
    const __m512i symbol =
        _mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(symbols.data() + i)));
    const __m512i rest = unpack(raw + i / 8 * static_cast<size_t>(bits));
    const __m512i top = _mm512_sll_epi32(_mm512_add_epi32(symbol, base), shift);
    __m512i turned = _mm512_ternarylogic_epi32(rest, raw_mask, top, 0xEA);
    const auto kept = static_cast<__mmask16>(~(zeros & _mm512_testn_epi32_mask(symbol, symbol)));
    turned = _mm512_maskz_mov_epi32(kept, turned);
    const __m512i word = mixed ? _mm512_ror_epi32(turned, 1) : _mm512_or_si512(turned, sign);
    _mm512_storeu_si512(words + 4 * i, word);
  }
  return i;
}

}  // namespace

size_t split_avx512(const Split& split, ByteView words, uint8_t* symbols, std::byte* raw,
                    std::vector<Escape>& escapes, size_t most) {
  if (split.rotated && split.width == 2 && split.raw_bits <= 12) {
    return split16(split, words, symbols, raw, escapes, most);
  }
  if (split.rotated && split.width == 4 && split.raw_bits <= 24) {
    return split32(split, words, symbols, raw, escapes, most);
  }
  return 0;
}

size_t merge_avx512(const Split& split, std::span<const uint8_t> symbols, ByteView raw,
                    std::byte* words) {
  // Two elements of 28 bits, wherever they begin in a byte, fit into a group of eight bytes.
  if (split.rotated && split.width == 2 && split.raw_bits <= 15) {
    return merge16(split, symbols, raw.data(), words);
  }
  if (split.rotated && split.width == 4 && split.raw_bits <= 28) {
    return merge32(split, symbols, raw.data(), words);
  }
  return 0;
}

}  // namespace pith::tensor
#endif

// Splitting and merging with AVX2. No extraction of bits (BMI2): some machines take long for it.
#if defined(__x86_64__)
#include <immintrin.h>

#include "codecs/tensor/split_kernels.h"

namespace pith::tensor {
namespace {

// Joins the raw bits of neighbours: fields of `kWide` bits, each with `bits` bits at its bottom,
// become half as many fields with twice the bits.
template <int kWide>
struct Joining {
  PITH_AVX2 explicit Joining(int bits)
      : down(_mm_cvtsi32_si128(kWide - bits)),
        low(_mm256_set1_epi64x(mask(0, bits))),
        high(_mm256_set1_epi64x(mask(bits, bits))) {}
  PITH_AVX2 __m256i operator()(__m256i fields) const {
    const __m256i second = _mm256_and_si256(_mm256_srl_epi64(fields, down), high);
    return _mm256_or_si256(_mm256_and_si256(fields, low), second);
  }
  // So many bits from `first` on, in every field of twice the width.
  static int64_t mask(int first, int bits) {
    const uint64_t one = ((uint64_t{1} << bits) - 1) << first;
    return static_cast<int64_t>(kWide == 16 ? one | one << 32 : one);
  }
  __m128i down;
  __m256i low;
  __m256i high;
};

PITH_AVX2 void store_four(uint64_t* to, __m256i from) {
  _mm256_store_si256(reinterpret_cast<__m256i*>(to), from);
}

PITH_AVX2 size_t split16(const Split& split, ByteView words, uint8_t* symbols, std::byte* raw,
                         std::vector<Escape>& escapes, size_t most) {
  const size_t count = words.size() / 2;
  const int bits = split.raw_bits;
  const __m128i shift = _mm_cvtsi32_si128(bits);
  const __m256i raw_mask = _mm256_set1_epi16(static_cast<short>((1 << bits) - 1));
  const __m256i base = _mm256_set1_epi16(static_cast<short>(split.base));
  const __m256i least = _mm256_set1_epi16(split.zero ? 1 : 0);
  const __m256i greatest = _mm256_set1_epi16(255);
  const __m256i sign_bit = _mm256_set1_epi16(static_cast<short>(-32768));
  const __m256i sign = split.sign == Sign::kNegative ? sign_bit : _mm256_setzero_si256();
  const __m256i zero_fits = _mm256_set1_epi16(split.zero ? -1 : 0);
  const bool mixed = split.sign == Sign::kMixed;
  const Joining<16> pairs(bits);
  const Joining<32> fours(2 * bits);
  BitSink sink(raw);
  size_t i = 0;
  for (; i + 16 <= count && escapes.size() <= most; i += 16) {
    const __m256i word = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(words.data() + 2 * i));
    __m256i turned;
    __m256i fits = _mm256_set1_epi16(-1);
    if (mixed) {
      turned = _mm256_or_si256(_mm256_slli_epi16(word, 1), _mm256_srli_epi16(word, 15));
    } else {
      turned = _mm256_andnot_si256(sign_bit, word);
      fits = _mm256_cmpeq_epi16(_mm256_and_si256(word, sign_bit), sign);
    }
    __m256i symbol = _mm256_sub_epi16(_mm256_srl_epi16(turned, shift), base);
    // least <= symbol <= greatest, unsigned.
    const __m256i clamped = _mm256_min_epu16(_mm256_max_epu16(symbol, least), greatest);
    const __m256i valid = _mm256_and_si256(fits, _mm256_cmpeq_epi16(clamped, symbol));
    symbol = _mm256_and_si256(symbol, valid);
    const __m256i kept = _mm256_and_si256(_mm256_and_si256(turned, raw_mask), valid);
    const __m256i is_zero = _mm256_and_si256(_mm256_and_si256(fits, zero_fits),
                                             _mm256_cmpeq_epi16(turned, _mm256_setzero_si256()));
    const auto found = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_or_si256(valid, is_zero)));
    if (found != UINT32_MAX) {
      note_escapes<uint16_t>(_pext_u32(~found, 0x55555555), words.data(), i, escapes);
    }
    const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi16(symbol, symbol), 0x08);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(symbols + i), _mm256_castsi256_si128(packed));
    alignas(32) uint64_t four[4];
    store_four(four, fours(pairs(kept)));
    if (bits <= 8) {
      std::byte* at = raw + i / 8 * static_cast<size_t>(bits);
      for (size_t k = 0; k < 4; k += 2) {
        const uint64_t eight = four[k] | four[k + 1] << (4 * bits);
        std::memcpy(at, &eight, 8);
        at += bits;
      }
    } else {
      for (const uint64_t joined : four) sink.put(joined, 4 * bits);
    }
  }
  return i;
}

PITH_AVX2 size_t split32(const Split& split, ByteView words, uint8_t* symbols, std::byte* raw,
                         std::vector<Escape>& escapes, size_t most) {
  const size_t count = words.size() / 4;
  const int bits = split.raw_bits;
  const __m128i shift = _mm_cvtsi32_si128(bits);
  const __m256i raw_mask = _mm256_set1_epi32((1 << bits) - 1);
  const __m256i base = _mm256_set1_epi32(static_cast<int>(split.base));
  const __m256i least = _mm256_set1_epi32(split.zero ? 1 : 0);
  const __m256i greatest = _mm256_set1_epi32(255);
  const __m256i sign_bit = _mm256_set1_epi32(INT32_MIN);
  const __m256i sign = split.sign == Sign::kNegative ? sign_bit : _mm256_setzero_si256();
  const __m256i zero_fits = _mm256_set1_epi32(split.zero ? -1 : 0);
  const bool mixed = split.sign == Sign::kMixed;
  const Joining<32> pairs(bits);
  BitSink sink(raw);
  size_t i = 0;
  for (; i + 8 <= count && escapes.size() <= most; i += 8) {
    const __m256i word = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(words.data() + 4 * i));
    __m256i turned;
    __m256i fits = _mm256_set1_epi32(-1);
    if (mixed) {
      turned = _mm256_or_si256(_mm256_slli_epi32(word, 1), _mm256_srli_epi32(word, 31));
    } else {
      turned = _mm256_andnot_si256(sign_bit, word);
      fits = _mm256_cmpeq_epi32(_mm256_and_si256(word, sign_bit), sign);
    }
    __m256i symbol = _mm256_sub_epi32(_mm256_srl_epi32(turned, shift), base);
    const __m256i clamped = _mm256_min_epu32(_mm256_max_epu32(symbol, least), greatest);
    const __m256i valid = _mm256_and_si256(fits, _mm256_cmpeq_epi32(clamped, symbol));
    symbol = _mm256_and_si256(symbol, valid);
    const __m256i kept = _mm256_and_si256(_mm256_and_si256(turned, raw_mask), valid);
    const __m256i is_zero = _mm256_and_si256(_mm256_and_si256(fits, zero_fits),
                                             _mm256_cmpeq_epi32(turned, _mm256_setzero_si256()));
    const auto found = static_cast<unsigned>(
        _mm256_movemask_ps(_mm256_castsi256_ps(_mm256_or_si256(valid, is_zero))));
    if (found != 0xFF) note_escapes<uint32_t>(~found & 0xFF, words.data(), i, escapes);
    const __m128i shorts =
        _mm_packus_epi32(_mm256_castsi256_si128(symbol), _mm256_extracti128_si256(symbol, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(symbols + i), _mm_packus_epi16(shorts, shorts));
    alignas(32) uint64_t four[4];
    store_four(four, pairs(kept));
    for (const uint64_t joined : four) sink.put(joined, 2 * bits);
  }
  return i;
}

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

size_t split_avx2(const Split& split, ByteView words, uint8_t* symbols, std::byte* raw,
                  std::vector<Escape>& escapes, size_t most) {
  if (split.rotated && split.width == 2 && split.raw_bits <= 12) {
    return split16(split, words, symbols, raw, escapes, most);
  }
  if (split.rotated && split.width == 4 && split.raw_bits <= 24) {
    return split32(split, words, symbols, raw, escapes, most);
  }
  return 0;
}

size_t merge_avx2(const Split& split, std::span<const uint8_t> symbols, ByteView raw,
                  std::byte* words) {
  if (!split.rotated || split.raw_bits > 25) return 0;
  if (split.width == 2) return merge16(split, symbols, raw, words);
  if (split.width == 4) return merge32(split, symbols, raw, words);
  return 0;
}

}  // namespace pith::tensor
#endif

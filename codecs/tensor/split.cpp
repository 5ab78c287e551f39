#include "codecs/tensor/split.h"

#include <bit>

#include "codecs/tensor/split_kernels.h"

namespace pith::tensor {
namespace {

static_assert(std::endian::native == std::endian::little);

template <class Word>
Word load(const std::byte* from) {
  Word word = 0;
  std::memcpy(&word, from, sizeof(Word));
  return word;
}

template <class Word>
constexpr Word kSignBit = static_cast<Word>(Word{1} << (8 * sizeof(Word) - 1));

// The word with its sign at the bottom, or without it. False if the sign is not the constant one.
template <class Word>
bool turn(const Split& split, Word word, uint64_t& turned) {
  if (!split.rotated) {
    turned = word;
  } else if (split.sign == Sign::kMixed) {
    turned = std::rotl(word, 1);
  } else {
    turned = static_cast<Word>(word & ~kSignBit<Word>);
    return ((word & kSignBit<Word>) != 0) == (split.sign == Sign::kNegative);
  }
  return true;
}

template <class Word>
bool split_some(const Split& split, const std::byte* words, size_t begin, size_t end,
                uint8_t* symbols, std::byte* raw, std::vector<Escape>& escapes, size_t most) {
  const int bits = split.raw_bits;
  const uint64_t mask = (uint64_t{1} << bits) - 1;
  const uint64_t least = split.zero ? 1 : 0;
  uint64_t pending = 0;
  int filled = 0;
  for (size_t i = begin; i < end; ++i) {
    const Word word = load<Word>(words + i * sizeof(Word));
    uint64_t turned = 0;
    const bool fits = turn(split, word, turned);
    uint64_t symbol = (turned >> bits) - split.base;
    uint64_t rest = turned & mask;
    if (!fits || symbol < least || symbol > 255) {
      symbol = 0;
      rest = 0;
      if (!fits || turned != 0 || !split.zero) {
        if (escapes.size() >= most) return false;
        escapes.push_back({static_cast<uint32_t>(i), word});
      }
    }
    symbols[i] = static_cast<uint8_t>(symbol);
    pending |= rest << filled;
    filled += bits;
    std::memcpy(raw, &pending, 8);
    raw += filled / 8;
    pending >>= filled & 0x38;  // at most 7 + kMaxRawBits bits are pending
    filled &= 7;
  }
  return true;
}

uint64_t window(ByteView raw, size_t bit) {
  const size_t at = bit / 8;
  uint64_t value = 0;
  if (at + 8 <= raw.size()) {
    std::memcpy(&value, raw.data() + at, 8);
  } else if (at < raw.size()) {
    std::memcpy(&value, raw.data() + at, raw.size() - at);
  }
  return value >> (bit % 8);
}

template <class Word>
void merge_some(const Split& split, std::span<const uint8_t> symbols, size_t begin, ByteView raw,
                std::byte* words) {
  const int bits = split.raw_bits;
  const uint64_t mask = (uint64_t{1} << bits) - 1;
  const Word sign = split.sign == Sign::kNegative ? kSignBit<Word> : Word{0};
  for (size_t i = begin; i < symbols.size(); ++i) {
    const uint64_t rest = window(raw, i * split.raw_bits) & mask;
    const uint64_t top = uint64_t{symbols[i]} + split.base;
    auto word = static_cast<Word>(top << bits | rest);
    if (split.zero && symbols[i] == 0) word = 0;
    if (split.rotated) {
      word = split.sign == Sign::kMixed ? std::rotr(word, 1) : static_cast<Word>(word | sign);
    }
    std::memcpy(words + i * sizeof(Word), &word, sizeof(Word));
  }
}

}  // namespace

bool split_words(const Split& split, ByteView words, uint8_t* symbols, std::byte* raw,
                 std::vector<Escape>& escapes, size_t most, Kernel kernel) {
  const size_t count = words.size() / split.width;
  assert(split.raw_bits <= kMaxRawBits);
  if (split == Split{}) {
    std::memcpy(symbols, words.data(), words.size());
    return true;
  }
  size_t done = 0;
#if defined(__x86_64__)
  if (kernel == Kernel::kAvx512) done = split_avx512(split, words, symbols, raw, escapes, most);
  if (kernel == Kernel::kAvx2) done = split_avx2(split, words, symbols, raw, escapes, most);
#endif
  if (escapes.size() > most) return false;
  raw += done * split.raw_bits / 8;
  const auto rest = [&](auto word) {
    return split_some<decltype(word)>(split, words.data(), done, count, symbols, raw, escapes,
                                      most);
  };
  switch (split.width) {
    case 1:
      return rest(uint8_t{});
    case 2:
      return rest(uint16_t{});
    case 4:
      return rest(uint32_t{});
    default:
      return rest(uint64_t{});
  }
}

void merge_words(const Split& split, std::span<const uint8_t> symbols, ByteView raw,
                 std::byte* words, Kernel kernel) {
  size_t done = 0;
#if defined(__x86_64__)
  if (kernel == Kernel::kAvx512) done = merge_avx512(split, symbols, raw, words);
  if (kernel == Kernel::kAvx2) done = merge_avx2(split, symbols, raw, words);
#endif
  switch (split.width) {
    case 1:
      return merge_some<uint8_t>(split, symbols, done, raw, words);
    case 2:
      return merge_some<uint16_t>(split, symbols, done, raw, words);
    case 4:
      return merge_some<uint32_t>(split, symbols, done, raw, words);
    default:
      return merge_some<uint64_t>(split, symbols, done, raw, words);
  }
}

}  // namespace pith::tensor

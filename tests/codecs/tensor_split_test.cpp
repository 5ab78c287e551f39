// Words become symbols and raw bits and words again; every kernel gives the same.
#include <gtest/gtest.h>

#include <random>

#include "codecs/tensor/split.h"
#include "tests/support/random_data.h"

namespace pith::tensor {
namespace {

std::vector<Kernel> kernels() {
  std::vector<Kernel> all = {Kernel::kScalar};
  if (entropy::best_kernel() >= Kernel::kAvx2) all.push_back(Kernel::kAvx2);
  if (entropy::best_kernel() >= Kernel::kAvx512) all.push_back(Kernel::kAvx512);
  return all;
}

// Floats of a bell-shaped exponent, with every kind of odd one among them.
ByteBuffer words_of(int width, size_t count, uint32_t seed, int odd_percent) {
  std::mt19937_64 random(seed);
  ByteBuffer bytes(count * static_cast<size_t>(width));
  const int exponent_bits = width == 4 || width == 2 ? 8 : 11;
  for (size_t i = 0; i < count; ++i) {
    uint64_t word = random();
    if (width > 1 && static_cast<int>(random() % 100) >= odd_percent) {
      const int shift = 8 * width - 1 - exponent_bits;
      const uint64_t mask = ((uint64_t{1} << exponent_bits) - 1) << shift;
      const uint64_t exponent =
          120 - static_cast<uint64_t>(std::countr_zero(random() | 1ULL << 30));
      word = (word & ~mask) | exponent << shift;
    } else if (random() % 3 == 0) {
      word = random() % 2 == 0 ? 0 : uint64_t{1} << (8 * width - 1);
    }
    std::memcpy(bytes.data() + i * static_cast<size_t>(width), &word, static_cast<size_t>(width));
  }
  return bytes;
}

void expect_exact(const Split& split, const ByteBuffer& words) {
  const size_t count = words.size() / split.width;
  std::vector<uint8_t> expected_symbols;
  ByteBuffer expected_raw;
  std::vector<Escape> expected_escapes;
  for (const Kernel kernel : kernels()) {
    std::vector<uint8_t> symbols(count);
    ByteBuffer raw(raw_bytes(split, count) + 16, std::byte{0});
    std::vector<Escape> escapes;
    ASSERT_TRUE(split_words(split, words, symbols.data(), raw.data(), escapes, count, kernel));
    raw.resize(raw_bytes(split, count));
    if (kernel == Kernel::kScalar) {
      expected_symbols = symbols;
      expected_raw = raw;
      expected_escapes = escapes;
    }
    ASSERT_EQ(symbols, expected_symbols);
    ASSERT_EQ(raw, expected_raw);
    ASSERT_EQ(escapes.size(), expected_escapes.size());
    for (size_t i = 0; i < escapes.size(); ++i) {
      ASSERT_EQ(escapes[i].position, expected_escapes[i].position);
      ASSERT_EQ(escapes[i].word, expected_escapes[i].word);
    }
    ByteBuffer restored(words.size());
    merge_words(split, symbols, raw, restored.data(), kernel);
    for (const Escape& escape : escapes) {
      std::memcpy(restored.data() + escape.position * split.width, &escape.word, split.width);
    }
    ASSERT_EQ(restored, words) << "width " << int{split.width} << " raw " << int{split.raw_bits};
  }
}

TEST(TensorSplit, RestoresWordsOfEveryWidthInEveryKernel) {
  for (const int width : {2, 4, 8}) {
    for (const size_t count : std::initializer_list<size_t>{1, 7, 31, 64, 100, 1000, 4099}) {
      const ByteBuffer words = words_of(width, count, static_cast<uint32_t>(count), 5);
      const int mantissa = width == 2 ? 7 : width == 4 ? 23 : 52;
      for (int k = 0; k <= 4; ++k) {
        for (const bool zero : {false, true}) {
          for (const Sign sign : {Sign::kMixed, Sign::kPositive, Sign::kNegative}) {
            const int raw = mantissa - k + (sign == Sign::kMixed ? 1 : 0);
            const Split split{.width = static_cast<uint8_t>(width),
                              .raw_bits = static_cast<uint8_t>(raw),
                              .rotated = true,
                              .zero = zero,
                              .sign = sign,
                              .base = static_cast<uint32_t>(90 << k)};
            expect_exact(split, words);
          }
        }
      }
    }
  }
}

TEST(TensorSplit, BytesAreTheirOwnSymbols) {
  const ByteBuffer words = test::random_bytes(1000, 1);
  const Split split{.width = 1};
  std::vector<uint8_t> symbols(words.size());
  ByteBuffer raw(16);
  std::vector<Escape> escapes;
  ASSERT_TRUE(split_words(split, words, symbols.data(), raw.data(), escapes, 0, Kernel::kScalar));
  EXPECT_TRUE(escapes.empty());
  EXPECT_TRUE(equal(std::as_bytes(std::span(symbols)), words));
  expect_exact(split, words);
}

TEST(TensorSplit, GivesUpAtTooManyEscapes) {
  const ByteBuffer words = words_of(4, 1000, 3, 100);
  const Split split{.width = 4, .raw_bits = 22, .rotated = true, .zero = true, .base = 400};
  for (const Kernel kernel : kernels()) {
    std::vector<uint8_t> symbols(1000);
    ByteBuffer raw(raw_bytes(split, 1000) + 16);
    std::vector<Escape> escapes;
    EXPECT_FALSE(split_words(split, words, symbols.data(), raw.data(), escapes, 20, kernel));
  }
}

}  // namespace
}  // namespace pith::tensor

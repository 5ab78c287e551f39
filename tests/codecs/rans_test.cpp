// rANS: every kernel writes and reads the same stream; frequencies survive their coder.
#include "codecs/entropy/rans.h"

#include <gtest/gtest.h>

#include <numeric>
#include <random>

#include "codecs/entropy/frequency_coder.h"
#include "codecs/entropy/log2_table.h"
#include "tests/support/random_data.h"

namespace pith::entropy {
namespace {

std::vector<Kernel> kernels() {
  std::vector<Kernel> all = {Kernel::kScalar};
  if (best_kernel() >= Kernel::kAvx2) all.push_back(Kernel::kAvx2);
  if (best_kernel() >= Kernel::kAvx512) all.push_back(Kernel::kAvx512);
  return all;
}

// Symbols of a distribution that falls off by `steepness`.
std::vector<uint8_t> symbols_of(size_t count, uint32_t steepness, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> symbols(count);
  for (auto& symbol : symbols) {
    uint32_t s = 0;
    while (s < 255 && random() % 256 >= steepness) ++s;
    symbol = static_cast<uint8_t>(s);
  }
  return symbols;
}

Histogram histogram_of(std::span<const uint8_t> symbols) {
  Histogram histogram{};
  count_symbols(symbols, histogram);
  return histogram;
}

TEST(Rans, FrequenciesAddUpAndKeepWhatOccurs) {
  std::mt19937 random(1);
  for (int trial = 0; trial < 200; ++trial) {
    Histogram counts{};
    const size_t used = 1 + random() % 256;
    for (size_t i = 0; i < used; ++i)
      counts[random() % 256] += static_cast<uint32_t>(1 + random() % (1U << random() % 24));
    const Frequencies frequencies = normalise(counts);
    uint32_t sum = 0;
    for (size_t s = 0; s < 256; ++s) {
      sum += frequencies[s];
      EXPECT_EQ(frequencies[s] > 0, counts[s] > 0);
    }
    EXPECT_EQ(sum, kRansTotal);
  }
}

TEST(Rans, EveryKernelWritesAndReadsTheSameStream) {
  for (const size_t lanes : std::initializer_list<size_t>{4, 16, 32, 64, 128}) {
    for (const uint32_t steepness : {3U, 40U, 250U}) {
      const auto first = symbols_of(3001, steepness, 1);
      const auto second = symbols_of(777, 200, 2);
      const auto table1 = normalise(histogram_of(first));
      const auto table2 = normalise(histogram_of(second));
      std::vector<uint16_t> expected_words;
      for (const Kernel kernel : kernels()) {
        std::vector<uint16_t> room(first.size() + second.size());
        RansEncoder encoder(room, lanes, kernel);
        encoder.encode(second, first.size(), EncodeTable(table2));
        encoder.encode(first, 0, EncodeTable(table1));
        const std::vector<uint16_t> words(encoder.words().begin(), encoder.words().end());
        if (kernel == Kernel::kScalar) expected_words = words;
        ASSERT_EQ(words, expected_words);
        for (const Kernel reader : kernels()) {
          RansDecoder decoder(std::as_bytes(encoder.states()), std::as_bytes(encoder.words()),
                              reader);
          std::vector<uint8_t> got1(first.size());
          std::vector<uint8_t> got2(second.size());
          decoder.decode(got1, DecodeTable(table1));
          EXPECT_FALSE(decoder.finished());
          decoder.decode(got2, DecodeTable(table2));
          EXPECT_TRUE(decoder.finished());
          ASSERT_EQ(got1, first);
          ASSERT_EQ(got2, second);
        }
      }
    }
  }
}

TEST(Rans, CostsHardlyMoreThanTheEntropy) {
  const auto symbols = symbols_of(200000, 30, 5);
  const Histogram counts = histogram_of(symbols);
  uint64_t cost = 0;
  for (const uint32_t count : counts) {
    if (count > 0) cost += uint64_t{count} * (log2_fixed(symbols.size()) - log2_fixed(count));
  }
  std::vector<uint16_t> room(symbols.size());
  RansEncoder encoder(room, 64, best_kernel());
  encoder.encode(symbols, 0, EncodeTable(normalise(counts)));
  const uint64_t entropy_bytes = cost / 4096 / 8;
  EXPECT_LT(encoder.words().size() * 2, entropy_bytes + entropy_bytes / 500);
  EXPECT_GT(encoder.words().size() * 2 + 256, entropy_bytes);
}

TEST(Rans, ASingleSymbolTakesNothing) {
  const std::vector<uint8_t> symbols(1000, 77);
  const auto table = normalise(histogram_of(symbols));
  std::vector<uint16_t> room(symbols.size());
  RansEncoder encoder(room, 16, best_kernel());
  encoder.encode(symbols, 0, EncodeTable(table));
  EXPECT_TRUE(encoder.words().empty());
  RansDecoder decoder(std::as_bytes(encoder.states()), {}, best_kernel());
  std::vector<uint8_t> got(symbols.size());
  decoder.decode(got, DecodeTable(table));
  EXPECT_EQ(got, symbols);
  EXPECT_TRUE(decoder.finished());
}

TEST(Rans, SurvivesDamagedStreams) {
  const auto symbols = symbols_of(5000, 30, 6);
  const auto table = normalise(histogram_of(symbols));
  for (uint32_t seed = 0; seed < 50; ++seed) {
    const ByteBuffer states = test::random_bytes(64 * 4, seed);
    const ByteBuffer words = test::random_bytes(seed * 37, seed + 1);
    std::vector<uint8_t> expected;
    for (const Kernel kernel : kernels()) {
      RansDecoder decoder(states, words, kernel);
      std::vector<uint8_t> got(symbols.size());
      decoder.decode(got, DecodeTable(table));
      if (kernel == Kernel::kScalar) expected = got;
      EXPECT_EQ(got, expected);
      EXPECT_FALSE(decoder.finished());
    }
  }
}

TEST(FrequencyCoder, RestoresTables) {
  std::vector<Frequencies> tables;
  std::vector<uint8_t> bits;
  for (uint32_t i = 0; i < 12; ++i) {
    const auto symbols = symbols_of(20000, 4 + 7 * (i / 2), i);
    const int kept = i % 3 == 0 ? 11 : 3;
    tables.push_back(rounded(normalise(histogram_of(symbols)), kept));
    EXPECT_EQ(std::accumulate(tables.back().begin(), tables.back().end(), 0U), kRansTotal);
    bits.push_back(static_cast<uint8_t>(kept));
  }
  Histogram single{};
  single[255] = 3;
  tables.push_back(normalise(single));
  bits.push_back(3);
  ByteBuffer bytes;
  encode_frequencies(tables, bits, bytes);
  EXPECT_LT(bytes.size(), 12U * 150);
  const auto got = decode_frequencies(bytes, tables.size());
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(*got, tables);
  EXPECT_FALSE(decode_frequencies(bytes, tables.size() - 4).has_value());
}

TEST(FrequencyCoder, RestoresTablesThatRoundingWouldOverfill) {
  // Many frequencies that round up, and a largest one that cannot make up for them.
  Histogram counts{};
  for (size_t s = 0; s < 160; ++s) counts[s] = 26;
  const Frequencies table = normalise(counts);
  for (int bits = 0; bits <= 11; ++bits) {
    const std::vector<Frequencies> tables = {rounded(table, bits)};
    const std::vector<uint8_t> kept = {static_cast<uint8_t>(bits)};
    ByteBuffer bytes;
    encode_frequencies(tables, kept, bytes);
    const auto got = decode_frequencies(bytes, 1);
    ASSERT_TRUE(got.has_value());
    EXPECT_EQ(*got, tables);
  }
}

TEST(FrequencyCoder, RefusesOrSurvivesArbitraryBytes) {
  for (uint32_t seed = 0; seed < 500; ++seed) {
    const auto tables = decode_frequencies(test::random_bytes(seed, seed), 1 + seed % 20);
    if (!tables) continue;
    for (const Frequencies& table : *tables) {
      EXPECT_EQ(std::accumulate(table.begin(), table.end(), 0U), kRansTotal);
    }
  }
}

TEST(Log2, IsCloseAndRises) {
  EXPECT_EQ(log2_fixed(1), 0U);
  EXPECT_EQ(log2_fixed(4096), 12U << 12);
  EXPECT_NEAR(log2_fixed(3), 6492, 2);
  EXPECT_NEAR(log2_fixed(1000003), 81640, 3);
  for (uint64_t i = 1; i < 3000; ++i) EXPECT_LE(log2_fixed(i), log2_fixed(i + 1));
}

}  // namespace
}  // namespace pith::entropy

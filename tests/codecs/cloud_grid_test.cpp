// The grids of numbers, the records of blocks and the coding of symbols.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "codecs/cloud/grid.h"
#include "codecs/cloud/records.h"
#include "codecs/cloud/residual.h"
#include "codecs/cloud/tokens.h"
#include "tests/codecs/cloud_samples.h"
#include "tests/support/random_data.h"

namespace pith {
namespace {

using cloud::Column;
using cloud::Grid;
using cloud::GridKind;

// Takes a column apart and puts it together again, grid and exceptions through bytes.
Column expect_restored(NumberType type, const std::vector<uint64_t>& bits) {
  Column column = cloud::make_column(type, bits);
  EXPECT_EQ(column.values.size(), bits.size());
  ByteBuffer head;
  ByteWriter writer(head);
  cloud::write_grid(column.grid, writer);
  ByteReader reader(head);
  const auto grid = cloud::read_grid(type, reader);
  EXPECT_TRUE(grid.has_value() && reader.finished());
  EXPECT_EQ(*grid, column.grid);
  std::vector<uint64_t> restored(bits.size());
  cloud::restore_bits(*grid, column.values, restored);
  EXPECT_TRUE(cloud::restore_exceptions(*grid, column.exceptions, restored).has_value());
  EXPECT_EQ(restored, bits);
  return column;
}

std::vector<uint64_t> floats(size_t count, const std::function<double(size_t)>& value) {
  std::vector<uint64_t> bits;
  for (size_t i = 0; i < count; ++i)
    bits.push_back(std::bit_cast<uint32_t>(static_cast<float>(value(i))));
  return bits;
}

std::vector<uint64_t> doubles(size_t count, const std::function<double(size_t)>& value) {
  std::vector<uint64_t> bits;
  for (size_t i = 0; i < count; ++i) bits.push_back(std::bit_cast<uint64_t>(value(i)));
  return bits;
}

TEST(CloudGrid, FindsDecimalAndBinaryGrids) {
  std::mt19937 random(1);
  const auto whole = [&](size_t) { return static_cast<double>(random() % 100000) - 50000; };
  for (int digits = 0; digits <= 4; ++digits) {
    const double units = std::pow(10, digits);
    const auto column =
        expect_restored(NumberType::kF32, floats(5000, [&](size_t i) { return whole(i) / units; }));
    EXPECT_EQ(column.grid.kind, GridKind::kDecimal);
    EXPECT_EQ(column.grid.digits, digits);
    EXPECT_TRUE(column.exceptions.empty());
    const auto wide = expect_restored(NumberType::kF64,
                                      doubles(5000, [&](size_t i) { return whole(i) / units; }));
    EXPECT_EQ(wide.grid.kind, GridKind::kDecimal);
    EXPECT_EQ(wide.grid.digits, digits);
  }
  const auto column =
      expect_restored(NumberType::kF32, floats(5000, [&](size_t i) { return whole(i) / 256; }));
  EXPECT_EQ(column.grid.kind, GridKind::kBinary);
  EXPECT_EQ(column.grid.digits, 8);
}

TEST(CloudGrid, FindsStepsAndConstants) {
  std::mt19937 random(2);
  const auto column = expect_restored(NumberType::kF32, floats(3000, [&](size_t) {
                                        return static_cast<double>(random() % 5000) * 0.004;
                                      }));
  EXPECT_EQ(column.grid.digits, 3);
  EXPECT_EQ(column.grid.step, 4U);
  const auto same =
      expect_restored(NumberType::kF32, floats(3000, [&](size_t) { return -7.123456; }));
  EXPECT_TRUE(same.grid.is_constant());
  const auto integers = expect_restored(NumberType::kUint16, std::vector<uint64_t>(100, 65535));
  EXPECT_TRUE(integers.grid.is_constant());
  std::vector<uint64_t> times;
  for (size_t i = 0; i < 1000; ++i) times.push_back(1700000000000000000 + i * 48000);
  EXPECT_EQ(expect_restored(NumberType::kUint64, times).grid.step, 48000U);
}

TEST(CloudGrid, OddNumbersAreExceptions) {
  std::mt19937 random(3);
  auto bits = floats(4000, [&](size_t i) { return (static_cast<double>(i) - 2000) / 1000; });
  bits[5] = bits[2000] = 0x80000000;  // negative zeros
  for (size_t i = 100; i < 400; ++i) bits[i] = 0x7FC00000;
  bits[400] = 0xFFC00123;
  bits[401] = 0x7F800000;
  bits[402] = 0x00000001;
  bits[3999] = 0x3DCCCCCC;
  const auto column = expect_restored(NumberType::kF32, bits);
  EXPECT_EQ(column.grid.kind, GridKind::kDecimal);
  EXPECT_LT(column.exceptions.size(), 50U);
}

TEST(CloudGrid, LargeFloatsHaveNoFineGrid) {
  std::mt19937 random(4);
  // Every float above 1000 is a multiple of 2^-14; that is no grid of theirs.
  const auto column = expect_restored(NumberType::kF32, floats(3000, [&](size_t) {
                                        return 1000 + static_cast<double>(random()) * 1e-7;
                                      }));
  EXPECT_EQ(column.grid.kind, GridKind::kOrder);
}

TEST(CloudGrid, AnyBitsOfAnyTypeAreRestored) {
  std::mt19937_64 random(5);
  for (int type = 0; type < kNumberTypes; ++type) {
    const auto number = static_cast<NumberType>(type);
    const uint32_t size = number_size(number);
    const uint64_t mask = size == 8 ? UINT64_MAX : (uint64_t{1} << (8 * size)) - 1;
    for (const size_t count : {1U, 2U, 7U, 1000U}) {
      std::vector<uint64_t> any(count);
      for (uint64_t& bits : any) bits = random() & mask;
      expect_restored(number, any);
      // The extremes, whose distances do not fit.
      for (uint64_t& bits : any) bits = (random() % 2 == 0 ? mask : mask >> 1) - random() % 2 * 2;
      expect_restored(number, any);
      for (uint64_t& bits : any) bits = random() % 2 == 0 ? mask ^ (mask >> 1) : 0;
      expect_restored(number, any);
    }
  }
}

TEST(CloudGrid, DamagedExceptionsAreRefused) {
  const Grid grid{.type = NumberType::kF32};
  std::vector<uint64_t> bits(10);
  const auto refuses = [&](std::initializer_list<int> bytes) {
    ByteBuffer list;
    for (const int byte : bytes) list.push_back(static_cast<std::byte>(byte));
    return !cloud::restore_exceptions(grid, list, bits).has_value();
  };
  EXPECT_FALSE(refuses({9, 0}));
  EXPECT_TRUE(refuses({10, 0}));
  EXPECT_TRUE(refuses({0, 30}));    // eleven of them
  EXPECT_TRUE(refuses({0, 2, 1}));  // a pattern without its end
  EXPECT_TRUE(refuses({3}));
  ByteBuffer head(1, std::byte{8});
  ByteReader reader(head);
  EXPECT_FALSE(cloud::read_grid(NumberType::kF32, reader).has_value());
}

TEST(CloudRecords, PiecesAreFoundAndDescribed) {
  const auto layout = test::float_layout(100);
  ByteBuffer bytes = test::random_bytes(5 + 9 + 60 * 16 + 3 + 40 * 16 + 20, 1);
  const std::vector<Segment> segments = {
      {.size = 5, .type = SegmentType::kMetadata, .layout = {}},
      test::points_segment(layout, 9 + 60 * 16 + 3, 7),  // begins and ends within a record
      test::points_segment(layout, 40 * 16),
      {.size = 20, .type = SegmentType::kBytes, .layout = {}}};
  const BlockView block{.bytes = bytes, .segments = segments, .type = SegmentType::kPoints};
  const auto records = cloud::find_records(block);
  ASSERT_EQ(records.clouds.size(), 1U);
  EXPECT_EQ(records.clouds[0].count, 100U);
  ASSERT_EQ(records.clouds[0].runs.size(), 2U);
  EXPECT_EQ(records.clouds[0].runs[0].first, 1U);
  EXPECT_EQ(records.plain_size, 5U + 9 + 3 + 20);
  ByteBuffer description;
  cloud::write_records(records, description);
  const auto again = cloud::read_records(description, bytes.size());
  ASSERT_TRUE(again.has_value());
  ByteBuffer restored(bytes.size());
  std::vector<uint64_t> bits(100);
  for (size_t f = 0; f < 4; ++f) {
    cloud::gather(bytes, records.clouds[0], f, bits);
    cloud::scatter(bits, again->clouds[0], f, restored);
  }
  cloud::scatter_plain(cloud::gather_plain(bytes, records), *again, restored);
  EXPECT_EQ(restored, bytes);
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(cloud::read_records(description, size).has_value());
  }
}

TEST(CloudTokens, ResidualsOfAllSizesAreRestored) {
  std::mt19937_64 random(6);
  for (int i = 0; i < 20000; ++i) {
    const auto residual = static_cast<int64_t>(random()) >> (random() % 64);
    const cloud::Split split = cloud::split_residual(residual);
    ASSERT_LT(split.symbol, cloud::kResidualSymbols);
    ASSERT_EQ(cloud::raw_bits_of(split.symbol), split.raw_bits);
    ASSERT_EQ(cloud::join_residual(split.symbol, split.raw), residual);
  }
  const int64_t least = std::numeric_limits<int64_t>::min();
  const cloud::Split split = cloud::split_residual(least);
  EXPECT_EQ(cloud::join_residual(split.symbol, split.raw), least);
}

TEST(CloudTokens, SymbolsInContextsAreRestored) {
  const std::array<uint16_t, 3> slots = {5, 1, 90};
  for (const size_t count : {0U, 1U, 2U, 50U, 20000U}) {
    std::mt19937 random(7);
    const auto walk = [&](auto& coder, bool decodes) {
      random.seed(7);
      for (size_t i = 0; i < count; ++i) {
        const auto context = static_cast<uint32_t>(random() % 96);
        const auto value = static_cast<int64_t>(random() >> (8 + context % 20)) - 100;
        EXPECT_EQ(coder.residual(context, decodes ? 0 : value), value);
        const auto symbol = static_cast<uint32_t>(random() % (1 + context));
        EXPECT_EQ(coder.symbol(context, decodes ? 0 : symbol), symbol);
        EXPECT_EQ(coder.raw(decodes ? 0 : symbol, 62), symbol);
      }
    };
    cloud::TokenRecorder recorder(slots, count);
    walk(recorder, false);
    ByteBuffer section;
    recorder.finish(slots.size(), section);
    MemoryBudget budget(1 << 20);
    auto decoder = cloud::TokenDecoder::make(slots, section, budget);
    ASSERT_TRUE(decoder.has_value());
    walk(*decoder, true);
    EXPECT_TRUE(decoder->finished());
    // A byte less or more does not go unnoticed.
    section.push_back(std::byte{0});
    auto longer = cloud::TokenDecoder::make(slots, section, budget);
    ASSERT_TRUE(longer.has_value());
    walk(*longer, true);
    EXPECT_FALSE(longer->finished());
  }
}

}  // namespace
}  // namespace pith

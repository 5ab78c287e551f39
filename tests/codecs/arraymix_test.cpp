// Blocks of arrays come back through the model at every level, within the memory that was declared,
// with the same bytes on every processor; damage comes to no harm.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <numeric>

#include "codecs/arraymix/arraymix_codec.h"
#include "codecs/arraymix/parts.h"
#include "codecs/arraymix/value_map.h"
#include "hwy/targets.h"
#include "tests/support/array_data.h"
#include "tests/support/random_data.h"

namespace pith {
namespace {

struct Encoded {
  ByteBuffer payload;  // empty if the block was declined
  uint64_t memory = 0;
};

Encoded encode(ByteView bytes, std::span<const Segment> segments, Level level) {
  const BlockView block{.bytes = bytes, .segments = segments, .type = SegmentType::kArray};
  Encoded encoded;
  const auto outcome =
      arraymix_codec().encode(block, level, encoded.payload, encoded.memory, nullptr);
  EXPECT_TRUE(outcome.has_value()) << (outcome ? "" : outcome.error().message);
  if (!outcome || *outcome == EncodeOutcome::kDeclined) encoded.payload.clear();
  return encoded;
}

void expect_decoded(const Encoded& encoded, ByteView bytes) {
  ByteBuffer raw(bytes.size());
  MemoryBudget budget(encoded.memory);
  const auto decoded = arraymix_codec().decode(encoded.payload, raw, budget, nullptr);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_TRUE(equal(raw, bytes));
}

// The size of the payload; 0 if the block was declined.
size_t expect_exact(ByteView bytes, std::span<const Segment> segments, Level level) {
  const Encoded encoded = encode(bytes, segments, level);
  if (encoded.payload.empty()) return 0;
  EXPECT_LE(encoded.memory, arraymix_codec().decode_memory(bytes.size(), level));
  expect_decoded(encoded, bytes);
  ByteBuffer raw(bytes.size());
  MemoryBudget small(encoded.memory - 1);
  EXPECT_FALSE(arraymix_codec().decode(encoded.payload, raw, small, nullptr).has_value());
  return encoded.payload.size();
}

bool is_real(NumberType type) { return type == NumberType::kF32 || type == NumberType::kF64; }

ByteBuffer field_of(NumberType type, bool big_endian, const std::vector<uint64_t>& shape) {
  const auto cells = static_cast<size_t>(
      std::accumulate(shape.begin(), shape.end(), uint64_t{1}, std::multiplies<>()));
  std::vector<uint64_t> bits;
  for (const int64_t k : test::wandering(cells, static_cast<size_t>(shape.back()), 1)) {
    bits.push_back(is_real(type) ? test::float_bits(static_cast<double>(k) / 7, type)
                                 : static_cast<uint64_t>(k + 20000));
  }
  return test::pack(bits, type, big_endian);
}

// A field of waves that move from plane to plane, with a little noise.
ByteBuffer waves(size_t planes, size_t rows, size_t columns) {
  std::mt19937 random(3);
  std::vector<uint64_t> bits;
  for (size_t p = 0; p < planes; ++p) {
    for (size_t y = 0; y < rows; ++y) {
      for (size_t x = 0; x < columns; ++x) {
        const auto t = static_cast<double>(p);
        const double value = 280 + 9 * std::sin(0.11 * static_cast<double>(x) + 0.3 * t) *
                                       std::cos(0.07 * static_cast<double>(y) - 0.2 * t);
        const double noise = (static_cast<double>(random() % 1000) - 500) * 1e-5;
        bits.push_back(test::float_bits(value + noise, NumberType::kF32));
      }
    }
  }
  return test::pack(bits, NumberType::kF32, false);
}

TEST(ArrayMix, EveryTypeByteOrderAndNumberOfAxesComesBack) {
  const std::vector<std::vector<uint64_t>> shapes = {
      {3000}, {60, 55}, {9, 20, 21}, {3, 4, 18, 20}, {12, 25, 11, 1}, {4, 30, 20, 3}};
  for (int number = 0; number < kNumberTypes; ++number) {
    for (size_t i = 0; i < shapes.size(); ++i) {
      ArrayLayout layout;
      layout.type = static_cast<NumberType>(number);
      layout.big_endian = i % 2 == 1;
      layout.shape = shapes[i];
      const ByteBuffer bytes = field_of(layout.type, layout.big_endian, shapes[i]);
      layout.size = bytes.size();
      const Segment segment = test::array_segment(layout, bytes.size());
      const Level level = 7 + static_cast<Level>(i) % 3;
      const size_t size = expect_exact(bytes, {&segment, 1}, level);
      if (number_size(layout.type) > 1) {
        EXPECT_GT(size, 0U);
        EXPECT_LT(size, bytes.size() * 2 / 3);
      }
      // A piece from somewhere inside.
      const ByteView part = ByteView(bytes).subspan(bytes.size() / 3, bytes.size() / 2);
      const Segment piece = test::array_segment(layout, part.size(), bytes.size() / 3);
      expect_exact(part, {&piece, 1}, level);
    }
  }
}

TEST(ArrayMix, PredictsFromPlanesBefore) {
  ArrayLayout layout;
  layout.type = NumberType::kF32;
  layout.shape = {8, 40, 50};
  const ByteBuffer bytes = waves(8, 40, 50);
  const Segment segment = test::array_segment(layout, bytes.size());
  std::vector<size_t> sizes;
  for (const Level level : {7, 8, 9}) sizes.push_back(expect_exact(bytes, {&segment, 1}, level));
  // The noise alone takes eight to nine bits of 32: 280 has steps of 2^-15, the noise 328 of them.
  EXPECT_GT(sizes[2], bytes.size() / 4);
  EXPECT_LT(sizes[2], bytes.size() * 36 / 100);
  EXPECT_LE(sizes[2], sizes[1]);
  EXPECT_LE(sizes[1], sizes[0]);
}

TEST(ArrayMix, OneValueIsNoFailure) {
  for (const NumberType type : {NumberType::kF32, NumberType::kF64, NumberType::kInt16}) {
    ArrayLayout layout;
    layout.type = type;
    layout.shape = {64, 64};
    const uint64_t bits = is_real(type) ? test::float_bits(1.5, type) : 77;
    const ByteBuffer bytes = test::pack(std::vector<uint64_t>(64 * 64, bits), type, false);
    const Segment segment = test::array_segment(layout, bytes.size());
    for (const Level level : {7, 9}) {
      EXPECT_LT(expect_exact(bytes, {&segment, 1}, level), bytes.size() / 16);
    }
  }
}

TEST(ArrayMix, OddValuesComeBack) {
  for (const NumberType type : {NumberType::kF32, NumberType::kF64}) {
    ArrayLayout layout;
    layout.type = type;
    layout.shape = {80, 90};
    ByteBuffer bytes = field_of(type, false, layout.shape);
    const size_t width = number_size(type);
    const auto set = [&](size_t cell, uint64_t pattern) {
      for (size_t b = 0; b < width; ++b) {
        bytes[cell * width + b] = static_cast<std::byte>(pattern >> (8 * b));
      }
    };
    const uint64_t sign = uint64_t{1} << (8 * width - 1);
    const uint64_t infinity = test::float_bits(std::numeric_limits<double>::infinity(), type);
    const uint64_t fill = test::float_bits(1e20, type);
    layout.fills = {fill};
    for (size_t i = 0; i < 7200; ++i) {
      if (i % 90 > 60 && i % 7 != 0) set(i, fill);
    }
    set(5, sign);
    set(6, infinity);
    set(7, sign | infinity);
    set(8, infinity + 1);
    set(9, sign | (infinity + 12345));
    set(10, 1);
    set(11, sign | 77);
    set(7199, infinity + 3);
    const Segment segment = test::array_segment(layout, bytes.size());
    for (const Level level : {7, 8, 9}) {
      const size_t size = expect_exact(bytes, {&segment, 1}, level);
      EXPECT_GT(size, 0U);
      EXPECT_LT(size, bytes.size() / 4);
    }
  }
}

// Values so far apart that squares of them overflow, and the whole range of integers.
TEST(ArrayMix, ExtremeValuesComeBack) {
  std::mt19937_64 random(7);
  for (const NumberType type : {NumberType::kF64, NumberType::kF32, NumberType::kInt64,
                                NumberType::kUint64, NumberType::kInt32}) {
    ArrayLayout layout;
    layout.type = type;
    layout.shape = {30, 40};
    const size_t width = number_size(type);
    std::vector<uint64_t> bits;
    for (int i = 0; i < 1200; ++i) {
      // Mostly small numbers, which leave something to gain.
      bits.push_back(random() % 8 == 0 ? random() : is_real(type) ? 0 : random() % 3);
    }
    bits[0] = ~uint64_t{0};
    bits[1] = 0;
    bits[2] = uint64_t{1} << (8 * width - 1);
    bits[3] = bits[2] - 1;
    bits[4] = bits[2] + 1;
    const ByteBuffer bytes = test::pack(bits, type, false);
    const Segment segment = test::array_segment(layout, bytes.size());
    for (const Level level : {7, 9}) expect_exact(bytes, {&segment, 1}, level);
  }
}

TEST(ArrayMix, MaskedCellsCostLittle) {
  ArrayLayout layout;
  layout.type = NumberType::kF32;
  layout.shape = {5, 60, 60};
  layout.fills = {0x7FC00000};
  ByteBuffer bytes = field_of(layout.type, false, layout.shape);
  const Segment segment = test::array_segment(layout, bytes.size());
  const size_t whole = expect_exact(bytes, {&segment, 1}, 9);
  for (size_t i = 0; i < 18000; ++i) {
    const uint32_t nan = 0x7FC00000;
    if (i % 60 >= 30) std::memcpy(bytes.data() + 4 * i, &nan, 4);
  }
  EXPECT_LT(expect_exact(bytes, {&segment, 1}, 9), whole * 6 / 10);
}

TEST(ArrayMix, SeveralVariablesTilesAndBytesBetweenComeBack) {
  ArrayLayout tiled;
  tiled.type = NumberType::kInt16;
  tiled.filter = ArrayFilter::kShuffle;
  tiled.shape = {50, 70};
  tiled.tile = {20, 30};
  ByteBuffer bytes = test::random_bytes(11, 1);
  std::vector<Segment> segments = {{.size = 11, .type = SegmentType::kMetadata, .layout = {}}};
  bytes.append(field_of(NumberType::kInt16, false, {9, 600}));
  segments.push_back(test::array_segment(tiled, 3 * 3 * 20 * 30 * 2));
  ArrayLayout plain;
  plain.type = NumberType::kF64;
  plain.shape = {40, 50};
  bytes.append(test::random_bytes(5, 2));
  segments.push_back({.size = 5, .type = SegmentType::kBytes, .layout = {}});
  bytes.append(field_of(NumberType::kF64, false, plain.shape));
  segments.push_back(test::array_segment(plain, 40 * 50 * 8));
  for (const Level level : {7, 9}) EXPECT_GT(expect_exact(bytes, segments, level), 0U);
}

TEST(ArrayMix, ImagesWithFiltersComeBack) {
  for (const uint64_t channels : {1U, 3U}) {
    for (const NumberType type : {NumberType::kUint8, NumberType::kUint16}) {
      ArrayLayout layout;
      layout.type = type;
      layout.big_endian = true;
      layout.filter = ArrayFilter::kPng;
      layout.shape = {40, 50, channels};
      const ByteBuffer pixels = field_of(type, true, {40, 50 * channels});
      ByteBuffer rows;
      const size_t row = pixels.size() / 40;
      for (size_t r = 0; r < 40; ++r) {
        rows.push_back(static_cast<std::byte>(r % 5));
        rows.append(ByteView(pixels).subspan(r * row, row));
      }
      const Segment segment = test::array_segment(layout, rows.size());
      EXPECT_GT(expect_exact(rows, {&segment, 1}, 9), 0U);
    }
  }
}

TEST(ArrayMix, BlocksWithoutArraysAreDeclined) {
  const ByteBuffer bytes = test::random_text(20000, 1);
  const Segment segment{.size = bytes.size(), .type = SegmentType::kIntegers, .layout = {}};
  EXPECT_EQ(expect_exact(bytes, {&segment, 1}, 9), 0U);
}

TEST(ArrayMix, DeclaresModestMemory) {
  for (const Level level : {7, 8, 9}) {
    const size_t most = arraymix_codec().max_block(level);
    EXPECT_LE(arraymix_codec().decode_memory(most, level), uint64_t{224} << 20);
    EXPECT_LE(arraymix_codec().encode_memory(most, level), uint64_t{448} << 20);
  }
}

TEST(ArrayMix, DamageComesToNoHarm) {
  std::mt19937 random(4);
  for (const NumberType type : {NumberType::kF32, NumberType::kF64, NumberType::kInt16}) {
    ArrayLayout layout;
    layout.type = type;
    layout.shape = {3, 2, 20, 25};
    const ByteBuffer bytes = field_of(type, false, layout.shape);
    const Segment segment = test::array_segment(layout, bytes.size());
    const Encoded encoded = encode(bytes, {&segment, 1}, type == NumberType::kF32 ? 9 : 7);
    ASSERT_FALSE(encoded.payload.empty());
    int wrong = 0;
    for (int trial = 0; trial < 100; ++trial) {
      ByteBuffer damaged = encoded.payload;
      const size_t at = trial % 2 == 0 ? random() % damaged.size() : random() % 40;
      damaged[at] = damaged[at] ^ static_cast<std::byte>(1 + random() % 255);
      if (trial % 4 == 0) damaged.resize(random() % damaged.size());
      ByteBuffer raw(bytes.size());
      MemoryBudget budget(encoded.memory);
      const bool ok = arraymix_codec().decode(damaged, raw, budget, nullptr).has_value();
      wrong += static_cast<int>(!ok || !equal(raw, bytes));
    }
    EXPECT_GT(wrong, 75);
  }
}

// Lets Highway choose among `targets` only; among all for 0.
void choose_target(int64_t targets) {
  hwy::SetSupportedTargetsForTest(targets);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

TEST(ArrayMix, GivesTheSameBytesOnEveryProcessor) {
  choose_target(0);
  const int64_t supported = hwy::SupportedTargets();
  ArrayLayout layout;
  layout.type = NumberType::kF32;
  layout.shape = {4, 40, 50};
  const ByteBuffer bytes = waves(4, 40, 50);
  const Segment segment = test::array_segment(layout, bytes.size());
  for (const Level level : {7, 8, 9}) {
    choose_target(0);
    const Encoded first = encode(bytes, {&segment, 1}, level);
    ASSERT_FALSE(first.payload.empty());
    for (const int64_t target : {HWY_SCALAR, HWY_EMU128, HWY_SSE4, HWY_AVX2, HWY_AVX3}) {
      if ((supported & target) == 0) continue;
      choose_target(target);
      EXPECT_TRUE(equal(encode(bytes, {&segment, 1}, level).payload, first.payload))
          << hwy::TargetName(target);
      expect_decoded(first, bytes);
    }
  }
  choose_target(0);
}

TEST(ArrayMixParts, RowsOfBandsBecomePlanes) {
  array::Grid grid{.cols = 2, .rows = 14, .up = 3, .slice_rows = 6, .first_row = 3};
  grid.back = {1, 6};
  const auto parts = arraymix::parts_of(grid);
  // A cut image of one row, a whole one of two rows, a cut one of five rows of bands.
  ASSERT_EQ(parts.size(), 3U);
  EXPECT_EQ(parts[0].shape.rows, 3U);
  EXPECT_EQ(parts[1].shape.rows, 6U);
  EXPECT_EQ(parts[1].shape.height, 2U);
  EXPECT_EQ(parts[1].back.front(), 2U);
  EXPECT_EQ(parts[2].first, 18U);
  std::vector<uint32_t> cells(12);
  std::iota(cells.begin(), cells.end(), 0U);
  const auto before = cells;
  arraymix::order_planes<uint32_t>(parts[1], cells, true);
  EXPECT_EQ(cells, (std::vector<uint32_t>{0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11}));
  arraymix::order_planes<uint32_t>(parts[1], cells, false);
  EXPECT_EQ(cells, before);
}

TEST(ArrayMixParts, LongLinesAreFolded) {
  const auto parts = arraymix::parts_of({.cols = 100000, .rows = 1});
  ASSERT_EQ(parts.size(), 2U);
  EXPECT_EQ(parts[0].shape.cells() + parts[1].shape.cells(), 100000U);
  EXPECT_EQ(parts[1].first, parts[0].shape.cells());
}

TEST(ArrayMixValues, ValuesRiseWithKeysAndLeadBackToThem) {
  using arraymix::MapKind;
  const std::vector<double> table = {-3, -1, 0, 0.5, 7, 1000};
  const std::vector<arraymix::ValueMap> maps = {
      {.kind = MapKind::kLinear, .step = 0.25, .base = uint64_t{0} - 2},
      {.kind = MapKind::kRanked, .table = table},
      {.kind = MapKind::kFloat32, .base = 0x7FFFFFFE},
      {.kind = MapKind::kFloat64, .base = 0x7FFFFFFFFFFFFFFE},
      {.kind = MapKind::kFloat32, .shift = 12, .base = 0x7FFFE},
  };
  for (const auto& map : maps) {
    for (uint64_t key = 0; key <= 5; ++key) {
      EXPECT_EQ(map.key_of(map.value(key), 5), key);
      if (key == 0) continue;
      EXPECT_LE(map.value(key - 1), map.boundary(key));
      EXPECT_LE(map.boundary(key), map.value(key));
    }
    EXPECT_EQ(map.key_of(-1e300, 5), 0U);
    EXPECT_EQ(map.key_of(1e300, 5), 5U);
    EXPECT_EQ(map.key_of(std::numeric_limits<double>::quiet_NaN(), 5), 0U);
  }
}

// The key of a float that has nothing left out.
uint64_t key_of_float(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  return (bits >> 31) != 0 ? uint64_t{bits ^ 0xFFFFFFFFU} : uint64_t{bits ^ 0x80000000U};
}

TEST(ArrayMixValues, FractionsAreWhatFollowsThePoint) {
  const arraymix::ValueMap map{.kind = arraymix::MapKind::kFloat32, .base = 0};
  const auto fraction = [&](float value) { return map.fraction(key_of_float(value)); };
  EXPECT_EQ(fraction(0.25F), uint64_t{1} << 39);
  EXPECT_EQ(fraction(3.25F), fraction(0.25F));
  EXPECT_EQ(fraction(1000.25F), fraction(0.25F));
  EXPECT_NE(fraction(0.5F), fraction(0.25F));
  EXPECT_EQ(fraction(16777216.0F), 0U);
  // Below zero a boundary is named after the number on its other side.
  const auto below = [&](float value) { return map.fraction(key_of_float(value) + 1); };
  EXPECT_EQ(below(-3.25F), fraction(0.25F) + 1);
  EXPECT_EQ(below(-0.25F), below(-3.25F));
}

}  // namespace
}  // namespace pith

// Blocks of arrays come back at every level, within the memory that was declared, and damage to
// them comes to no harm.
#include "codecs/array/array_codec.h"

#include <gtest/gtest.h>

#include <numeric>

#include "codecs/select.h"
#include "tests/support/array_data.h"
#include "tests/support/random_data.h"

namespace pith {
namespace {

// The size of the payload; 0 if the block was declined.
size_t expect_exact(ByteView bytes, std::span<const Segment> segments, Level level) {
  const BlockView block{.bytes = bytes, .segments = segments, .type = SegmentType::kArray};
  ByteBuffer payload;
  uint64_t memory = 0;
  const auto outcome = array_codec().encode(block, level, payload, memory, nullptr);
  EXPECT_TRUE(outcome.has_value());
  if (!outcome || *outcome == EncodeOutcome::kDeclined) return 0;
  EXPECT_LE(memory, array_codec().decode_memory(bytes.size(), level));
  ByteBuffer raw(bytes.size());
  MemoryBudget budget(memory);
  const auto decoded = array_codec().decode(payload, raw, budget, nullptr);
  EXPECT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_TRUE(equal(raw, bytes));
  MemoryBudget small(memory / 2);
  EXPECT_FALSE(array_codec().decode(payload, raw, small, nullptr).has_value());
  return payload.size();
}

ByteBuffer field_of(NumberType type, bool big_endian, const std::vector<uint64_t>& shape) {
  const auto cells = static_cast<size_t>(
      std::accumulate(shape.begin(), shape.end(), uint64_t{1}, std::multiplies<>()));
  const auto field = test::wandering(cells, static_cast<size_t>(shape.back()), 1);
  std::vector<uint64_t> bits;
  for (const int64_t k : field) {
    const bool real = type == NumberType::kF32 || type == NumberType::kF64;
    bits.push_back(real ? test::float_bits(static_cast<double>(k) / 7, type)
                        : static_cast<uint64_t>(k));
  }
  return test::pack(bits, type, big_endian);
}

TEST(ArrayCodec, EveryTypeByteOrderAndNumberOfAxesComesBack) {
  const std::vector<std::vector<uint64_t>> shapes = {
      {3000}, {60, 55}, {9, 20, 21}, {3, 4, 18, 20}, {12, 25, 11, 1}, {2, 1, 2, 2, 2, 2, 10, 21}};
  for (int number = 0; number < kNumberTypes; ++number) {
    for (const bool big_endian : {false, true}) {
      for (const auto& shape : shapes) {
        ArrayLayout layout;
        layout.type = static_cast<NumberType>(number);
        layout.big_endian = big_endian;
        layout.shape = shape;
        const ByteBuffer bytes = field_of(layout.type, big_endian, shape);
        layout.size = bytes.size();
        for (const Level level : {1, 3, 5}) {
          const Segment segment = test::array_segment(layout, bytes.size());
          const size_t size = expect_exact(bytes, {&segment, 1}, level);
          if (number_size(layout.type) == 1) continue;
          EXPECT_GT(size, 0U);
          EXPECT_LT(size, bytes.size() * 3 / 4);
        }
        // A piece from somewhere inside.
        const ByteView part = ByteView(bytes).subspan(bytes.size() / 3, bytes.size() / 2);
        const Segment segment = test::array_segment(layout, part.size(), bytes.size() / 3);
        expect_exact(part, {&segment, 1}, 4);
      }
    }
  }
}

TEST(ArrayCodec, OddValuesComeBack) {
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
    for (const Level level : {1, 2, 3, 4, 6}) {
      const size_t size = expect_exact(bytes, {&segment, 1}, level);
      EXPECT_GT(size, 0U);
      EXPECT_LT(size, bytes.size() / 4);
    }
  }
}

TEST(ArrayCodec, MaskedCellsCostLittle) {
  ArrayLayout layout;
  layout.type = NumberType::kF32;
  layout.shape = {10, 100, 100};
  layout.fills = {0x7FC00000};
  ByteBuffer bytes = field_of(layout.type, false, layout.shape);
  const Segment segment = test::array_segment(layout, bytes.size());
  const size_t whole = expect_exact(bytes, {&segment, 1}, 3);
  for (size_t i = 0; i < 100000; ++i) {
    if (i % 100 < 50) continue;
    const uint32_t nan = 0x7FC00000;
    std::memcpy(bytes.data() + 4 * i, &nan, 4);
  }
  EXPECT_LT(expect_exact(bytes, {&segment, 1}, 3), whole * 6 / 10);
}

TEST(ArrayCodec, SeveralVariablesTilesAndBytesBetweenComeBack) {
  ArrayLayout tiled;
  tiled.type = NumberType::kInt16;
  tiled.filter = ArrayFilter::kShuffle;
  tiled.shape = {50, 70};
  tiled.tile = {20, 30};
  ByteBuffer bytes = test::random_bytes(11, 1);
  std::vector<Segment> segments = {{.size = 11, .type = SegmentType::kMetadata, .layout = {}}};
  const uint64_t tiles = 3 * 3 * 20 * 30 * 2;
  bytes.append(field_of(NumberType::kInt16, false, {9, 600}));
  segments.push_back(test::array_segment(tiled, tiles));
  ArrayLayout plain;
  plain.type = NumberType::kF64;
  plain.shape = {40, 50};
  bytes.append(test::random_bytes(5, 2));
  segments.push_back({.size = 5, .type = SegmentType::kBytes, .layout = {}});
  bytes.append(field_of(NumberType::kF64, false, plain.shape));
  segments.push_back(test::array_segment(plain, 40 * 50 * 8));
  for (const Level level : {1, 3, 5}) {
    EXPECT_GT(expect_exact(bytes, segments, level), 0U);
  }
}

TEST(ArrayCodec, ImagesWithFiltersComeBack) {
  for (const uint64_t channels : {1U, 3U, 4U}) {
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
      for (const Level level : {1, 5}) expect_exact(rows, {&segment, 1}, level);
    }
  }
}

TEST(ArrayCodec, NoiseIsDeclined) {
  ArrayLayout layout;
  layout.type = NumberType::kF32;
  layout.shape = {100, 100};
  const ByteBuffer bytes = test::random_bytes(40000, 1);
  const Segment segment = test::array_segment(layout, bytes.size());
  for (const Level level : {1, 5}) EXPECT_EQ(expect_exact(bytes, {&segment, 1}, level), 0U);
}

TEST(ArrayCodec, WeightsAreLeftToTheCodecOfTensors) {
  std::mt19937 random(1);
  auto tensor = std::make_shared<TensorLayout>();
  tensor->element = ElementType::kF32;
  tensor->shape = {256, 256};
  tensor->size = 256 * 256 * 4;
  std::vector<uint64_t> bits;
  for (int i = 0; i < 256 * 256; ++i) {
    double sum = 0;
    for (int k = 0; k < 6; ++k) sum += static_cast<double>(random() % 65536) - 32768;
    bits.push_back(test::float_bits(sum / 1e6, NumberType::kF32));
  }
  const ByteBuffer bytes = test::pack(bits, NumberType::kF32, false);
  Segment segment{.size = bytes.size(), .type = SegmentType::kF32, .layout = {}};
  segment.layout.tensor = tensor;
  EXPECT_EQ(expect_exact(bytes, {&segment, 1}, 5), 0U);
  // A smooth field in the same place is taken.
  const ByteBuffer field = field_of(NumberType::kF32, false, {256, 256});
  EXPECT_GT(expect_exact(field, {&segment, 1}, 5), 0U);
  CodecScratch scratch;
  const BlockView block{.bytes = field, .segments = {&segment, 1}, .type = SegmentType::kF32};
  const auto encoded = encode_block(block, {.level = 5}, scratch);
  ASSERT_TRUE(encoded.has_value());
  EXPECT_EQ(encoded->codec, CodecId::kArray);
}

TEST(ArrayCodec, ArraysThatRepeatFromAfarAreLeftToOthers) {
  std::mt19937 random(1);
  ArrayLayout layout;
  layout.type = NumberType::kInt16;
  layout.shape = {300, 400};
  ByteBuffer bytes;
  const ByteBuffer rows = test::random_bytes(size_t{20} * 800, 1);
  for (int i = 0; i < 300; ++i) append(bytes, ByteView(rows).subspan(random() % 20 * 800, 800));
  for (const bool smooth : {false, true}) {
    if (smooth) bytes = field_of(NumberType::kInt16, false, layout.shape);
    const Segment segment = test::array_segment(layout, bytes.size());
    const BlockView block{.bytes = bytes, .segments = {&segment, 1}, .type = SegmentType::kArray};
    CodecScratch scratch;
    const auto encoded = encode_block(block, {.level = 5}, scratch);
    ASSERT_TRUE(encoded.has_value());
    EXPECT_EQ(encoded->codec == CodecId::kArray, smooth);
    EXPECT_LT(encoded->payload.size(), bytes.size() / 2);
  }
}

TEST(ArrayCodec, DamageComesToNoHarm) {
  std::mt19937 random(4);
  for (const NumberType type : {NumberType::kF32, NumberType::kF64, NumberType::kInt16}) {
    ArrayLayout layout;
    layout.type = type;
    layout.shape = {3, 4, 20, 25};
    const ByteBuffer bytes = field_of(type, false, layout.shape);
    const Segment segment = test::array_segment(layout, bytes.size());
    const BlockView block{.bytes = bytes, .segments = {&segment, 1}, .type = SegmentType::kArray};
    for (const Level level : {3, 5}) {
      ByteBuffer payload;
      uint64_t memory = 0;
      ASSERT_TRUE(array_codec().encode(block, level, payload, memory, nullptr).has_value());
      int refused = 0;
      for (int trial = 0; trial < 400; ++trial) {
        ByteBuffer damaged = payload;
        for (int i = 0; i < 1 + trial % 3; ++i) {
          damaged[random() % damaged.size()] = static_cast<std::byte>(random());
        }
        if (trial % 4 == 0) damaged.resize(random() % damaged.size());
        ByteBuffer raw(bytes.size());
        MemoryBudget budget(memory);
        if (!array_codec().decode(damaged, raw, budget, nullptr)) ++refused;
      }
      EXPECT_GT(refused, 200);
    }
  }
}

}  // namespace
}  // namespace pith

// Chunks of the filter plugin, without HDF5: round trips, and damage of every kind.
#include <gtest/gtest.h>

#include "base/checksum.h"
#include "base/layout.h"
#include "bindings/hdf5/chunk.h"
#include "tests/support/array_data.h"
#include "tests/support/random_data.h"

namespace pith::hdf5 {
namespace {

Parameters parameters_of(Level level, NumberType type, std::vector<uint64_t> shape,
                         bool big_endian = false) {
  ArrayLayout array{.type = type, .big_endian = big_endian, .shape = std::move(shape)};
  array.size = array_size(array).value();
  return {.level = level, .array = array};
}

ByteBuffer field_of(const Parameters& parameters, uint32_t seed = 1) {
  const ArrayLayout& array = *parameters.array;
  const auto row = static_cast<size_t>(array.shape.back());
  const auto values =
      test::wandering(static_cast<size_t>(array.size / number_size(array.type)), row, seed);
  return test::pack({values.begin(), values.end()}, array.type, array.big_endian);
}

ByteBuffer encoded(ByteView raw, const Parameters& parameters) {
  ByteBuffer out;
  EXPECT_TRUE(encode_chunk(raw, parameters, out).has_value());
  return out;
}

void expect_round_trip(ByteView raw, const Parameters& parameters) {
  const ByteBuffer coded = encoded(raw, parameters);
  const auto size = decoded_size(coded);
  ASSERT_TRUE(size.has_value()) << size.error().message;
  ASSERT_EQ(*size, raw.size());
  ByteBuffer back(*size);
  const auto done = decode_chunk(coded, back);
  ASSERT_TRUE(done.has_value()) << done.error().message;
  EXPECT_TRUE(equal(back, raw));
}

// The check that makes changed bytes look intact.
void seal(ByteBuffer& coded) {
  const uint32_t check = crc32c(ByteView(coded).subspan(8));
  for (size_t i = 0; i < 4; ++i) coded[4 + i] = static_cast<std::byte>(check >> (8 * i));
}

bool fails(ByteView coded, size_t size) {
  ByteBuffer raw(size);
  return !decode_chunk(coded, raw).has_value();
}

TEST(Hdf5Chunk, NumbersComeBackAndAreSmaller) {
  for (const Level level : {1, 3, 5, 7}) {
    for (const bool big_endian : {false, true}) {
      const auto parameters = parameters_of(level, NumberType::kInt16, {20, 40, 50}, big_endian);
      const ByteBuffer raw = field_of(parameters);
      expect_round_trip(raw, parameters);
      EXPECT_LT(encoded(raw, parameters).size(), raw.size() / 2);
    }
  }
}

TEST(Hdf5Chunk, BytesOfAnyNumberComeBack) {
  for (const size_t size : {0, 1, 7, 1000, 100000}) {
    expect_round_trip(test::random_bytes(size, 1), {.level = 5});
    expect_round_trip(test::random_text(size, 1), {.level = 2});
    expect_round_trip(test::random_bytes(size, 2), parameters_of(5, NumberType::kF32, {3, 7}));
  }
}

TEST(Hdf5Chunk, WhatCannotBeSmallerTakesLittleMore) {
  const ByteBuffer raw = test::random_bytes(4096, 3);
  EXPECT_EQ(encoded(raw, parameters_of(5, NumberType::kInt32, {1024})).size(), 4096U + 25);
  EXPECT_EQ(encoded({}, {.level = 5}).size(), 16U);
}

TEST(Hdf5Chunk, LongChunksAreCutIntoBlocks) {
  const auto parameters = parameters_of(1, NumberType::kUint8, {9, 2, 1 << 20});
  ByteBuffer raw(size_t{18} << 20, std::byte{3});
  raw[17 << 20] = std::byte{9};
  expect_round_trip(raw, parameters);
}

TEST(Hdf5Chunk, EveryChangedByteIsNoticed) {
  const auto parameters = parameters_of(4, NumberType::kInt16, {20, 30});
  const ByteBuffer raw = field_of(parameters);
  const ByteBuffer coded = encoded(raw, parameters);
  for (size_t i = 0; i < coded.size(); ++i) {
    ByteBuffer changed = coded;
    changed[i] ^= std::byte{0x10};
    EXPECT_TRUE(fails(changed, raw.size())) << i;
    EXPECT_TRUE(fails(ByteView(coded).first(i), raw.size())) << i;
  }
  EXPECT_TRUE(fails(coded, raw.size() + 1));
}

TEST(Hdf5Chunk, DamageThatTheCheckCoversDoesNoHarm) {
  for (const Level level : {3, 7}) {
    const auto parameters = parameters_of(level, NumberType::kInt16, {20, 30});
    const ByteBuffer raw = field_of(parameters);
    const ByteBuffer coded = encoded(raw, parameters);
    for (size_t i = 8; i < coded.size(); ++i) {
      ByteBuffer changed = coded;
      changed[i] ^= std::byte{0x81};
      seal(changed);
      // Some bits of a payload say nothing; all others are noticed at the latest by the hash.
      ByteBuffer back(raw.size());
      const bool done = decode_chunk(changed, back).has_value();
      EXPECT_TRUE(!done || equal(back, raw)) << i;
      ByteBuffer shorter(ByteView(coded).first(i));
      if (i < 16) continue;
      seal(shorter);
      EXPECT_TRUE(fails(shorter, raw.size())) << i;
    }
  }
}

TEST(Hdf5Chunk, WhatNewerVersionsWroteIsSaidToBeThat) {
  ByteBuffer coded = encoded(test::random_bytes(100, 1), {.level = 5});
  ByteBuffer version = coded;
  version[3] = std::byte{2};
  EXPECT_EQ(decoded_size(version).error().code, ErrorCode::kUnsupported);
  coded[16] = std::byte{200};  // the codec
  seal(coded);
  EXPECT_EQ(decoded_size(coded).error().code, ErrorCode::kUnsupported);
}

TEST(Hdf5Parameters, AreReadAsTheyWereWritten) {
  auto parameters = parameters_of(7, NumberType::kF64, {3, 4, 5}, true);
  parameters.array->fills = {0xC0F869F000000000};
  const auto back = read_parameters(write_parameters(parameters));
  ASSERT_TRUE(back.has_value() && back->array.has_value());
  EXPECT_EQ(back->level, 7);
  EXPECT_EQ(back->array->type, NumberType::kF64);
  EXPECT_TRUE(back->array->big_endian);
  EXPECT_EQ(back->array->shape, (std::vector<uint64_t>{3, 4, 5}));
  EXPECT_EQ(back->array->fills, parameters.array->fills);
  EXPECT_EQ(back->array->size, 3U * 4 * 5 * 8);
  EXPECT_FALSE(read_parameters(write_parameters({.level = 2}))->array.has_value());
}

TEST(Hdf5Parameters, ThoseWithoutSenseAreBytes) {
  auto values = write_parameters(parameters_of(5, NumberType::kF32, {3, 4}));
  for (size_t i = 1; i < values.size(); ++i) {
    EXPECT_FALSE(read_parameters(std::span(values).first(i))->array.has_value()) << i;
  }
  const auto changed = [&](size_t at, unsigned value) {
    auto other = values;
    other[at] = value;
    return read_parameters(other)->array.has_value();
  };
  EXPECT_TRUE(changed(2, 9));
  EXPECT_FALSE(changed(1, 2));           // the version
  EXPECT_FALSE(changed(2, 11));          // a type
  EXPECT_FALSE(changed(3, 3));           // axes
  EXPECT_FALSE(changed(3, 0xFFFFFFFF));  // likewise
  EXPECT_FALSE(changed(4, 0));           // an empty axis
  EXPECT_EQ(read_level(std::vector<unsigned>{}).value(), kDefaultLevel);
  EXPECT_FALSE(read_level(std::vector<unsigned>{0}).has_value());
  EXPECT_FALSE(read_level(std::vector<unsigned>{10}).has_value());
}

}  // namespace
}  // namespace pith::hdf5

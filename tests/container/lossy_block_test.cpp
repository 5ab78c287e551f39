// Blocks with loss through the pipeline: the smaller of rounding and approximation, every bound
// kept, the declaration telling what was done.
#include "container/lossy_block.h"

#include <gtest/gtest.h>

#include <cmath>

#include "container/catalog.h"
#include "tests/support/array_data.h"
#include "tests/support/streams.h"

namespace pith {
namespace {

constexpr size_t kRows = 90;
constexpr size_t kColumns = 120;
constexpr size_t kHeader = 128;

ByteBuffer npy_of(const std::vector<double>& values) {
  std::string dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (" +
                           std::to_string(kRows) + ", " + std::to_string(kColumns) + "), }";
  dictionary.resize(kHeader - 10, ' ');
  ByteBuffer file(as_bytes(std::string("\x93NUMPY\x01\x00\x76\x00", 10) + dictionary));
  std::vector<uint64_t> bits;
  for (const double value : values) bits.push_back(test::float_bits(value, NumberType::kF32));
  file.append(test::pack(bits, NumberType::kF32, false));
  return file;
}

ByteBuffer smooth_file() {
  std::vector<double> values;
  for (size_t i = 0; i < kRows * kColumns; ++i) {
    const auto x = static_cast<double>(i % kColumns);
    const auto y = static_cast<double>(i / kColumns);
    values.push_back(100 * std::sin(x / 9) * std::cos(y / 11) + 0.01 * x * y);
  }
  return npy_of(values);
}

float value_at(ByteView file, size_t i) {
  float value = 0;
  std::memcpy(&value, file.data() + kHeader + 4 * i, 4);
  return value;
}

struct Coded {
  ByteBuffer file;
  ByteBuffer restored;
  std::vector<CodecId> codecs;
  std::vector<LossyDeclaration> declarations;
  std::vector<RoundedVariable> variables;
};

Coded code(const ByteBuffer& file, const ErrorBound& bound, Level level,
           const Codec* forced = nullptr, unsigned threads = 1) {
  Rounding rounding({.bound = bound, .variables = {}});
  CompressOptions options;
  options.select.level = level;
  options.select.forced = forced;
  options.threads = threads;
  options.rounding = &rounding;
  Coded coded;
  options.on_block = [&](const BlockReport& report) { coded.codecs.push_back(report.codec); };
  if (rounding.needs_survey()) {
    const auto surveyed = rounding.survey(
        [&] { return std::make_unique<MemorySource>(ByteView(file)); }, options.select, nullptr);
    EXPECT_TRUE(surveyed.has_value());
  }
  coded.file = test::compress_bytes(file, options);
  auto outcome = test::decompress_bytes(coded.file);
  EXPECT_TRUE(outcome.summary.has_value());
  coded.restored = std::move(outcome.bytes);
  coded.declarations = outcome.summary->lossy;
  coded.variables = rounding.variables();
  return coded;
}

TEST(LossyBlock, ASmoothArrayIsApproximatedWithinTheBound) {
  const ByteBuffer file = smooth_file();
  const double bound = 0.5;
  const Coded coded = code(file, {BoundKind::kAbsolute, bound}, 5);
  ASSERT_EQ(coded.codecs, std::vector<CodecId>{CodecId::kWavelet});
  ASSERT_EQ(coded.restored.size(), file.size());
  EXPECT_TRUE(equal(ByteView(coded.restored).first(kHeader), ByteView(file).first(kHeader)));
  double largest = 0;
  for (size_t i = 0; i < kRows * kColumns; ++i) {
    const double error = std::fabs(double{value_at(file, i)} - double{value_at(coded.restored, i)});
    largest = std::max(largest, error);
  }
  EXPECT_LE(largest, bound);
  EXPECT_GT(largest, bound / 4);
  ASSERT_EQ(coded.variables.size(), 1U);
  EXPECT_EQ(coded.variables[0].largest_error(), largest);
  EXPECT_EQ(coded.variables[0].stats.values, kRows * kColumns);
  ASSERT_EQ(coded.declarations.size(), 1U);
  EXPECT_EQ(coded.declarations[0].codec, static_cast<uint16_t>(CodecId::kWavelet));
  EXPECT_EQ(coded.declarations[0].bound, bound);
  EXPECT_EQ(coded.declarations[0].measured_maximum, largest);
  // Rounding alone takes more.
  const Coded rounded = code(file, {BoundKind::kAbsolute, bound}, 5, find_codec("array"));
  EXPECT_EQ(rounded.codecs, std::vector<CodecId>{CodecId::kArray});
  EXPECT_LT(coded.file.size(), rounded.file.size() * 3 / 4);
}

TEST(LossyBlock, APsnrIsReachedInLess) {
  const ByteBuffer file = smooth_file();
  for (const double wanted : {40.0, 70.0}) {
    const Coded coded = code(file, {BoundKind::kPsnr, wanted}, 5);
    EXPECT_EQ(coded.codecs, std::vector<CodecId>{CodecId::kWavelet});
    ASSERT_EQ(coded.variables.size(), 1U);
    EXPECT_GE(coded.variables[0].psnr(), wanted - 1e-9);
    EXPECT_LE(coded.variables[0].psnr(), wanted + 2);
    const Coded rounded = code(file, {BoundKind::kPsnr, wanted}, 5, find_codec("array"));
    EXPECT_LT(coded.file.size(), rounded.file.size());
  }
}

TEST(LossyBlock, WhatRoundingDoesBetterIsRounded) {
  std::vector<double> values;
  std::mt19937 random(3);
  for (size_t i = 0; i < kRows * kColumns; ++i) values.push_back(random() % 2 == 0 ? 1 : 1000);
  const Coded coded = code(npy_of(values), {BoundKind::kAbsolute, 2}, 5);
  ASSERT_EQ(coded.codecs.size(), 1U);
  EXPECT_NE(coded.codecs[0], CodecId::kWavelet);
  ASSERT_EQ(coded.declarations.size(), 1U);
  EXPECT_EQ(coded.declarations[0].codec, 0);
}

TEST(LossyBlock, WithoutARequestNothingIsApproximated) {
  const ByteBuffer file = smooth_file();
  for (const Codec* codec : {static_cast<const Codec*>(nullptr), find_codec("wavelet")}) {
    CompressOptions options;
    options.select.level = 5;
    options.select.forced = codec;
    const ByteBuffer coded = test::compress_bytes(file, options);
    EXPECT_TRUE(equal(test::decompress_bytes(coded).bytes, file));
  }
}

TEST(LossyBlock, ThreadsMakeNoDifference) {
  const ByteBuffer file = smooth_file();
  const Coded one = code(file, {BoundKind::kRelative, 1e-3}, 6, nullptr, 1);
  const Coded four = code(file, {BoundKind::kRelative, 1e-3}, 6, nullptr, 4);
  EXPECT_TRUE(equal(one.file, four.file));
}

}  // namespace
}  // namespace pith

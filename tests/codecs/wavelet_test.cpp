// Arrays as near values: within every bound, with masks and types of all kinds, within the memory
// that was declared; damage comes to no harm.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "base/number.h"
#include "codecs/select.h"
#include "codecs/wavelet/field.h"
#include "codecs/wavelet/lifting.h"
#include "codecs/wavelet/wavelet_codec.h"
#include "tests/support/array_data.h"
#include "tests/support/random_data.h"

namespace pith {
namespace {

using wavelet::Axis;
using wavelet::FieldShape;

constexpr Level kLevel = 5;

struct Near {
  ByteBuffer payload;  // empty if the block was declined
  ByteBuffer restored;
  uint64_t memory = 0;
};

double value_at(ByteView bytes, size_t at, const ArrayLayout& layout) {
  const NumberFormat format{.type = layout.type, .big_endian = layout.big_endian};
  return load_number(bytes.data() + at * format.size(), format);
}

uint64_t bits_at(ByteView bytes, size_t at, const ArrayLayout& layout) {
  const NumberFormat format{.type = layout.type, .big_endian = layout.big_endian};
  return load_bits(bytes.data() + at * format.size(), format);
}

// Codes what is taken to be the rounded block as well.
Near approximate(ByteView bytes, std::span<const Segment> segments, double bound,
                 double squared_error = HUGE_VAL, Level level = kLevel) {
  std::vector<Tolerance> tolerances;
  for (const Segment& segment : segments) {
    if (segment.layout.array == nullptr) continue;
    tolerances.push_back({.layout = segment.layout.array.get(),
                          .type = segment.layout.array->type,
                          .bound = bound,
                          .squared_error = squared_error});
  }
  const BlockView view{.bytes = bytes, .segments = segments, .type = SegmentType::kArray};
  const LossyBlock block{
      .original = bytes, .rounded = view, .tolerances = tolerances, .rounded_size = bytes.size()};
  Near near;
  near.restored = ByteBuffer(bytes);
  CodecScratch scratch;
  const auto outcome = wavelet_codec().approximate(block, level, near.restored, near.payload,
                                                   near.memory, scratch.of(wavelet_codec()));
  EXPECT_TRUE(outcome.has_value()) << (outcome ? "" : outcome.error().message);
  if (!outcome || *outcome == EncodeOutcome::kDeclined) near.payload.clear();
  return near;
}

Result<void> decode(ByteView payload, MutableBytes raw, uint64_t memory) {
  CodecScratch scratch;
  MemoryBudget budget(memory);
  return wavelet_codec().decode(payload, raw, budget, scratch.of(wavelet_codec()));
}

void expect_decodes(const Near& near) {
  EXPECT_LE(near.memory, wavelet_codec().decode_memory(near.restored.size(), kLevel));
  ByteBuffer raw(near.restored.size());
  const auto decoded = decode(near.payload, raw, near.memory);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_TRUE(equal(raw, near.restored));
  EXPECT_FALSE(decode(near.payload, raw, near.memory / 2).has_value());
}

// Waves, in steps of 1 and up to 1000, with noise.
std::vector<double> waves(const std::vector<uint64_t>& shape, double noise, uint32_t seed = 1) {
  std::mt19937 random(seed);
  const auto cells = static_cast<size_t>(
      std::accumulate(shape.begin(), shape.end(), uint64_t{1}, std::multiplies<>()));
  const auto row = static_cast<size_t>(shape.back() < 16 ? shape.back() * 40 : shape.back());
  std::vector<double> values;
  for (size_t i = 0; i < cells; ++i) {
    const auto x = static_cast<double>(i % row);
    const auto y = static_cast<double>(i / row);
    const double some = (static_cast<double>(random() % 2001) - 1000) / 1000;
    values.push_back(500 + 300 * std::sin(0.13 * x + 0.02 * y) + 190 * std::cos(0.09 * y) +
                     noise * some);
  }
  return values;
}

ByteBuffer stored_as(const std::vector<double>& values, const ArrayLayout& layout) {
  const NumberFormat format{.type = layout.type, .big_endian = layout.big_endian};
  ByteBuffer bytes(values.size() * format.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const double value = layout.type <= NumberType::kUint8 ? values[i] / 10 : values[i];
    store_number(bytes.data() + i * format.size(), format, value);
  }
  return bytes;
}

ArrayLayout layout_of(NumberType type, std::vector<uint64_t> shape, bool big_endian = false) {
  ArrayLayout layout;
  layout.type = type;
  layout.big_endian = big_endian;
  layout.shape = std::move(shape);
  return layout;
}

double largest_error(ByteView a, ByteView b, const ArrayLayout& layout) {
  double largest = 0;
  for (size_t i = 0; i < a.size() / number_size(layout.type); ++i) {
    const double error = std::fabs(value_at(a, i, layout) - value_at(b, i, layout));
    if (error > largest) largest = error;
  }
  return largest;
}

TEST(WaveletTransform, LinesComeBackAndRampsHaveNoDetail) {
  for (const size_t length : {1, 2, 3, 5, 8, 31, 64}) {
    std::vector<double> line(length);
    for (size_t i = 0; i < length; ++i) line[i] = 3 + 0.5 * static_cast<double>(i * i % 17);
    const auto before = line;
    std::vector<double> spare(length);
    wavelet::split_line(line.data(), length, spare.data());
    wavelet::join_line(line.data(), length, spare.data());
    for (size_t i = 0; i < length; ++i) EXPECT_NEAR(line[i], before[i], 1e-12);
  }
  std::vector<double> ramp(64);
  std::iota(ramp.begin(), ramp.end(), 0.0);
  std::vector<double> spare(64);
  wavelet::split_line(ramp.data(), 64, spare.data());
  for (size_t i = 34; i < 62; ++i) EXPECT_NEAR(ramp[i], 0, 1e-9);
}

TEST(WaveletTransform, FieldsComeBackWithAxesTransformedToo) {
  const std::vector<FieldShape> shapes = {
      {.planes = 1, .height = 1, .width = 37, .axes = {}},
      {.planes = 2, .height = 140, .width = 150, .axes = {}},
      {.planes = 3, .height = 41, .width = 4, .axes = {{.stride = 1, .length = 3, .levels = 1}}},
      {.planes = 11,
       .height = 9,
       .width = 23,
       .axes = {{.stride = 1, .length = 3, .levels = 1}, {.stride = 3, .length = 4, .levels = 2}}}};
  for (const FieldShape& shape : shapes) {
    std::vector<double> cells(shape.cells());
    std::mt19937 random(4);
    double energy = 0;
    for (double& cell : cells) {
      cell = static_cast<double>(random() % 2001) - 1000;
      energy += cell * cell;
    }
    const auto before = cells;
    wavelet::analyse(shape, cells);
    double transformed = 0;
    for (const double cell : cells) transformed += cell * cell;
    // Nearly orthonormal, but for what the edges do to small fields.
    if (shape.width > 100) {
      EXPECT_NEAR(transformed / energy, 1, 0.1);
    }
    wavelet::synthesise(shape, cells);
    for (size_t i = 0; i < cells.size(); ++i) ASSERT_NEAR(cells[i], before[i], 1e-8);
  }
}

TEST(WaveletTransform, BandsCoverAPlaneOnce) {
  for (const auto& [width, height] :
       {std::pair<size_t, size_t>{1, 1}, {4, 4}, {5, 1}, {100, 37}, {3, 64}}) {
    std::vector<int> covered(width * height, 0);
    for (const wavelet::Band& band : wavelet::bands_of(width, height)) {
      for (size_t y = 0; y < band.height; ++y) {
        for (size_t x = 0; x < band.width; ++x) ++covered[(band.y + y) * width + band.x + x];
      }
    }
    EXPECT_EQ(std::count(covered.begin(), covered.end(), 1),
              static_cast<ptrdiff_t>(covered.size()));
  }
}

TEST(Wavelet, KeepsEveryBoundForEveryTypeAndShape) {
  const std::vector<std::vector<uint64_t>> shapes = {
      {3000}, {60, 55}, {9, 20, 21}, {2, 3, 18, 30}, {40, 30, 3}};
  size_t coded = 0;
  for (int number = 0; number < kNumberTypes; ++number) {
    const auto type = static_cast<NumberType>(number);
    for (size_t i = 0; i < shapes.size(); ++i) {
      const ArrayLayout layout = layout_of(type, shapes[i], i % 2 == 1);
      const ByteBuffer bytes = stored_as(waves(shapes[i], 2), layout);
      const Segment segment = test::array_segment(layout, bytes.size());
      for (const double bound : {3.0, 1.0, 0.05}) {
        if (bound < 1 && type < NumberType::kF16) continue;
        const Near near = approximate(bytes, {&segment, 1}, bound);
        if (near.payload.empty()) continue;
        ++coded;
        EXPECT_LE(largest_error(bytes, near.restored, layout), bound);
        expect_decodes(near);
      }
      // A piece from somewhere inside.
      const ByteView part = ByteView(bytes).subspan(bytes.size() / 3, bytes.size() / 2);
      const Segment piece = test::array_segment(layout, part.size(), bytes.size() / 3);
      const Near near = approximate(part, {&piece, 1}, 2);
      if (!near.payload.empty()) expect_decodes(near);
    }
  }
  EXPECT_GT(coded, 80U);
}

TEST(Wavelet, SmoothFieldsTakeLittle) {
  const ArrayLayout layout = layout_of(NumberType::kF32, {4, 60, 80});
  const ByteBuffer bytes = stored_as(waves(layout.shape, 0.5), layout);
  const Segment segment = test::array_segment(layout, bytes.size());
  const Near coarse = approximate(bytes, {&segment, 1}, 10);
  const Near fine = approximate(bytes, {&segment, 1}, 1);
  ASSERT_FALSE(coarse.payload.empty());
  ASSERT_FALSE(fine.payload.empty());
  EXPECT_LT(coarse.payload.size(), bytes.size() / 60);
  EXPECT_LT(fine.payload.size(), bytes.size() / 15);
}

TEST(Wavelet, WhatIsNoValueComesBackAsItIs) {
  ArrayLayout layout = layout_of(NumberType::kF32, {5, 40, 50});
  const uint64_t fill = test::float_bits(1e20, NumberType::kF32);
  layout.fills = {fill};
  ByteBuffer bytes = stored_as(waves(layout.shape, 1), layout);
  const std::vector<uint64_t> odd = {fill, 0x7FC12345, 0xFF800000, 0x7F800000};
  for (size_t i = 0; i < bytes.size() / 4; ++i) {
    const size_t x = i % 50;
    const size_t y = i / 50 % 40;
    const bool is_land = (x - 20) * (x - 20) + (y - 15) * (y - 15) < 100;
    if (is_land) std::memcpy(bytes.data() + 4 * i, &fill, 4);
    if (i % 997 == 3) std::memcpy(bytes.data() + 4 * i, &odd[i % 4], 4);
  }
  const Segment segment = test::array_segment(layout, bytes.size());
  for (const double bound : {20.0, 0.5}) {
    const Near near = approximate(bytes, {&segment, 1}, bound);
    ASSERT_FALSE(near.payload.empty());
    EXPECT_LT(near.payload.size(), bytes.size() / 4);
    expect_decodes(near);
    for (size_t i = 0; i < bytes.size() / 4; ++i) {
      const uint64_t before = bits_at(bytes, i, layout);
      const uint64_t after = bits_at(near.restored, i, layout);
      if (std::ranges::find(odd, before) != odd.end()) {
        ASSERT_EQ(before, after);
      } else {
        ASSERT_LE(std::fabs(value_at(bytes, i, layout) - value_at(near.restored, i, layout)),
                  bound);
      }
    }
  }
}

TEST(Wavelet, NoValueBecomesAFill) {
  ArrayLayout layout = layout_of(NumberType::kInt16, {60, 80});
  layout.fills = {480, 500, 520};
  std::vector<double> values = waves(layout.shape, 5);
  for (double& value : values) {
    if (std::ranges::find(layout.fills, static_cast<uint64_t>(std::nearbyint(value))) !=
        layout.fills.end()) {
      value += 1;
    }
  }
  const ByteBuffer bytes = stored_as(values, layout);
  const Segment segment = test::array_segment(layout, bytes.size());
  const Near near = approximate(bytes, {&segment, 1}, 9);
  ASSERT_FALSE(near.payload.empty());
  expect_decodes(near);
  for (size_t i = 0; i < bytes.size() / 2; ++i) {
    ASSERT_EQ(std::ranges::find(layout.fills, bits_at(near.restored, i, layout)),
              layout.fills.end());
  }
}

TEST(Wavelet, KeepsASumOfSquaredErrors) {
  const ArrayLayout layout = layout_of(NumberType::kF32, {6, 50, 60});
  const ByteBuffer bytes = stored_as(waves(layout.shape, 20), layout);
  const Segment segment = test::array_segment(layout, bytes.size());
  const double cells = 6 * 50 * 60;
  size_t last = bytes.size();
  for (const double mean : {0.01, 1.0, 40.0}) {
    const Near near = approximate(bytes, {&segment, 1}, HUGE_VAL, mean * cells);
    ASSERT_FALSE(near.payload.empty());
    expect_decodes(near);
    double sum = 0;
    for (size_t i = 0; i < bytes.size() / 4; ++i) {
      const double error = value_at(bytes, i, layout) - value_at(near.restored, i, layout);
      sum += error * error;
    }
    EXPECT_LE(sum, mean * cells);
    EXPECT_GT(sum, 0.9 * mean * cells);  // and makes use of it
    EXPECT_LT(near.payload.size(), last);
    last = near.payload.size();
  }
}

TEST(Wavelet, OtherBytesAndOtherArraysComeBackAsTheyWere) {
  const ArrayLayout smooth = layout_of(NumberType::kF32, {4, 40, 60});
  const ArrayLayout rough = layout_of(NumberType::kF32, {4, 40, 60});
  ByteBuffer bytes = test::random_text(777, 5);
  std::vector<Segment> segments = {{.size = 777, .type = SegmentType::kText, .layout = {}}};
  const ByteBuffer first = stored_as(waves(smooth.shape, 0.1), smooth);
  bytes.append(first);
  segments.push_back(test::array_segment(smooth, first.size()));
  // Two values that alternate without order take little as they are, much as coefficients.
  std::vector<double> coins;
  std::mt19937 random(9);
  for (size_t i = 0; i < 4 * 40 * 60; ++i) coins.push_back(random() % 2 == 0 ? 1 : 1000);
  const ByteBuffer second = stored_as(coins, rough);
  bytes.append(second);
  segments.push_back(test::array_segment(rough, second.size()));
  const Near near = approximate(bytes, segments, 3);
  ASSERT_FALSE(near.payload.empty());
  expect_decodes(near);
  EXPECT_TRUE(equal(ByteView(near.restored).first(777), ByteView(bytes).first(777)));
  EXPECT_FALSE(equal(ByteView(near.restored).subspan(777, first.size()), first));
  EXPECT_TRUE(equal(ByteView(near.restored).subspan(777 + first.size()), second));
}

TEST(Wavelet, DamagedPayloadsAreRefusedOrDecodeToSomething) {
  ArrayLayout layout = layout_of(NumberType::kF32, {3, 30, 40});
  layout.fills = {test::float_bits(1e20, NumberType::kF32)};
  ByteBuffer bytes = stored_as(waves(layout.shape, 30), layout);
  for (size_t i = 0; i < 50; ++i) std::memcpy(bytes.data() + 4 * i * 7, &layout.fills[0], 4);
  const Segment segment = test::array_segment(layout, bytes.size());
  const Near near = approximate(bytes, {&segment, 1}, 5);
  ASSERT_FALSE(near.payload.empty());
  std::mt19937 random(8);
  size_t refused = 0;
  constexpr size_t kTrials = 300;
  for (size_t trial = 0; trial < kTrials; ++trial) {
    ByteBuffer damaged = near.payload;
    for (int flips = 0; flips < 3; ++flips) {
      // Half of them in the heads.
      const size_t most = random() % 2 == 0 ? std::min<size_t>(64, damaged.size()) : damaged.size();
      damaged[random() % most] ^= static_cast<std::byte>(1 << random() % 8);
    }
    if (trial % 3 == 0) damaged.resize(random() % damaged.size());
    ByteBuffer raw(bytes.size());
    if (!decode(damaged, raw, near.memory)) ++refused;
  }
  EXPECT_GT(refused, kTrials / 4);
}

}  // namespace
}  // namespace pith

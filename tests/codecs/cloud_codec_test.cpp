// The codec of point clouds: sensors are recognised, and every byte comes back.
#include "codecs/cloud/cloud_codec.h"

#include <gtest/gtest.h>

#include <random>

#include "codecs/cloud/encoder.h"
#include "codecs/cloud/structure.h"
#include "codecs/select.h"
#include "tests/codecs/cloud_samples.h"
#include "tests/support/random_data.h"

namespace pith {
namespace {

using cloud::Structure;

// The size of the payload; 0 if the codec declines.
size_t expect_exact(ByteView bytes, const std::vector<Segment>& segments, Level level = 3) {
  const BlockView block{.bytes = bytes, .segments = segments, .type = SegmentType::kPoints};
  ByteBuffer payload;
  uint64_t memory = 0;
  const auto outcome = cloud_codec().encode(block, level, payload, memory, nullptr);
  EXPECT_TRUE(outcome.has_value());
  if (!outcome || *outcome == EncodeOutcome::kDeclined) return 0;
  EXPECT_LE(memory, cloud_codec().decode_memory(bytes.size(), level));
  ByteBuffer raw(bytes.size());
  MemoryBudget budget(memory);
  const auto decoded = cloud_codec().decode(payload, raw, budget, nullptr);
  EXPECT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_TRUE(equal(raw, bytes));
  return payload.size();
}

Structure structure_of(const std::vector<test::CloudPoint>& points) {
  const ByteBuffer bytes = test::float_records(points);
  const std::vector<Segment> segments = {
      test::points_segment(test::float_layout(points.size()), bytes.size())};
  const BlockView block{.bytes = bytes, .segments = segments, .type = SegmentType::kPoints};
  const auto records = cloud::find_records(block);
  const cloud::Cloud& its = records.clouds.front();
  std::array<cloud::Column, 3> columns;
  cloud::Points set{.axes = {}, .values = {}, .count = its.count};
  std::vector<uint64_t> bits(its.count);
  for (size_t i = 0; i < 3; ++i) {
    cloud::gather(bytes, its, i, bits);
    columns[i] = cloud::make_column(NumberType::kF32, bits);
    set.axes[i] = cloud::Axis(columns[i].grid);
    set.values[i] = columns[i].values.data();
  }
  cloud::Neighbours neighbours;
  neighbours.resize(its.count);
  return cloud::find_model(set, its, false, neighbours).structure;
}

std::vector<test::CloudPoint> unordered(size_t count) {
  std::mt19937 random(1);
  std::vector<test::CloudPoint> points;
  for (size_t i = 0; i < count; ++i) {
    const auto any = [&] { return static_cast<double>(random()) / 4e7; };
    points.push_back({any(), any(), any(), any()});
  }
  return points;
}

TEST(CloudCodec, SensorsAreRecognised) {
  // Steps of 0.4 degrees are what scanners have, a 917th of a turn is not.
  EXPECT_EQ(structure_of(test::sweep_points(16, 900, 1)), Structure::kSpin);
  EXPECT_EQ(structure_of(test::sweep_points(4, 600, 43)), Structure::kSpin);
  EXPECT_EQ(structure_of(test::sweep_points(16, 917, 1)), Structure::kSweep);
  EXPECT_EQ(structure_of(test::firing_points(400, true, 1)), Structure::kFiring);
  EXPECT_EQ(structure_of(test::firing_points(600, false, 1)), Structure::kRounds);
  EXPECT_EQ(structure_of(unordered(12000)), Structure::kFields);
}

TEST(CloudCodec, CloudsOfSensorsShrink) {
  const auto size_of = [](const std::vector<test::CloudPoint>& points, Level level) {
    const ByteBuffer bytes = test::float_records(points);
    return expect_exact(
        bytes, {test::points_segment(test::float_layout(points.size()), bytes.size())}, level);
  };
  for (const Level level : {1, 3, 5}) {
    // Ten bits of noise in the range, five of intensity.
    const auto sweep = test::sweep_points(16, 900, 2);
    EXPECT_LT(size_of(sweep, level), sweep.size() * 20 / 8);
    const auto odd = test::sweep_points(16, 917, 2);
    EXPECT_LT(size_of(odd, level), odd.size() * 24 / 8);
    const auto firing = test::firing_points(400, true, 2);
    EXPECT_LT(size_of(firing, level), firing.size() * 42 / 8);
    const auto rounds = test::firing_points(600, false, 2);
    EXPECT_LT(size_of(rounds, level), rounds.size() * 58 / 8);
    const auto any = unordered(5000);
    EXPECT_LT(size_of(any, level), any.size() * 16 * 85 / 100);
  }
}

TEST(CloudCodec, OddNumbersAnywhereComeBack) {
  std::mt19937 random(3);
  const std::array<uint32_t, 8> odd = {0x80000000, 0x7FC00000, 0xFFC12345, 0x7F800000,
                                       0xFF800000, 0x00000001, 0x7F7FFFFF, 0xFF7FFFFF};
  for (const auto& points :
       {test::sweep_points(8, 700, 3), test::sweep_points(8, 720, 3),
        test::firing_points(200, true, 3), test::firing_points(250, false, 3)}) {
    ByteBuffer bytes = test::float_records(points);
    const std::vector<Segment> segments = {
        test::points_segment(test::float_layout(points.size()), bytes.size())};
    for (const size_t every : {997U, 40U, 3U}) {
      for (size_t i = 0; i < bytes.size() / 4; i += 1 + random() % every) {
        std::memcpy(bytes.data() + 4 * i, &odd[random() % odd.size()], 4);
      }
      for (const Level level : {3, 5}) expect_exact(bytes, segments, level);
    }
  }
}

TEST(CloudCodec, WideAndBigEndianNumbersAreAsGood) {
  const auto points = test::sweep_points(8, 900, 4);
  std::vector<size_t> sizes;
  for (const bool wide : {false, true}) {
    for (const bool big_endian : {false, true}) {
      const ByteBuffer bytes = test::float_records(points, wide, big_endian);
      const auto layout = test::float_layout(points.size(), wide, big_endian);
      sizes.push_back(expect_exact(bytes, {test::points_segment(layout, bytes.size())}));
    }
  }
  for (const size_t size : sizes)
    EXPECT_NEAR(static_cast<double>(size), static_cast<double>(sizes[0]), 40);
}

TEST(CloudCodec, HeadersTailsAndCutRecordsShareABlock) {
  const auto points = test::sweep_points(8, 500, 5);
  const ByteBuffer records = test::float_records(points);
  const auto layout = test::float_layout(points.size());
  ByteBuffer bytes = test::random_text(190, 1);
  append(bytes, ByteView(records).subspan(7));
  bytes.resize(bytes.size() - 5);
  bytes.resize(bytes.size() + 3906, std::byte{0});
  append(bytes, records);
  const std::vector<Segment> segments = {
      {.size = 190, .type = SegmentType::kMetadata, .layout = {}},
      test::points_segment(layout, records.size() - 12, 7),
      {.size = 3906, .type = SegmentType::kBytes, .layout = {}},
      test::points_segment(layout, records.size())};
  for (const Level level : {1, 5}) {
    const size_t size = expect_exact(bytes, segments, level);
    EXPECT_GT(size, 0U);
    EXPECT_LT(size, bytes.size() / 4);
  }
}

TEST(CloudCodec, RecordsOfManyTypesComeBack) {
  std::mt19937 random(6);
  PointLayout layout{.record_size = 41, .count = 3000};
  const std::array types = {NumberType::kUint8,  NumberType::kInt8,  NumberType::kInt16,
                            NumberType::kUint32, NumberType::kF16,   NumberType::kF64,
                            NumberType::kUint64, NumberType::kInt32, NumberType::kF32};
  uint32_t offset = 2;
  for (const NumberType type : types) {
    layout.fields.push_back(test::field("any", type, FieldRole::kOther, offset));
    offset += number_size(type) + (offset < 12 ? 1 : 0);
  }
  ASSERT_LE(offset, layout.record_size);
  ByteBuffer bytes(41 * 3000);
  for (size_t i = 0; i < bytes.size(); ++i) {
    // Slow and fast columns, constants and noise.
    bytes[i] = static_cast<std::byte>(i % 41 < 10 ? i / 41 / 16 : i % 41 < 20 ? 7 : random() % 3);
  }
  const size_t size = expect_exact(bytes, {test::points_segment(layout, bytes.size())});
  EXPECT_GT(size, 0U);
  EXPECT_LT(size, bytes.size() * 2 / 5);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  expect_exact(bytes, {test::points_segment(layout, bytes.size())});
}

TEST(CloudCodec, CloudsOfAFewPointsComeBack) {
  for (size_t count = 1; count < 40; ++count) {
    const auto points = unordered(count);
    const ByteBuffer bytes = test::float_records(points);
    expect_exact(bytes, {test::points_segment(test::float_layout(count), bytes.size())});
    const ByteBuffer same(bytes.size(), std::byte{0x11});
    expect_exact(same, {test::points_segment(test::float_layout(count), same.size())});
  }
}

TEST(CloudCodec, LayoutsThatDoNotFitAreHarmless) {
  const ByteBuffer bytes = test::random_bytes(5000, 7);
  PointLayout layout{.record_size = 12, .count = 1};
  layout.fields = {test::field("x", NumberType::kF32, FieldRole::kX, 10),
                   test::field("y", NumberType::kF64, FieldRole::kY, 4),
                   test::field("z", NumberType::kF32, FieldRole::kZ, 6)};
  expect_exact(bytes, {test::points_segment(layout, bytes.size(), 3)});
  layout.record_size = 0;
  expect_exact(bytes, {test::points_segment(layout, bytes.size())});
  layout.record_size = 100000;
  expect_exact(bytes, {test::points_segment(layout, bytes.size())});
  layout.fields.clear();
  layout.record_size = 2;
  expect_exact(bytes, {test::points_segment(layout, bytes.size())});
}

TEST(CloudCodec, DamagedPayloadsAreRefusedOrSurvived) {
  std::mt19937 random(8);
  for (const auto& points :
       {test::sweep_points(3, 200, 8), test::sweep_points(4, 600, 8),
        test::firing_points(20, true, 8), test::firing_points(80, false, 8), unordered(300)}) {
    const ByteBuffer bytes = test::float_records(points);
    const std::vector<Segment> segments = {
        test::points_segment(test::float_layout(points.size()), bytes.size())};
    const BlockView block{.bytes = bytes, .segments = segments, .type = SegmentType::kPoints};
    for (const Level level : {3, 5}) {
      ByteBuffer payload;
      uint64_t memory = 0;
      ASSERT_TRUE(cloud_codec().encode(block, level, payload, memory, nullptr).has_value());
      int refused = 0;
      const int trials = level == 3 ? 150 : 30;
      for (int trial = 0; trial < trials; ++trial) {
        ByteBuffer damaged = payload;
        const size_t reach =
            trial % 2 == 0 ? std::min<size_t>(damaged.size(), 300) : damaged.size();
        for (int i = 0; i < 2; ++i) damaged[random() % reach] = static_cast<std::byte>(random());
        if (trial % 5 == 0) damaged.resize(random() % damaged.size());
        ByteBuffer raw(bytes.size());
        MemoryBudget budget(memory + (1 << 20));
        if (!cloud_codec().decode(damaged, raw, budget, nullptr)) ++refused;
      }
      EXPECT_GT(refused, trials / 3);
    }
  }
}

TEST(CloudCodec, IsChosenForPoints) {
  const auto points = test::sweep_points(16, 900, 9);
  const ByteBuffer bytes = test::float_records(points);
  const std::vector<Segment> segments = {
      test::points_segment(test::float_layout(points.size()), bytes.size())};
  const BlockView block{.bytes = bytes, .segments = segments, .type = SegmentType::kPoints};
  for (const Level level : {1, 5}) {
    CodecScratch scratch;
    const auto encoded = encode_block(block, {.level = level}, scratch);
    ASSERT_TRUE(encoded.has_value());
    EXPECT_EQ(encoded->codec, CodecId::kCloud);
  }
}

}  // namespace
}  // namespace pith

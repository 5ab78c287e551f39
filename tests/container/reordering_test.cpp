// The reordering pass: the same points, each as often as before, and everything else untouched.
#include "container/reordering.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "container/comparison.h"
#include "container/point_order.h"
#include "tests/support/point_files.h"
#include "tests/support/streams.h"

namespace pith {
namespace {

constexpr size_t kRecord = 16;
constexpr size_t kPoints = 8000;

// Points on a wall, in no order: x, y, z and a colour that goes with the place.
std::string wall(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::string data;
  for (size_t i = 0; i < count; ++i) {
    const auto x = static_cast<double>(random() % 100000) / 1000;
    const auto z = static_cast<double>(random() % 100000) / 1000;
    data += test::f32(x) + test::f32(7 + 0.01 * x) + test::f32(z);
    data += test::u32(static_cast<uint64_t>(x + z));
  }
  return data;
}

std::string ply_of(const std::string& data, const std::string& behind = "") {
  return test::ply("binary_little_endian",
                   "element vertex " + std::to_string(data.size() / kRecord) +
                       "\nproperty float x\nproperty float y\nproperty float z\n"
                       "property uint color\n" +
                       behind,
                   data);
}

std::vector<std::string> sorted_records(ByteView bytes, size_t record) {
  std::vector<std::string> records;
  for (size_t at = 0; at + record <= bytes.size(); at += record) {
    records.emplace_back(as_text(bytes.subspan(at, record)));
  }
  std::sort(records.begin(), records.end());
  return records;
}

struct Restored {
  ByteBuffer coded;
  ByteBuffer bytes;
  uint64_t points = 0;
  uint64_t moved = 0;
  std::vector<UnorderedDeclaration> declarations;
};

Restored round_trip(const std::string& file, Level level, unsigned threads = 1,
                    Rounding* rounding = nullptr) {
  Reordering reordering;
  CompressOptions options;
  options.select.level = level;
  options.threads = threads;
  options.rounding = rounding;
  options.reordering = &reordering;
  Restored restored;
  restored.coded = test::compress_bytes(as_bytes(file), options);
  auto outcome = test::decompress_bytes(restored.coded);
  EXPECT_TRUE(outcome.summary.has_value());
  restored.bytes = std::move(outcome.bytes);
  restored.points = reordering.points();
  restored.moved = reordering.moved();
  restored.declarations = outcome.summary->unordered;
  return restored;
}

TEST(Reordering, RestoresTheSamePointsInAnyOrder) {
  const std::string file = ply_of(wall(kPoints, 1));
  const size_t header = file.size() - kPoints * kRecord;
  for (const Level level : {1, 5, 9}) {
    const Restored restored = round_trip(file, level);
    ASSERT_EQ(restored.bytes.size(), file.size());
    EXPECT_FALSE(equal(restored.bytes, as_bytes(file)));
    EXPECT_TRUE(equal(ByteView(restored.bytes).first(header), as_bytes(file).first(header)));
    EXPECT_EQ(sorted_records(ByteView(restored.bytes).subspan(header), kRecord),
              sorted_records(as_bytes(file).subspan(header), kRecord));
    EXPECT_EQ(restored.points, kPoints);
    EXPECT_EQ(restored.moved, kPoints);
    ASSERT_EQ(restored.declarations.size(), 1U);
    EXPECT_EQ(restored.declarations[0].points, kPoints);
    const size_t ordered = test::compress_bytes(as_bytes(file), level).size();
    EXPECT_LT(restored.coded.size(), ordered - ordered / 8) << "level " << level;
  }
}

TEST(Reordering, KeepsTheOrderUnlessAsked) {
  const std::string file = ply_of(wall(2000, 2));
  const auto outcome = test::decompress_bytes(test::compress_bytes(as_bytes(file), 5));
  EXPECT_TRUE(equal(outcome.bytes, as_bytes(file)));
  ASSERT_TRUE(outcome.summary.has_value());
  EXPECT_TRUE(outcome.summary->unordered.empty());
}

TEST(Reordering, TakesAnOrderOnlyIfItIsSmaller) {
  // A scanner's own order is the best.
  const std::string file = test::scan({.columns = 200, .floats = 4});
  for (const Level level : {3, 9}) {
    const Restored restored = round_trip(file, level);
    EXPECT_TRUE(equal(restored.bytes, as_bytes(file)));
    EXPECT_EQ(restored.points, file.size() / 16);
    EXPECT_EQ(restored.moved, 0U);
    EXPECT_TRUE(restored.declarations.empty());
    EXPECT_TRUE(equal(restored.coded, test::compress_bytes(as_bytes(file), level)));
  }
}

TEST(Reordering, DoesNotDependOnThreads) {
  // More than one block.
  const std::string file = ply_of(wall(270000, 3));
  const Restored one = round_trip(file, 1, 1);
  const Restored three = round_trip(file, 1, 3);
  EXPECT_TRUE(equal(one.coded, three.coded));
  EXPECT_EQ(one.moved, 270000U);
}

TEST(Reordering, GoesTogetherWithBounds) {
  const std::string file = ply_of(wall(kPoints, 4));
  const LossyOptions lossy{.bound = {BoundKind::kAbsolute, 0.01}, .variables = {}};
  Rounding rounding(lossy);
  const Restored restored = round_trip(file, 3, 1, &rounding);
  EXPECT_EQ(restored.moved, kPoints);
  // The same values as with the order kept.
  Rounding alone(lossy);
  CompressOptions options;
  options.select.level = 3;
  options.rounding = &alone;
  const auto ordered = test::decompress_bytes(test::compress_bytes(as_bytes(file), options));
  const size_t header = file.size() - kPoints * kRecord;
  EXPECT_EQ(sorted_records(ByteView(restored.bytes).subspan(header), kRecord),
            sorted_records(ByteView(ordered.bytes).subspan(header), kRecord));
  EXPECT_EQ(rounding.variables().size(), 3U);
  EXPECT_EQ(rounding.variables()[0].largest_error(), alone.variables()[0].largest_error());
}

// What tells points by their numbers, or is an image, keeps its order.
TEST(Reordering, LeavesMeshesAndImagesAlone) {
  const std::string data = wall(3000, 5);
  const std::string faces = "element face 1\nproperty list uchar int vertex_indices\n";
  const std::string edges = "element edge 1\nproperty int vertex1\nproperty int vertex2\n";
  const std::string image = test::pcd(
      "FIELDS x y z color\nSIZE 4 4 4 4\nTYPE F F F U\nCOUNT 1 1 1 1\nWIDTH 100\nHEIGHT 30\n"
      "VIEWPOINT 0 0 0 1 0 0 0\nPOINTS 3000\n",
      data);
  const std::string tail = std::string(13, '\1');
  for (const std::string& file :
       {ply_of(data, faces) + tail, ply_of(data, edges) + std::string(8, '\1'), image}) {
    const Restored restored = round_trip(file, 1);
    EXPECT_TRUE(equal(restored.bytes, as_bytes(file)));
    EXPECT_EQ(restored.points, 0U);
    EXPECT_TRUE(restored.declarations.empty());
  }
  // An empty list of faces tells nothing.
  const std::string none = ply_of(data, "element face 0\nproperty list uchar int vertex_indices\n");
  EXPECT_EQ(round_trip(none, 1).moved, 3000U);
}

Segment segment_of(PointLayout layout, size_t size, uint64_t offset = 0) {
  Segment segment{.size = size, .type = SegmentType::kPoints, .layout = {}};
  segment.layout.points = std::make_shared<const PointLayout>(std::move(layout));
  segment.layout.offset = offset;
  return segment;
}

TEST(PointOrder, SortsByTimeAndLeavesPartsOfPointsWhereTheyAre) {
  const PointLayout layout{
      .record_size = 9,
      .fields = {{.name = "t", .type = NumberType::kF64, .role = FieldRole::kTime, .offset = 1}}};
  const double times[] = {3, -1, std::nan(""), -2, 3, 0};
  std::string bytes = "tail";
  for (size_t i = 0; i < std::size(times); ++i) {
    bytes += static_cast<char>('a' + i) + test::f64(times[i]);
  }
  bytes += "front";
  ByteBuffer sorted;
  sorted.append(as_bytes(bytes));
  const Segment segment = segment_of(layout, bytes.size(), 5);
  EXPECT_EQ(free_points(segment), 6U);
  ASSERT_TRUE(sort_points(sorted, segment, PointOrder::kTime));
  std::string names;
  for (size_t i = 0; i < 6; ++i) names += static_cast<char>(sorted[4 + 9 * i]);
  EXPECT_EQ(names, "dbfaec");
  EXPECT_EQ(as_text(sorted).substr(0, 4), "tail");
  EXPECT_EQ(as_text(sorted).substr(58), "front");
  EXPECT_FALSE(sort_points(sorted, segment, PointOrder::kTime));   // they are in order now
  EXPECT_FALSE(sort_points(sorted, segment, PointOrder::kCurve));  // they have no place
}

TEST(PointOrder, NeighboursOnTheCurveAreNeighboursInSpace) {
  const PointLayout layout{
      .record_size = 12,
      .fields = {{.name = "x", .type = NumberType::kF32, .role = FieldRole::kX, .offset = 0},
                 {.name = "y", .type = NumberType::kF32, .role = FieldRole::kY, .offset = 4},
                 {.name = "z", .type = NumberType::kF32, .role = FieldRole::kZ, .offset = 8}}};
  constexpr int kSide = 8;
  std::string bytes;
  for (int i = 0; i < kSide * kSide * kSide; ++i) {
    bytes += test::f32(i % kSide) + test::f32(i / kSide % kSide) + test::f32(i / kSide / kSide);
  }
  ByteBuffer sorted;
  sorted.append(as_bytes(bytes));
  ASSERT_TRUE(sort_points(sorted, segment_of(layout, bytes.size()), PointOrder::kCurve));
  const auto at = [&](int i, int axis) {
    float value = 0;
    std::memcpy(&value, &sorted[static_cast<size_t>(12 * i + 4 * axis)], 4);
    return value;
  };
  // On a full grid each step of the curve goes to the next place along one axis.
  for (int i = 1; i < kSide * kSide * kSide; ++i) {
    float moved = 0;
    for (int axis = 0; axis < 3; ++axis) moved += std::fabs(at(i, axis) - at(i - 1, axis));
    EXPECT_EQ(moved, 1) << i;
  }
}

TEST(PointOrder, SealedPointsAreNotFree) {
  Segment segment = segment_of({.record_size = 4}, 40);
  EXPECT_EQ(free_points(segment), 10U);
  segment.layout.sealed = true;
  EXPECT_EQ(free_points(segment), 0U);
}

Comparison compare(const std::string& a, ByteView b, bool unordered) {
  MemorySource first(as_bytes(a));
  MemorySource second(b);
  auto comparison = compare_contents(first, second, nullptr, unordered);
  EXPECT_TRUE(comparison.has_value());
  return comparison ? std::move(*comparison) : Comparison{};
}

TEST(Comparison, WithoutTheOrderOfPoints) {
  const std::string file = ply_of(wall(5000, 6));
  Restored restored = round_trip(file, 1);
  ASSERT_FALSE(equal(restored.bytes, as_bytes(file)));
  Comparison same = compare(file, restored.bytes, true);
  ASSERT_EQ(same.clouds.size(), 1U);
  EXPECT_EQ(same.clouds[0].points, 5000U);
  EXPECT_TRUE(same.clouds[0].same_points);
  EXPECT_TRUE(same.variables.empty());
  EXPECT_EQ(same.other_bytes, file.size() - 5000 * kRecord);
  EXPECT_EQ(same.different_bytes, 0U);
  // With it, values differ.
  const Comparison ordered = compare(file, restored.bytes, false);
  EXPECT_TRUE(ordered.clouds.empty());
  EXPECT_GT(ordered.variables.at(0).different, 0U);
  // A point in place of another one is noticed.
  ByteBuffer twice;
  twice.append(restored.bytes);
  std::copy_n(twice.end() - kRecord, kRecord, twice.end() - 2 * kRecord);
  EXPECT_FALSE(compare(file, twice, true).clouds.at(0).same_points);
  // The colour of one point is changed, as if it had come from elsewhere.
  restored.bytes[restored.bytes.size() - 1] ^= std::byte{1};
  EXPECT_FALSE(compare(file, restored.bytes, true).clouds.at(0).same_points);
}

}  // namespace
}  // namespace pith

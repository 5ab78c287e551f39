#include "container/block_cutter.h"

#include <gtest/gtest.h>

#include <random>

namespace pith {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

Segment segment(uint64_t size, SegmentType type) {
  return {.size = size, .type = type, .layout = {}};
}

std::vector<BlockPlan> cut(const std::vector<Segment>& segments, Level level = 1) {
  BlockCutter cutter({.level = level});
  for (const Segment& each : segments) cutter.push(each);
  cutter.finish();
  std::vector<BlockPlan> plans;
  while (auto plan = cutter.pop()) plans.push_back(std::move(*plan));
  return plans;
}

TEST(BlockCutter, CutsLargeSegmentsAtTheBlockSize) {
  const uint64_t block = max_block(SegmentType::kBytes, {.level = 1});
  const auto plans = cut({segment(3 * block + 1, SegmentType::kBytes)});
  ASSERT_EQ(plans.size(), 4U);
  EXPECT_EQ(plans[0].size, block);
  EXPECT_EQ(plans[3].size, 1U);
}

TEST(BlockCutter, GroupsSmallSegmentsOfAnArchive) {
  std::vector<Segment> segments;
  for (int i = 0; i < 100; ++i) {
    segments.push_back(segment(512, SegmentType::kMetadata));
    segments.push_back(segment(3000, i % 2 == 0 ? SegmentType::kText : SegmentType::kBytes));
    segments.push_back(segment(10000, SegmentType::kF32));
  }
  const auto plans = cut(segments, 5);
  ASSERT_EQ(plans.size(), 1U);
  EXPECT_EQ(plans[0].segments.size(), 300U);
  EXPECT_EQ(plans[0].type, SegmentType::kF32);
}

TEST(BlockCutter, MuchCompressedDataStandAloneAndFewDoNot) {
  const auto alone =
      cut({segment(2 * kMiB, SegmentType::kText), segment(3 * kMiB, SegmentType::kCompressed),
           segment(2 * kMiB, SegmentType::kText)});
  ASSERT_EQ(alone.size(), 3U);
  EXPECT_EQ(alone[1].type, SegmentType::kCompressed);
  const auto together =
      cut({segment(kMiB, SegmentType::kText), segment(kMiB / 2, SegmentType::kCompressed),
           segment(kMiB, SegmentType::kText)});
  ASSERT_EQ(together.size(), 1U);
  EXPECT_EQ(together[0].type, SegmentType::kText);
  // Text behind compressed data makes the block one of text: it must not be given up unseen.
  const auto behind =
      cut({segment(kMiB / 2, SegmentType::kCompressed), segment(kMiB / 4, SegmentType::kText)});
  ASSERT_EQ(behind.size(), 1U);
  EXPECT_EQ(behind[0].type, SegmentType::kText);
}

TEST(BlockCutter, NeverCutsADeflateStream) {
  Segment stream = segment(20 * kMiB, SegmentType::kDeflated);
  stream.layout.deflate = std::make_shared<DeflateLayout>();
  Segment small = stream;
  small.size = 5000;
  const auto plans = cut(
      {segment(1000, SegmentType::kText), small, segment(1000, SegmentType::kText), stream, small},
      5);
  uint64_t streams = 0;
  for (const BlockPlan& plan : plans) {
    for (const Segment& each : plan.segments) {
      if (each.layout.deflate == nullptr) continue;
      ++streams;
      EXPECT_TRUE(each.size == stream.size || each.size == small.size);
      EXPECT_EQ(plan.type, SegmentType::kDeflated);
    }
  }
  EXPECT_EQ(streams, 3U);
  EXPECT_EQ(plans[0].segments.size(), 3U);
}

// A part of a tensor of rows of 12,000 floats.
Segment piece(const std::shared_ptr<const TensorLayout>& tensor, uint64_t offset, uint64_t size) {
  Segment part = segment(size, SegmentType::kF32);
  part.layout.tensor = tensor;
  part.layout.offset = offset;
  return part;
}

std::shared_ptr<const TensorLayout> floats(std::vector<uint64_t> shape) {
  TensorLayout tensor;
  tensor.element = ElementType::kF32;
  tensor.size = 4;
  for (const uint64_t axis : shape) tensor.size *= axis;
  tensor.shape = std::move(shape);
  return std::make_shared<const TensorLayout>(std::move(tensor));
}

TEST(BlockCutter, CutsTensorsBetweenRowsAndPutsPiecesTogether) {
  const uint64_t row = 48000;
  const auto tensor = floats({500, 12000});
  std::vector<Segment> pieces = {segment(700, SegmentType::kMetadata)};
  for (uint64_t offset = 0; offset < 500 * row; offset += 5 * row) {
    pieces.push_back(piece(tensor, offset, 5 * row));
  }
  const auto plans = cut(pieces, 1);
  ASSERT_GT(plans.size(), 1U);
  EXPECT_EQ(plans[0].segments.size(), 2U);
  uint64_t offset = 0;
  for (const BlockPlan& plan : plans) {
    const Segment& part = plan.segments.back();
    EXPECT_EQ(plan.type, SegmentType::kF32);
    EXPECT_EQ(plan.segments.size(), &plan == &plans[0] ? 2U : 1U);
    EXPECT_EQ(part.layout.offset, offset);
    EXPECT_EQ(part.size % row, 0U);
    EXPECT_GT(plan.size + row,
              &plan == &plans.back() ? 0 : max_block(SegmentType::kF32, {.level = 1}));
    offset += part.size;
  }
  EXPECT_EQ(offset, tensor->size);
}

TEST(BlockCutter, CutsTensorsOfLongRowsBetweenElements) {
  const auto tensor = floats({2, 3000001});
  const auto plans = cut({segment(3, SegmentType::kMetadata), piece(tensor, 0, tensor->size)}, 1);
  ASSERT_GT(plans.size(), 2U);
  for (const BlockPlan& plan : plans) EXPECT_EQ(plan.segments.back().size % 4, 0U);
}

TEST(BlockCutter, SmallTensorsAndTheGapsBetweenThemShareABlock) {
  std::vector<Segment> segments = {segment(30000, SegmentType::kMetadata)};
  for (int i = 0; i < 20; ++i) {
    const auto tensor = floats({100, 100});
    segments.push_back(piece(tensor, 0, 20000));
    segments.push_back(piece(tensor, 20000, 20000));
    segments.push_back(segment(100, SegmentType::kMetadata));
  }
  const auto plans = cut(segments, 1);
  // The header stands alone where a codec takes tensors and no bytes.
  ASSERT_LE(plans.size(), 2U);
  EXPECT_EQ(plans.back().segments.size(), plans.size() == 1 ? 41U : 40U);
}

TEST(BlockCutter, CutsCloudsBetweenPointsAndArraysBetweenSlices) {
  auto cloud = std::make_shared<PointLayout>();
  cloud->record_size = 26;
  cloud->count = 1000003;
  Segment points = segment(cloud->count * 26, SegmentType::kLasPoints);
  points.layout.points = cloud;
  for (const BlockPlan& plan : cut({segment(375, SegmentType::kMetadata), points})) {
    EXPECT_EQ(plan.segments.back().size % 26, 0U);
  }
  auto array = std::make_shared<ArrayLayout>();
  array->shape = {40, 721, 1440};
  array->size = uint64_t{4} * 40 * 721 * 1440;
  Segment values = segment(array->size, SegmentType::kArray);
  values.layout.array = array;
  for (const BlockPlan& plan : cut({segment(3, SegmentType::kMetadata), values})) {
    EXPECT_EQ(plan.segments.back().size % (uint64_t{4} * 721 * 1440), 0U);
  }
}

TEST(BlockCutter, ALineThatWasCutGoesToTheNextBlock) {
  BlockCutter cutter({.level = 5});
  cutter.push(segment(40 * kMiB, SegmentType::kLog));
  cutter.push(segment(kMiB, SegmentType::kLog));
  cutter.finish();
  uint64_t covered = 0;
  int moved = 0;
  while (auto plan = cutter.pop()) {
    const uint64_t size = plan->size;
    if (cutter.cuts_log(*plan)) {
      cutter.move_to_next(*plan, 1000 + static_cast<uint64_t>(moved));
      EXPECT_EQ(plan->size + 1000 + static_cast<uint64_t>(moved), size);
      ++moved;
    }
    uint64_t sum = 0;
    for (const Segment& each : plan->segments) sum += each.size;
    EXPECT_EQ(sum, plan->size);
    EXPECT_LE(size, max_block(SegmentType::kLog, {.level = 5}));
    covered += plan->size;
  }
  EXPECT_GT(moved, 1);
  EXPECT_EQ(covered, 41 * kMiB);
}

TEST(BlockCutter, AnySegmentsAreCoveredInOrderWithinTheLimits) {
  std::mt19937 random(1);
  for (int trial = 0; trial < 200; ++trial) {
    const Level level = kMinLevel + static_cast<Level>(random() % 9);
    std::vector<Segment> segments;
    uint64_t total = 0;
    for (int i = 0; i < 50; ++i) {
      // Levels 1 and 2 do not look for deflate streams.
      const auto types = static_cast<size_t>(level < 3 ? kSegmentTypes - 1 : kSegmentTypes);
      const auto type = static_cast<SegmentType>(random() % types);
      Segment each = segment(1 + random() % (uint64_t{1} << random() % 25), type);
      if (type == SegmentType::kDeflated) each.layout.deflate = std::make_shared<DeflateLayout>();
      total += each.size;
      segments.push_back(each);
    }
    std::vector<SegmentType> types;
    for (int i = 0; i < kSegmentTypes; ++i) types.push_back(static_cast<SegmentType>(i));
    const uint64_t largest = block_limits(types, {.level = level}).max_block;
    uint64_t covered = 0;
    for (const BlockPlan& plan : cut(segments, level)) {
      uint64_t size = 0;
      for (const Segment& each : plan.segments) {
        EXPECT_GT(each.size, 0U);
        size += each.size;
      }
      EXPECT_EQ(size, plan.size);
      EXPECT_LE(size, largest);
      covered += size;
    }
    EXPECT_EQ(covered, total);
  }
}

}  // namespace
}  // namespace pith

// Points are taken out of .pith files by their numbers.
#include "container/cloud_directory.h"

#include <gtest/gtest.h>

#include "container/range.h"
#include "tests/support/point_files.h"
#include "tests/support/streams.h"

namespace pith {
namespace {

constexpr uint64_t kNoLimit = uint64_t{1} << 40;

CloudDirectory directory_of(const RandomAccess& file) {
  auto directory = read_cloud_directory(file, kNoLimit);
  EXPECT_TRUE(directory.has_value()) << directory.error().message;
  return directory ? std::move(*directory) : CloudDirectory{};
}

bool has_places(const test::FoundCloud& cloud) {
  return cloud.fields.find("/1") != std::string::npos &&
         cloud.fields.find("/3") != std::string::npos;
}

TEST(CloudDirectory, FindsThePointsOfEveryFormat) {
  for (const auto& [name, file] : test::all_point_files()) {
    const ByteBuffer coded = test::compress_bytes(as_bytes(file.bytes), 1);
    const MemoryRandomAccess access(coded);
    const CloudDirectory directory = directory_of(access);
    EXPECT_EQ(directory.format, name);
    size_t next = 0;
    for (const test::FoundCloud& expected : file.clouds) {
      if (!has_places(expected)) continue;  // the cameras of a PLY file
      ASSERT_LT(next, directory.clouds.size()) << name;
      const CloudEntry& cloud = directory.clouds[next++];
      EXPECT_EQ(cloud.offset, expected.offset);
      EXPECT_EQ(cloud.size, expected.size);
      EXPECT_EQ(cloud.layout->record_size, expected.record_size);
      EXPECT_EQ(cloud.points(), expected.size / expected.record_size);
    }
    EXPECT_EQ(next, directory.clouds.size()) << name;
    EXPECT_GT(next, 0U) << name;
  }
}

TEST(CloudDirectory, TakesPointsFromTheBlocksThatHoldThem) {
  // Three blocks of 4 MiB and a bit.
  std::string file = test::scan({.columns = 3500, .rings = 64, .floats = 4});
  const size_t frame = file.size();
  file += file + file + file.substr(0, 7000);
  ASSERT_GT(frame, size_t{3} << 20);
  const ByteBuffer coded = test::compress_bytes(as_bytes(file), 1);
  const MemoryRandomAccess access(coded);
  const CloudDirectory directory = directory_of(access);
  const uint64_t count = file.size() / 16;
  ASSERT_EQ(directory.points(), count);
  EXPECT_EQ(directory.blocks, 1U);
  const struct {
    uint64_t first;
    uint64_t count;
    uint64_t blocks;
  } cases[] = {{0, 1, 1},     {400000, 1000, 1},          {262140, 10, 2}, {count - 1, 1, 1},
               {count, 5, 0}, {count - 2, UINT64_MAX, 1}, {5, 0, 0},       {UINT64_MAX, 1, 0}};
  for (const auto& each : cases) {
    MemorySink sink;
    uint64_t blocks = 0;
    for (const auto& range : directory.ranges(each.first, each.count)) {
      const auto result = restore_range(access, range.offset, range.size, kNoLimit, sink);
      ASSERT_TRUE(result.has_value());
      blocks += result->blocks;
    }
    const uint64_t from = std::min(each.first, count);
    const uint64_t to = from + std::min(each.count, count - from);
    EXPECT_TRUE(equal(sink.bytes(), as_bytes(file).subspan(from * 16, (to - from) * 16)))
        << each.first;
    EXPECT_EQ(blocks, each.blocks) << each.first;
  }
}

TEST(CloudDirectory, CountsThroughSeveralClouds) {
  CloudDirectory directory;
  const auto layout = [](uint32_t record) {
    PointLayout its;
    its.record_size = record;
    return std::make_shared<const PointLayout>(std::move(its));
  };
  // The last point of the first cloud is cut off.
  directory.clouds = {{.layout = layout(10), .offset = 100, .size = 55},
                      {.layout = layout(4), .offset = 200, .size = 40}};
  EXPECT_EQ(directory.points(), 15U);
  const auto ranges = directory.ranges(3, 4);
  ASSERT_EQ(ranges.size(), 2U);
  EXPECT_EQ(ranges[0].offset, 130U);
  EXPECT_EQ(ranges[0].size, 20U);
  EXPECT_EQ(ranges[1].offset, 200U);
  EXPECT_EQ(ranges[1].size, 8U);
  const auto second = directory.ranges(6, 1);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].offset, 204U);
}

TEST(CloudDirectory, OtherContentHasNone) {
  const ByteBuffer coded = test::compress_bytes(as_bytes("no points at all"), 1);
  EXPECT_TRUE(directory_of(MemoryRandomAccess(coded)).clouds.empty());
}

}  // namespace
}  // namespace pith

#include "container/number_walk.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <map>
#include <numeric>

#include "codecs/select.h"

namespace pith {
namespace {

// The elements that a walk visits, and their values as u16.
std::map<uint64_t, unsigned> walk(ByteView bytes, const std::vector<Segment>& segments) {
  NumberWalk walk;
  std::map<uint64_t, unsigned> found;
  const auto done = walk.feed(
      {.bytes = bytes, .segments = segments, .type = SegmentType::kArray},
      [&](const NumberRun& run) -> Result<void> {
        EXPECT_EQ(run.variable, 0U);
        for (size_t i = 0; i + 2 <= run.numbers.size(); i += 2) {
          const bool is_new = found
                                  .emplace(run.first + i / 2,
                                           std::to_integer<unsigned>(run.numbers[i]) |
                                               std::to_integer<unsigned>(run.numbers[i + 1]) << 8)
                                  .second;
          EXPECT_TRUE(is_new);
        }
        return {};
      });
  EXPECT_TRUE(done.has_value());
  return found;
}

std::shared_ptr<ArrayLayout> array_of(std::vector<uint64_t> shape, std::vector<uint64_t> tile) {
  auto array = std::make_shared<ArrayLayout>();
  array->name = "a";
  array->type = NumberType::kUint16;
  array->shape = std::move(shape);
  array->tile = std::move(tile);
  return array;
}

// The bytes of tiles of an array whose element (y, x) is 300 y + x; 65535 beyond its edges.
ByteBuffer tiles_of(const ArrayLayout& array, bool shuffled) {
  ByteBuffer bytes;
  for (uint64_t ty = 0; ty < array.shape[0]; ty += array.tile[0]) {
    for (uint64_t tx = 0; tx < array.shape[1]; tx += array.tile[1]) {
      ByteBuffer low;
      ByteBuffer high;
      for (uint64_t y = ty; y < ty + array.tile[0]; ++y) {
        for (uint64_t x = tx; x < tx + array.tile[1]; ++x) {
          const uint64_t value =
              y < array.shape[0] && x < array.shape[1] ? 300 * y + x : uint64_t{65535};
          low.push_back(static_cast<std::byte>(value));
          high.push_back(static_cast<std::byte>(value >> 8));
          if (shuffled) continue;
          bytes.push_back(low.back());
          bytes.push_back(high.back());
        }
      }
      if (shuffled) {
        bytes.append(low);
        bytes.append(high);
      }
    }
  }
  return bytes;
}

TEST(NumberWalk, PutsTilesInTheirPlaces) {
  for (const bool shuffled : {false, true}) {
    const auto array = array_of({7, 11}, {3, 4});
    if (shuffled) array->filter = ArrayFilter::kShuffle;
    const ByteBuffer bytes = tiles_of(*array, shuffled);
    array->size = bytes.size();
    Segment segment{.size = bytes.size(), .type = SegmentType::kArray, .layout = {}};
    segment.layout.array = array;
    const auto found = walk(bytes, {segment});
    ASSERT_EQ(found.size(), 77U);
    for (const auto& [element, value] : found) {
      EXPECT_EQ(value, 300 * (element / 11) + element % 11);
    }
  }
}

TEST(NumberWalk, TilesFromTheMiddleAndInStreams) {
  const auto array = array_of({6, 8}, {3, 4});
  const ByteBuffer tiles = tiles_of(*array, false);
  array->size = tiles.size();
  const ByteView third = ByteView(tiles).subspan(48, 24);  // rows 3 to 5, columns 0 to 3
  ByteBuffer stream(200);
  uLongf size = stream.size();
  ASSERT_EQ(compress2(reinterpret_cast<Bytef*>(stream.data()), &size,
                      reinterpret_cast<const Bytef*>(third.data()), third.size(), 6),
            Z_OK);
  stream.resize(size);
  Segment content{.size = 24, .type = SegmentType::kArray, .layout = {}};
  content.layout.array = array;
  content.layout.offset = 48;
  auto deflate = std::make_shared<DeflateLayout>();
  deflate->header_size = 2;
  deflate->trailer_size = 4;
  deflate->inflated_size = 24;
  deflate->content = {content};
  Segment segment{.size = size, .type = SegmentType::kDeflated, .layout = {}};
  segment.layout.deflate = deflate;
  for (const auto& found : {walk(stream, {segment}), walk(third, {content})}) {
    ASSERT_EQ(found.size(), 12U);
    for (const auto& [element, value] : found) {
      EXPECT_EQ(value, 300 * (element / 8) + element % 8);
      EXPECT_TRUE(element / 8 >= 3 && element % 8 < 4);
    }
  }
  // A stream that is none.
  stream[5] ^= std::byte{0x55};
  NumberWalk broken;
  const std::vector<Segment> segments = {segment};
  EXPECT_FALSE(broken
                   .feed({.bytes = stream, .segments = segments, .type = SegmentType::kDeflated},
                         [](const NumberRun&) -> Result<void> { return {}; })
                   .has_value());
}

TEST(NumberWalk, FieldsOfPointsAndPartsOfNumbers) {
  auto cloud = std::make_shared<PointLayout>();
  cloud->record_size = 5;
  cloud->count = 10;
  cloud->fields = {{"n", NumberType::kUint16, FieldRole::kOther, 2}};
  ByteBuffer bytes;
  bytes.resize(50, std::byte{0});
  for (size_t i = 0; i < 10; ++i) bytes[5 * i + 2] = static_cast<std::byte>(i);
  Segment points{.size = 47, .type = SegmentType::kPoints, .layout = {}};
  points.layout.points = cloud;
  points.layout.offset = 3;
  const auto found = walk(ByteView(bytes).subspan(3), {points});
  ASSERT_EQ(found.size(), 9U);
  for (const auto& [element, value] : found) EXPECT_EQ(element, value);

  const auto array = array_of({25}, {});
  array->size = 50;
  Segment part{.size = 20, .type = SegmentType::kArray, .layout = {}};
  part.layout.array = array;
  part.layout.offset = 7;
  const auto cut = walk(ByteView(bytes).first(20), {part});
  ASSERT_EQ(cut.size(), 9U);
  EXPECT_EQ(cut.begin()->first, 4U);
}

}  // namespace
}  // namespace pith

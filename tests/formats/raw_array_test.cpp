// Arrays that the user describes.
#include "formats/raw_array.h"

#include <gtest/gtest.h>

namespace pith {
namespace {

std::vector<Segment> segments_of(const std::string& text, size_t size, size_t piece = SIZE_MAX) {
  const auto format = make_raw_array_format(text);
  EXPECT_TRUE(format.has_value());
  std::vector<Segment> segments;
  const ByteBuffer bytes(size);
  const auto segmenter = (*format)->make_segmenter({});
  ByteView left = bytes;
  for (bool last = false; !last;) {
    const ByteView part = left.first(std::min(piece, left.size()));
    left = left.subspan(part.size());
    last = left.empty();
    segmenter->feed(part, last, segments);
  }
  return segments;
}

TEST(RawArray, IsAsDescribed) {
  const auto segments = segments_of("f32:12x90x180", 777600);
  ASSERT_EQ(segments.size(), 1U);
  const ArrayLayout& array = *segments[0].layout.array;
  EXPECT_EQ(array.type, NumberType::kF32);
  EXPECT_FALSE(array.big_endian);
  EXPECT_EQ(array.shape, (std::vector<uint64_t>{12, 90, 180}));
  EXPECT_EQ(array.size, 777600U);
  EXPECT_TRUE(segments_of("u16be:5", 10)[0].layout.array->big_endian);
  EXPECT_FALSE(segments_of("u16le:5", 10)[0].layout.array->big_endian);
}

TEST(RawArray, OtherSizesLeaveARest) {
  for (const size_t piece : {size_t{7}, size_t{1000}}) {
    auto segments = segments_of("i16:10x50", 330, piece);
    ASSERT_EQ(segments.size(), 2U);
    EXPECT_EQ(segments[0].size, 300U);
    EXPECT_EQ(segments[1].type, SegmentType::kBytes);
    segments = segments_of("i16:10x50", 1500, piece);
    ASSERT_EQ(segments.size(), 2U);
    EXPECT_EQ(segments[0].size, 1000U);
    EXPECT_EQ(segments[1].type, SegmentType::kBytes);
    EXPECT_EQ(segments_of("i16:10x50", 99, piece)[0].type, SegmentType::kBytes);
  }
}

TEST(RawArray, NonsenseIsRefused) {
  for (const char* text : {"", "f32", "f32:", ":3", "f8:3", "f32:0", "f32:3x", "f32:x3", "f32:-3",
                           "f32:3,4", "f32:3x4 ", "be:3", "f32:1x1x1x1x1x1x1x1x1",
                           "f64:4294967296x4294967296", "f32:99999999999999999999"}) {
    const auto format = make_raw_array_format(text);
    EXPECT_TRUE(!format && format.error().code == ErrorCode::kUsage) << text;
  }
}

}  // namespace
}  // namespace pith

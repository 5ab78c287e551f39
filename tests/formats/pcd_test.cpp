// PCD headers: what counts, and what stays bytes.
#include "formats/pcd.h"

#include "tests/support/found_clouds.h"

namespace pith {
namespace {

using namespace test;

const std::string kFour = "FIELDS x y z intensity\nSIZE 4 4 4 4\nTYPE F F F F\nCOUNT 1 1 1 1\n";
const std::string kFourFields = "x:f32@0/1 y:f32@4/2 z:f32@8/3 intensity:f32@12/4";

// The outline without the metadata.
std::string points_of(const std::string& header, size_t data = 100) {
  const std::string outline = outline_of("pcd", pcd(header, pattern(data, 1)));
  return outline.substr(std::min(outline.size(), outline.find(", ") + 2));
}

TEST(Pcd, ReadsBinaryFiles) {
  const std::string header = kFour + "WIDTH 5\nHEIGHT 1\nVIEWPOINT 0 0 0 1 0 0 0\nPOINTS 5\n";
  EXPECT_EQ(points_of(header), "points 80, bytes 20");
  const PointLayout layout = layout_of("pcd", pcd(header, pattern(100, 1)));
  EXPECT_EQ(fields_of(layout), kFourFields);
  EXPECT_EQ(layout.width, 0U);
  EXPECT_FALSE(layout.big_endian);
}

TEST(Pcd, ReadsOldHeadersAndOtherLineEnds) {
  const std::string old =
      "# .PCD v.6 - Point Cloud Data file format\nVERSION .6\nCOLUMNS x y z\n"
      "# a comment\n\nSIZE 4 4 4\nTYPE F F F\nWIDTH 5\nHEIGHT 1\nDATA binary\n";
  EXPECT_EQ(outline_of("", old + pattern(60, 1)),
            fmt::format("metadata {}, points 60", old.size()));
  std::string crlf;
  for (const char letter : old) crlf += letter == '\n' ? "\r\n" : std::string(1, letter);
  EXPECT_EQ(outline_of("", crlf + pattern(60, 1)),
            fmt::format("metadata {}, points 60", crlf.size()));
  const std::string bare = "VERSION 0.7\nFIELDS x\nSIZE 4\nTYPE F\nWIDTH 5\nDATA binary\n";
  EXPECT_EQ(outline_of("", bare + pattern(20, 1)),
            fmt::format("metadata {}, points 20", bare.size()));
}

TEST(Pcd, KnowsEveryType) {
  const std::string file =
      pcd("FIELDS a b c d e f g h i j label\nSIZE 1 1 2 2 4 4 8 8 4 8 4\n"
          "TYPE I U I U I U I U F F U\nWIDTH 2\nHEIGHT 1\n",
          pattern(92, 1));
  EXPECT_EQ(fields_of(layout_of("pcd", file)),
            "a:i8@0 b:u8@1/7 c:i16@2 d:u16@4 e:i32@6 f:u32@10 g:i64@14/7 h:u64@22 i:f32@30/4 "
            "j:f64@34 label:u32@42");
}

TEST(Pcd, TypesThatAreNoneHaveNoMeaning) {
  const std::string file =
      pcd("FIELDS a x b y _\nSIZE 3 4 2 8 5\nTYPE F F F F U\nCOUNT 2 1 1 1 2\nWIDTH 2\n",
          pattern(100, 1));
  EXPECT_EQ(fields_of(layout_of("pcd", file)), "x:f32@6/1 y:f64@12/2");
  EXPECT_EQ(layout_of("pcd", file).record_size, 30U);
}

TEST(Pcd, TellsTheRowsOfImages) {
  const auto width = [](const std::string& lines) {
    return layout_of("pcd", pcd(kFour + lines, pattern(400, 1))).width;
  };
  EXPECT_EQ(width("WIDTH 4\nHEIGHT 5\nPOINTS 20\n"), 4U);
  EXPECT_EQ(width("WIDTH 4\nHEIGHT 5\n"), 4U);
  EXPECT_EQ(width("WIDTH 20\nHEIGHT 1\nPOINTS 20\n"), 0U);
  EXPECT_EQ(width("WIDTH 4\nHEIGHT 5\nPOINTS 19\n"), 0U);
}

TEST(Pcd, NumbersBeyondTheFileTakeWhatIsThere) {
  EXPECT_EQ(points_of(kFour + "WIDTH 18446744073709551615\nHEIGHT 1\n"), "points 96, bytes 4");
  EXPECT_EQ(points_of(kFour + "WIDTH 1\nPOINTS 1152921504606846976\n"), "points 96, bytes 4");
}

TEST(Pcd, LeavesHeadersThatDoNotAgreeAsBytes) {
  const std::string one = "WIDTH 1\nHEIGHT 1\n";
  for (const std::string& header :
       {"FIELDS x y\nSIZE 4\nTYPE F F\n" + one, "FIELDS x y\nSIZE 4 4\nTYPE F\n" + one,
        "FIELDS x y\nSIZE 4 4\nTYPE F F\nCOUNT 1\n" + one, "FIELDS x\nSIZE -4\nTYPE F\n" + one,
        "FIELDS x\nSIZE 0\nTYPE F\n" + one,
        "FIELDS x\nSIZE 4\nTYPE F\nCOUNT 99999999999999999999\n" + one,
        "FIELDS x\nSIZE 4\nTYPE F\nCOUNT 18446744073709551615\n" + one,
        "FIELDS x y\nSIZE 65535 1\nTYPE U U\n" + one,
        "FIELDS x y\nSIZE 4 4\nTYPE F F\nCOUNT 0 0\n" + one,
        "FIELDS x\nSIZE 8\nTYPE F\nCOUNT 60000\n" + one,
        kFour + "WIDTH 18446744073709551615\nHEIGHT 18446744073709551615\n", kFour + "POINTS 0\n",
        kFour, one}) {
    EXPECT_EQ(points_of(header), "bytes 100") << header;
  }
  // Lines that no PCD file has.
  for (const std::string& header :
       {kFour + "WIDTH many\n", kFour + "WIDTH\n", kFour + "prose\n", std::string("FIELDS x")}) {
    EXPECT_EQ(outline_of("pcd", pcd(header, pattern(100, 1))).find("metadata"), std::string::npos)
        << header;
    EXPECT_EQ(detected_format(pcd(header, "")), "text");
  }
}

TEST(Pcd, LeavesTextToText) {
  std::string data;
  for (int i = 0; i < 50; ++i) data += fmt::format("{}.25 {} -1.5 0\n", i, i * i);
  EXPECT_EQ(
      outline_of("", pcd(kFour + "WIDTH 50\nHEIGHT 1\nPOINTS 50\n", data, "ascii")).substr(0, 4),
      "text");
}

// Two points to a row, of 22 bytes when they are expanded.
const std::string kImage =
    "FIELDS x _ rgb normal label\nSIZE 4 1 4 4 2\nTYPE F U F F U\nCOUNT 1 4 1 3 1\n"
    "WIDTH 2\nHEIGHT 5\nPOINTS 10\n";
constexpr uint64_t kImageSize = 10 * (4 + 4 + 12 + 2);

std::string compressed(const std::string& header, uint64_t packed, uint64_t size,
                       size_t data = 100) {
  return pcd(header, u32(packed) + u32(size) + pattern(data, 1), "binary_compressed");
}

TEST(Pcd, CompressedPointsAreArrays) {
  const std::string file = compressed(kImage, 90, kImageSize);
  EXPECT_EQ(detected_format(file), "pcd");
  const auto segments = segments_of("", file, 1);
  EXPECT_EQ(outline_of(segments),
            fmt::format("metadata {}, deflated 90, bytes 10", file.size() - 100));
  const DeflateLayout& layout = *segments[1].layout.deflate;
  EXPECT_EQ(layout.method, StreamMethod::kLzf);
  EXPECT_EQ(layout.header_size + layout.trailer_size, 0U);
  EXPECT_EQ(layout.inflated_size, kImageSize);
  std::string arrays;
  for (const Segment& segment : layout.content) {
    const ArrayLayout& array = *segment.layout.array;
    EXPECT_EQ(segment.type, SegmentType::kArray);
    EXPECT_EQ(segment.size, array.size);
    arrays += fmt::format("{}:{}[", array.name, static_cast<int>(array.type));
    for (const uint64_t axis : array.shape) arrays += fmt::format("{},", axis);
    arrays += fmt::format("]={} ", array.size);
  }
  EXPECT_EQ(arrays, "x:9[5,2,]=40 rgb:1[5,2,4,]=40 normal:9[5,2,3,]=120 label:3[5,2,]=20 ");
  // One row is no image.
  const auto row = segments_of("", compressed(kFour + "WIDTH 4\nHEIGHT 1\n", 90, 64));
  EXPECT_EQ(row[1].layout.deflate->content[0].layout.array->shape, std::vector<uint64_t>{4});
}

TEST(Pcd, CompressedPointsOfAnotherSizeAreBytesInside) {
  for (const uint64_t size : {kImageSize - 1, kImageSize + 1, uint64_t{128} << 20}) {
    const auto segments = segments_of("", compressed(kImage, 90, size));
    ASSERT_EQ(segments[1].type, SegmentType::kDeflated);
    EXPECT_EQ(outline_of(segments[1].layout.deflate->content), fmt::format("bytes {}", size));
  }
}

TEST(Pcd, CompressedPointsThatCannotBeAreBytes) {
  const auto rest = [](const std::string& file) {
    const std::string outline = outline_of("pcd", file);
    return outline.substr(outline.find(", ") + 2);
  };
  EXPECT_EQ(rest(compressed(kImage, 101, kImageSize)), "bytes 100");  // beyond the file
  EXPECT_EQ(rest(compressed(kImage, 0, kImageSize)), "bytes 108");
  EXPECT_EQ(rest(compressed(kImage, UINT32_MAX, kImageSize)), "bytes 108");
  EXPECT_EQ(rest(compressed(kImage, 90, UINT32_MAX)), "bytes 108");
  EXPECT_EQ(rest(compressed(kImage, 90, 9)), "bytes 108");
  EXPECT_EQ(rest(compressed(kFour + "WIDTH 0\n", 90, 64)), "bytes 108");
  EXPECT_EQ(rest(pcd(kImage, "1234567", "binary_compressed")), "bytes 7");
  // Where streams are not looked into.
  std::vector<Segment> segments;
  const std::string file = compressed(kImage, 90, kImageSize);
  find_format("pcd")->make_segmenter({.inflate = false})->feed(as_bytes(file), true, segments);
  EXPECT_EQ(outline_of(segments), fmt::format("metadata {}, bytes 108", file.size() - 108));
}

TEST(Pcd, HeadersEndWithinWhatIsLookedAt) {
  const std::string comments(kDetectSize, '#');
  EXPECT_NE(detected_format(pcd(comments + "\n" + kFour + "WIDTH 5\n", "")), "pcd");
  EXPECT_EQ(outline_of("pcd", pcd(comments, "")).substr(0, 5), "bytes");
}

}  // namespace
}  // namespace pith

// PLY headers: what counts, and what stays bytes.
#include "formats/ply.h"

#include "tests/support/found_clouds.h"

namespace pith {
namespace {

using namespace test;

const std::string kLittle = "binary_little_endian";
const std::string kXyz = "property float x\nproperty float y\nproperty float z\n";

// The outline without the metadata.
std::string points_of(const std::string& elements, size_t data = 100) {
  const std::string outline = outline_of("ply", ply(kLittle, elements, pattern(data, 1)));
  return outline.substr(std::min(outline.size(), outline.find(", ") + 2));
}

TEST(Ply, ReadsBothByteOrders) {
  for (const bool big_endian : {false, true}) {
    const std::string file = ply(big_endian ? "binary_big_endian" : kLittle,
                                 "element vertex 8\n" + kXyz, pattern(100, 1));
    EXPECT_EQ(detected_format(file), "ply");
    const PointLayout layout = layout_of("ply", file);
    EXPECT_EQ(layout.big_endian, big_endian);
    EXPECT_EQ(layout.name, "vertex");
    EXPECT_EQ(layout.count, 8U);
    EXPECT_EQ(fields_of(layout), "x:f32@0/1 y:f32@4/2 z:f32@8/3");
  }
}

TEST(Ply, KnowsEveryType) {
  std::string header = "element vertex 1\n";
  for (const char* type :
       {"char", "uchar", "short", "ushort", "int", "uint", "float", "double", "int8", "uint8",
        "int16", "uint16", "int32", "uint32", "float32", "float64", "int64", "uint64"}) {
    header += fmt::format("property {} _\n", type);
  }
  EXPECT_EQ(fields_of(layout_of("ply", ply(kLittle, header, pattern(100, 1)))),
            "_:i8@0 _:u8@1 _:i16@2 _:u16@4 _:i32@6 _:u32@10 _:f32@14 _:f64@18 _:i8@26 _:u8@27 "
            "_:i16@28 _:u16@30 _:i32@32 _:u32@36 _:f32@40 _:f64@44 _:i64@52 _:u64@60");
}

TEST(Ply, TakesTheManyFieldsOfASplat) {
  std::string header = "element vertex 3\n" + kXyz;
  for (int i = 0; i < 59; ++i) header += fmt::format("property float f_rest_{}\n", i);
  const PointLayout layout = layout_of("ply", ply(kLittle, header, pattern(744, 1)));
  EXPECT_EQ(layout.record_size, 248U);
  EXPECT_EQ(layout.fields.size(), 62U);
}

TEST(Ply, ReadsOtherLineEnds) {
  const std::string file = ply(kLittle, "element vertex 8\n" + kXyz, "");
  for (const char* end : {"\r\n", "\r"}) {
    std::string other;
    for (const char letter : file) other += letter == '\n' ? end : std::string(1, letter);
    EXPECT_EQ(outline_of("", other + "\n" + pattern(99, 1)),
              fmt::format("metadata {}, points 96, bytes 4", other.size()));
  }
}

TEST(Ply, ListsAndWhatIsBehindThemAreBytes) {
  EXPECT_EQ(points_of("element face 2\nproperty list uchar int i\nelement vertex 2\n" + kXyz),
            "bytes 100");
  EXPECT_EQ(points_of("element vertex 2\n" + kXyz +
                      "element face 2\nproperty uchar flags\n"
                      "property list uchar int i\nproperty int id\nelement edge 3\n"
                      "property int a\n"),
            "points 24, bytes 76");
}

TEST(Ply, ElementsWithNothingInThemTakeNoRoom) {
  EXPECT_EQ(points_of("element none 5\nelement zero 0\nproperty int a\nelement vertex 2\n" + kXyz),
            "points 24, bytes 76");
}

TEST(Ply, CountsBeyondTheFileTakeWhatIsThere) {
  EXPECT_EQ(points_of("element vertex 17592186044415\n" + kXyz), "points 96, bytes 4");
  // Too many for any file.
  EXPECT_EQ(points_of("element vertex 18446744073709551615\n" + kXyz), "bytes 100");
  std::string many;
  for (int i = 0; i < 100; ++i) many += "element vertex 17592186044415\n" + kXyz;
  EXPECT_EQ(points_of(many), "points 96, bytes 4");
}

TEST(Ply, LeavesBrokenHeadersAsBytes) {
  for (const std::string& header :
       {std::string("element vertex -2\n"), std::string("element vertex\n"),
        std::string("element vertex 2x\n"), std::string("element\n"),
        std::string("property float x\n"), std::string("element vertex 2\nproperty half x\n"),
        std::string("element vertex 2\nproperty\n"), std::string("prose\n"),
        std::string("element vertex 99999999999999999999\n")}) {
    const std::string file = ply(kLittle, header, std::string(9, '\0'));
    EXPECT_EQ(outline_of("ply", file), fmt::format("bytes {}", file.size())) << header;
    EXPECT_NE(detected_format(file), "ply") << header;
  }
  EXPECT_NE(detected_format(ply("binary", "", std::string(9, '\0'))), "ply");
  EXPECT_NE(detected_format("ply\nend_header\n" + std::string(9, '\0')), "ply");
  EXPECT_NE(detected_format("plywood\nformat binary_little_endian 1.0\nend_header\n"), "ply");
  EXPECT_NE(detected_format("ply"), "ply");
}

TEST(Ply, LeavesTextToText) {
  std::string data;
  for (int i = 0; i < 50; ++i) data += fmt::format("{}.25 {} -1.5\n", i, i * i);
  EXPECT_EQ(outline_of("", ply("ascii", "element vertex 50\n" + kXyz, data)).substr(0, 4), "text");
}

}  // namespace
}  // namespace pith

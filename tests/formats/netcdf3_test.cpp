// Arrays of classic NetCDF files: where they lie, what they are, and what hostile headers do.
#include "formats/netcdf3.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "formats/detect.h"
#include "formats/registry.h"
#include "tests/support/netcdf3_file.h"

namespace pith {
namespace {

using namespace test;

std::vector<Segment> segments_of(const std::string& file, size_t piece = SIZE_MAX) {
  const auto segmenter = netcdf3_format().make_segmenter({});
  std::vector<Segment> segments;
  ByteView left = as_bytes(file);
  for (bool last = false; !last;) {
    const ByteView part = left.first(std::min(piece, left.size()));
    left = left.subspan(part.size());
    last = left.empty();
    segmenter->feed(part, last, segments);
  }
  return segments;
}

// "name[shape]@place+offset:size" of each part of an array.
std::string arrays_of(const std::string& file, size_t piece = SIZE_MAX) {
  std::string found;
  uint64_t position = 0;
  for (const Segment& segment : segments_of(file, piece)) {
    if (segment.layout.array != nullptr) {
      EXPECT_EQ(segment.type, SegmentType::kArray);
      const ArrayLayout& array = *segment.layout.array;
      EXPECT_TRUE(array.big_endian);
      EXPECT_LE(segment.layout.offset + segment.size, array.size);
      found += fmt::format("{}[{}]@{}+{}:{} ", array.name, fmt::join(array.shape, ","), position,
                           segment.layout.offset, segment.size);
    }
    position += segment.size;
  }
  EXPECT_EQ(position, file.size());
  return found;
}

TEST(Netcdf3, IsDetected) {
  for (const uint8_t version : {uint8_t{1}, uint8_t{2}, uint8_t{5}}) {
    EXPECT_EQ(&detect_format(as_bytes(netcdf3_file(version)), true), &netcdf3_format());
  }
  EXPECT_NE(&detect_format(as_bytes("CDF\3 is another one"), true), &netcdf3_format());
}

TEST(Netcdf3, RecordsArePartsOfArrays) {
  const std::string expected =
      "fixed[10,33]@1024+0:1320 "
      "moving[3,10,33]@4096+0:660 odd[3,33]@4756+0:33 "
      "moving[3,10,33]@4792+660:660 odd[3,33]@5452+33:33 "
      "moving[3,10,33]@5488+1320:660 odd[3,33]@6148+66:33 ";
  for (const uint8_t version : {uint8_t{1}, uint8_t{2}, uint8_t{5}}) {
    EXPECT_EQ(arrays_of(netcdf3_file(version)), expected);
    EXPECT_EQ(arrays_of(netcdf3_file(version), 5), expected);
  }
}

TEST(Netcdf3, ASingleRecordVariableLiesAsAWhole) {
  NcHeader header{
      .records = 5, .dimensions = {{"t", 0}, {"x", 3}}, .variables = {{"v", {0, 1}, kNcByte, 512}}};
  std::string file = header.bytes();
  file.resize(512 + 5 * 3, 'x');
  EXPECT_EQ(arrays_of(file), "v[5,3]@512+0:15 ");
}

TEST(Netcdf3, TheNumberOfRecordsMayBeUnknown) {
  NcHeader header{.records = 0xffffffff,
                  .dimensions = {{"t", 0}, {"x", 100}},
                  .variables = {{"a", {0, 1}, kNcFloat, 512}, {"b", {0, 1}, kNcDouble, 912}}};
  std::string file = header.bytes();
  file.resize(512 + 2 * 1200 + 500, 'x');
  // The last record is cut short behind `a`, and in the middle of `b`.
  EXPECT_EQ(arrays_of(file),
            "a[2147483648,100]@512+0:400 b[2147483648,100]@912+0:800 "
            "a[2147483648,100]@1712+400:400 b[2147483648,100]@2112+800:800 "
            "a[2147483648,100]@2912+800:400 ");
}

TEST(Netcdf3, TellsFillsAndScales) {
  const auto attribute = [](const std::string& name, uint32_t type, uint64_t bits, size_t size) {
    return NcAttribute{name, type, 1, big_endian(bits, size)};
  };
  NcHeader header{.dimensions = {{"x", 8}},
                  .variables = {{"packed",
                                 {0},
                                 kNcShort,
                                 512,
                                 {attribute("_FillValue", kNcShort, 0x8000, 2),
                                  attribute("missing_value", kNcShort, 7, 2),
                                  attribute("missing_value", kNcFloat, 7, 4),
                                  attribute("scale_factor", kNcDouble, 0x3fe0000000000000, 8),
                                  attribute("add_offset", kNcFloat, 0x40400000, 4)}},
                                {"plain", {0}, kNcFloat, 528},
                                {"text", {0}, kNcChar, 560}}};
  std::string file = header.bytes();
  file.resize(568, 'x');
  const auto segments = segments_of(file);
  ASSERT_EQ(segments.size(), 5U);
  const ArrayLayout& packed = *segments[2].layout.array;
  EXPECT_EQ(packed.type, NumberType::kInt16);
  EXPECT_EQ(packed.fills, (std::vector<uint64_t>{0x8000, 7}));
  EXPECT_EQ(packed.scale, 0.5);
  EXPECT_EQ(packed.add, 3);
  const ArrayLayout& plain = *segments[3].layout.array;
  EXPECT_EQ(plain.type, NumberType::kF32);
  EXPECT_EQ(plain.fills, std::vector<uint64_t>{0x7cf00000});
  EXPECT_EQ(segments[4].type, SegmentType::kBytes);
  EXPECT_EQ(segments[4].size, 8U);
}

TEST(Netcdf3, EmptyAxesAndScalarsAreNoTrouble) {
  NcHeader header{
      .records = 0,
      .dimensions = {{"t", 0}, {"x", 4}},
      .variables = {{"scalar", {}, kNcUint64, 512},
                    {"none", {0, 1}, kNcInt, 520},
                    {"x", {1}, kNcInt, 520}},
  };
  header.version = 5;
  std::string file = header.bytes();
  file.resize(536, 'x');
  EXPECT_EQ(arrays_of(file), "scalar[1]@512+0:8 x[4]@520+0:16 ");
}

TEST(Netcdf3, MoreThanEightAxesAreMerged) {
  NcHeader header{.dimensions = {{"a", 2}},
                  .variables = {{"v", std::vector<uint64_t>(10, 0), kNcByte, 512}}};
  std::string file = header.bytes();
  file.resize(512 + 1024, 'x');
  EXPECT_EQ(arrays_of(file), "v[2,8,2,2,2,2,2,2]@512+0:1024 ");
}

TEST(Netcdf3, RecordsOfTinyPartsStayBytes) {
  NcHeader header{.records = 1000,
                  .dimensions = {{"t", 0}},
                  .variables = {{"a", {0}, kNcFloat, 512}, {"b", {0}, kNcFloat, 516}}};
  std::string file = header.bytes();
  file.resize(512 + 8000, 'x');
  EXPECT_EQ(arrays_of(file), "");
}

TEST(Netcdf3, HostileHeadersGiveBytes) {
  const auto check = [](const NcHeader& header, const std::string& expected) {
    std::string file = header.bytes();
    file.resize(3000, 'x');
    EXPECT_EQ(arrays_of(file), expected);
  };
  // Sizes that overflow, dimensions that are not there, variables on top of each other and of the
  // header.
  check({.version = 5,
         .dimensions = {{"a", UINT64_MAX / 2}, {"b", 8}},
         .variables = {{"v", {0, 1}, kNcDouble, 1000}}},
        "");
  check({.dimensions = {{"a", 4}}, .variables = {{"v", {7}, kNcFloat, 1000}}}, "");
  check({.dimensions = {{"t", 0}, {"a", 4}}, .variables = {{"v", {1, 0}, kNcFloat, 1000}}}, "");
  check({.dimensions = {{"a", 4}}, .variables = {{"v", {0}, 13, 1000}}}, "");
  check({.dimensions = {{"a", 4}},
         .variables = {{"v", {0}, kNcFloat, 10},
                       {"w", {0}, kNcFloat, 1000},
                       {"u", {0}, kNcFloat, 1008}}},
        "w[4]@1000+0:16 ");
  check({.version = 5,
         .records = UINT64_MAX - 1,
         .dimensions = {{"t", 0}, {"a", 100}},
         .variables = {{"v", {0, 1}, kNcFloat, 1000}, {"w", {0, 1}, kNcFloat, 1400}}},
        "");
  // Records in front of what is fixed.
  check({.records = 2,
         .dimensions = {{"t", 0}, {"a", 100}},
         .variables = {{"v", {0, 1}, kNcFloat, 1000},
                       {"w", {0, 1}, kNcFloat, 1400},
                       {"f", {1}, kNcFloat, 2000}}},
        "f[100]@2000+0:400 ");
}

TEST(Netcdf3, AnyFrontOfAFileIsCovered) {
  const std::string file = netcdf3_file(2);
  for (size_t size = 0; size < file.size(); size += size < 600 ? 1 : 37) {
    EXPECT_EQ(arrays_of(file.substr(0, size), 11), arrays_of(file.substr(0, size))) << size;
  }
}

}  // namespace
}  // namespace pith

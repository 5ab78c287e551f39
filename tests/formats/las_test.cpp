// LAS headers of every version and point format, and headers that lie.
#include "formats/las.h"

#include "tests/support/found_clouds.h"

namespace pith {
namespace {

using namespace test;

TEST(Las, ReadsEveryVersion) {
  for (const int minor : {0, 1, 2, 3, 4}) {
    const std::string file = las({.minor = minor});
    EXPECT_EQ(detected_format(file), "las") << minor;
    EXPECT_EQ(outline_of("las", file),
              fmt::format("metadata {}, points 200", las_header_size(minor)));
  }
  EXPECT_NE(detected_format(las({.minor = 5})), "las");
}

TEST(Las, KnowsTheFieldsOfEveryPointFormat) {
  const std::string old =
      "X:i32@0/1 Y:i32@4/2 Z:i32@8/3 intensity:u16@12/4 returns:u8@14 classification:u8@15 "
      "scan_angle:i8@16 user_data:u8@17 point_source_id:u16@18";
  const std::string fresh =
      "X:i32@0/1 Y:i32@4/2 Z:i32@8/3 intensity:u16@12/4 returns:u8@14 flags:u8@15 "
      "classification:u8@16 user_data:u8@17 scan_angle:i16@18 point_source_id:u16@20 "
      "gps_time:f64@22/6";
  const auto colors = [](int at) {
    return fmt::format(" red:u16@{}/7 green:u16@{}/7 blue:u16@{}/7", at, at + 2, at + 4);
  };
  const auto wave = [](int at) {
    return fmt::format(
        " wave_packet_index:u8@{} wave_offset:u64@{} wave_size:u32@{} wave_return_location:f32@{}"
        " wave_x:f32@{} wave_y:f32@{} wave_z:f32@{}",
        at, at + 1, at + 9, at + 13, at + 17, at + 21, at + 25);
  };
  const std::string time = " gps_time:f64@20/6";
  const std::string expected[] = {old,
                                  old + time,
                                  old + colors(20),
                                  old + time + colors(28),
                                  old + time + wave(28),
                                  old + time + colors(28) + wave(34),
                                  fresh,
                                  fresh + colors(30),
                                  fresh + colors(30) + " nir:u16@36/7",
                                  fresh + wave(30),
                                  fresh + colors(30) + " nir:u16@36/7" + wave(38)};
  for (uint8_t format = 0; format <= 10; ++format) {
    const PointLayout layout = layout_of("las", las({.minor = 4, .format = format}));
    EXPECT_EQ(fields_of(layout), expected[format]) << int{format};
    EXPECT_EQ(layout.record_size, kLasRecordSizes[format]);
    EXPECT_EQ(layout.las_format, format);
    EXPECT_EQ(layout.count, 10U);
    EXPECT_EQ(layout.scale, (std::array<double, 3>{0.01, 0.01, 0.01}));
    EXPECT_EQ(layout.origin, (std::array<double, 3>{1000, 1000, 1000}));
  }
}

TEST(Las, TakesScalesThatAreNoneAsOne) {
  for (const double scale : {0.0, HUGE_VAL, std::nan("")}) {
    EXPECT_EQ(layout_of("las", las({.scale = scale})).scale, (std::array<double, 3>{1, 1, 1}));
  }
}

// The fields behind those of format 0, in records of 30 bytes.
std::string extra_fields(const std::string& descriptions) {
  LasOptions options{.minor = 4, .record_size = 30};
  options.vlrs = vlr("LASF_Spec", 4, descriptions);
  options.vlrs_there = 1;
  const std::string fields = fields_of(layout_of("las", las(options)));
  return fields.substr(fields.find("@18") + 3);
}

TEST(Las, NamesExtraBytes) {
  EXPECT_EQ(extra_fields(""), "");
  EXPECT_EQ(extra_fields(extra_field(10, "range") + extra_field(2, "sign")),
            " range:f64@20 sign:i8@28");
  // Bytes without a type, by their number; an old pair; what is longer than the record.
  EXPECT_EQ(extra_fields(extra_field(0, "raw", 5) + extra_field(13, "pair")),
            " pair:u16@25 pair:u16@27");
  EXPECT_EQ(extra_fields(extra_field(9, "a") + extra_field(10, "b")), " a:f32@20");
  // A type that is none ends the list, a description that is cut off too.
  EXPECT_EQ(extra_fields(extra_field(1, "a") + extra_field(31, "b") + extra_field(1, "c")),
            " a:u8@20");
  EXPECT_EQ(extra_fields(extra_field(1, "a") + extra_field(1, "b").substr(0, 191)), " a:u8@20");
}

TEST(Las, LeavesExtraBytesWithoutAVlrUnnamed) {
  const PointLayout layout = layout_of("las", las({.format = 1, .record_size = 36}));
  EXPECT_EQ(layout.record_size, 36U);
  EXPECT_EQ(layout.fields.back().name, "gps_time");
}

TEST(Las, TakesTheLegacyCountWhereTheNewOneIsMissing) {
  EXPECT_EQ(layout_of("las", las({.minor = 4, .count = 0, .legacy_count = 10})).count, 10U);
  EXPECT_EQ(layout_of("las", las({.minor = 4, .count = 10, .legacy_count = 0})).count, 10U);
  EXPECT_EQ(layout_of("las", las({.minor = 4, .count = 10, .legacy_count = 4})).count, 10U);
}

TEST(Las, TakesAllThereIsWithoutACount) {
  const std::string file = las({.count = 0, .behind = "xyz"});
  EXPECT_EQ(outline_of("las", file), "metadata 227, points 200, bytes 3");
  EXPECT_EQ(layout_of("las", file).count, 0U);
  // Up to the extended VLR if there is one.
  const std::string ended = las({.minor = 4,
                                 .count = 0,
                                 .behind = std::string(60, 'e'),
                                 .evlr_offset = 375 + 200,
                                 .evlr_count = 1});
  EXPECT_EQ(outline_of("las", ended), "metadata 375, points 200, bytes 60");
  EXPECT_EQ(layout_of("las", ended).count, 10U);
}

TEST(Las, EndsThePointsWhereSomethingElseBegins) {
  EXPECT_EQ(outline_of("las", las({.minor = 4,
                                   .count = 1000,
                                   .behind = std::string(60, 'e'),
                                   .evlr_offset = 375 + 205,
                                   .evlr_count = 1})),
            "metadata 375, points 200, bytes 60");
  EXPECT_EQ(outline_of("las", las({.minor = 3,
                                   .count = 1000,
                                   .behind = std::string(60, 'e'),
                                   .waveforms_offset = 235 + 199})),
            "metadata 235, points 180, bytes 80");
  // An EVLR that is said to lie in the header, or that is not counted, ends nothing.
  EXPECT_EQ(outline_of("las", las({.minor = 4, .evlr_offset = 17, .evlr_count = 1})),
            "metadata 375, points 200");
  EXPECT_EQ(outline_of("las", las({.minor = 4, .evlr_offset = 400})), "metadata 375, points 200");
}

TEST(Las, CountsBeyondTheFileTakeWhatIsThere) {
  EXPECT_EQ(outline_of("las", las({.count = UINT32_MAX, .behind = "12345"})),
            "metadata 227, points 200, bytes 5");
  for (const uint64_t count : {UINT64_MAX, UINT64_MAX / 20, uint64_t{1} << 60}) {
    EXPECT_EQ(outline_of("las", las({.minor = 4, .count = count})), "metadata 375, points 200");
  }
}

TEST(Las, LeavesHeadersThatCannotBeAsBytes) {
  const auto outline = [](const LasOptions& options) { return outline_of("las", las(options)); };
  // Records shorter than their format.
  EXPECT_EQ(outline({.record_size = 0}), "bytes 227");
  EXPECT_EQ(outline({.format = 1, .record_size = 27}), "bytes 497");
  // Points inside the header, points behind the end of the file.
  EXPECT_EQ(outline({.points_offset = 226}), "bytes 427");
  EXPECT_EQ(outline({.points_offset = 1000}), "bytes 427");
  EXPECT_EQ(outline({.points_offset = UINT32_MAX}), "bytes 427");
  // A format there is not.
  EXPECT_EQ(outline({.format = 11}), "bytes 427");
}

TEST(Las, TakesRecordsOfAnyLength) {
  const std::string file = las({.record_size = 65535, .points = 2, .behind = "x"});
  EXPECT_EQ(outline_of("las", file), "metadata 227, points 131070, bytes 1");
  EXPECT_EQ(layout_of("las", file).fields.size(), 9U);
}

TEST(Las, VlrsThatLieEndNothing) {
  // One that is cut off behind a good one; one that is longer than its room; nothing but zeros.
  const std::string good = vlr("LASF_Spec", 4, extra_field(1, "a"));
  std::string longer = good;
  longer[20] = '\xff';
  const std::pair<std::string, size_t> cases[] = {
      {good + good.substr(0, 53), 10}, {longer, 9}, {std::string(70, '\0'), 9}};
  for (const auto& [vlrs, fields] : cases) {
    const std::string file = las({.record_size = 21, .vlr_count = UINT32_MAX, .vlrs = vlrs});
    EXPECT_EQ(outline_of("las", file), fmt::format("metadata {}, points 210", 227 + vlrs.size()));
    EXPECT_EQ(layout_of("las", file).fields.size(), fields);
  }
}

TEST(Las, CompressedPointsAreCompressedData) {
  for (const unsigned bits : {0x80U, 0xc0U}) {
    const std::string file = las({.format = static_cast<uint8_t>(bits | 3)});
    EXPECT_TRUE(is_laz(as_bytes(file)));
    EXPECT_EQ(detected_format(file), "compressed");
  }
  LasOptions options{.format = 3};
  options.vlrs = vlr("laszip encoded", 22204, std::string(34, 'z'));
  options.vlrs_there = 1;
  EXPECT_EQ(detected_format(las(options)), "compressed");
  EXPECT_EQ(outline_of("", las(options)), fmt::format("compressed {}", las(options).size()));
  EXPECT_FALSE(is_laz(as_bytes(las({.format = 3}))));
}

}  // namespace
}  // namespace pith

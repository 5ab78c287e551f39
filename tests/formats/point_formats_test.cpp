// What all formats of point clouds owe: the points are found where they are, however the file
// arrives, inside archives, and by a reader that passes over what it need not see; files that are
// cut short are still covered.
#include <random>

#include "base/layout.h"
#include "tests/support/found_clouds.h"

namespace pith {
namespace {

using namespace test;

TEST(PointFormats, FindTheirCloudsHoweverTheFileArrives) {
  for (const auto& [name, file] : all_point_files()) {
    EXPECT_EQ(detected_format(file.bytes), name);
    for (const size_t piece : {size_t{1}, size_t{57}, size_t{8191}, SIZE_MAX}) {
      EXPECT_EQ(clouds_of(segments_of("", file.bytes, piece)), file.clouds) << name << piece;
    }
  }
}

TEST(PointFormats, KeepLasApartFromOtherPoints) {
  for (const auto& [name, file] : all_point_files()) {
    for (const Segment& segment : segments_of(name, file.bytes)) {
      if (segment.layout.points == nullptr) continue;
      EXPECT_EQ(segment.type, name == "las" ? SegmentType::kLasPoints : SegmentType::kPoints);
      EXPECT_EQ(segment.layout.points->las_format, name == "las" ? 7 : -1);
    }
  }
}

TEST(PointFormats, CoverFilesThatAreCutShort) {
  std::mt19937 random(5);
  for (const auto& [name, file] : all_point_files()) {
    for (int i = 0; i < 60; ++i) {
      const std::string part = file.bytes.substr(0, random() % file.bytes.size());
      uint64_t size = 0;
      for (const Segment& segment : segments_of(name, part)) size += segment.size;
      EXPECT_EQ(size, part.size());
    }
    const FoundCloud& cloud = file.clouds.back();
    if (name == "frame") continue;
    // The header tells of all points; those that are there are whole.
    const std::string part = file.bytes.substr(0, cloud.offset + 3 * cloud.record_size + 2);
    FoundCloud rest = cloud;
    rest.size = 3 * cloud.record_size;
    EXPECT_EQ(clouds_of(segments_of(name, part)).back(), rest) << name;
    EXPECT_EQ(segments_of(name, part).back().size, 2U);
  }
}

TEST(PointFormats, PassOverWhatNeedNotBeSeen) {
  for (const auto& [name, file] : all_point_files()) {
    const auto segmenter = find_format(name)->make_segmenter({});
    std::vector<Segment> segments;
    const ByteView bytes = as_bytes(file.bytes);
    size_t fed = 0;
    while (fed < bytes.size() && segmenter->skippable() == 0) {
      segmenter->feed(bytes.subspan(fed, 1), fed + 1 == bytes.size(), segments);
      ++fed;
    }
    if (fed < bytes.size()) {
      segmenter->skip(bytes.size() - fed, segments);
      segmenter->feed({}, true, segments);
    }
    std::vector<Segment> joined;
    for (const Segment& segment : segments) append_part(joined, segment);
    EXPECT_EQ(clouds_of(joined), file.clouds) << name;
  }
}

TEST(PointFormats, TellBrokenNumbersWithoutLargeAllocations) {
  // Any four bytes of the header made large; what is told still covers the file.
  for (const auto& [name, file] : all_point_files()) {
    const size_t header = std::min<size_t>(file.bytes.size() - 4, 400);
    for (size_t at = 0; at < header; at += 3) {
      for (const char value : {'\xff', '9'}) {
        std::string bytes = file.bytes;
        bytes.replace(at, 4, 4, value);
        uint64_t size = 0;
        for (const Segment& segment : segments_of(name, bytes)) size += segment.size;
        EXPECT_EQ(size, bytes.size());
      }
    }
  }
}

TEST(PointFormats, CloudsWithoutACountHaveNoEnd) {
  const auto points = std::make_shared<PointLayout>();
  points->record_size = 20;
  Segment segment{.size = 100, .type = SegmentType::kPoints, .layout = {}};
  segment.layout.points = points;
  EXPECT_EQ(whole_size(segment), UINT64_MAX);
  points->count = 7;
  EXPECT_EQ(whole_size(segment), 140U);
}

}  // namespace
}  // namespace pith

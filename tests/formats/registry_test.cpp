#include "formats/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "formats/bytes.h"
#include "formats/detect.h"

namespace pith {
namespace {

TEST(AppendSegment, JoinsNeighboursOfOneType) {
  std::vector<Segment> segments;
  append_segment(segments, 3, SegmentType::kText);
  append_segment(segments, 4, SegmentType::kText);
  append_segment(segments, 5, SegmentType::kBytes);
  append_segment(segments, 6, SegmentType::kText);
  ASSERT_EQ(segments.size(), 3u);
  EXPECT_EQ(segments[0].size, 7u);
  EXPECT_EQ(segments[1].size, 5u);
  EXPECT_EQ(segments[2].size, 6u);
}

TEST(AppendSegment, LeavesOutWhatIsEmpty) {
  std::vector<Segment> segments;
  append_segment(segments, 0, SegmentType::kText);
  EXPECT_TRUE(segments.empty());
}

TEST(AppendSegment, DoesNotGrowASegmentWithALayout) {
  std::vector<Segment> segments;
  segments.push_back({.size = 9,
                      .type = SegmentType::kDeflated,
                      .layout = {.deflate = std::make_shared<const DeflateLayout>()}});
  append_segment(segments, 1, SegmentType::kDeflated);
  EXPECT_EQ(segments.size(), 2u);
}

TEST(Registry, ListsEveryFormatOnceAndBytesLast) {
  std::vector<std::string_view> names;
  for (const Format* format : all_formats()) names.push_back(format->name());
  const std::vector<std::string_view> expected = {
      "las", "pcd",  "ply",  "tar",        "gguf",  "npy", "tflite", "onnx", "safetensors",
      "zip", "gzip", "zlib", "compressed", "frame", "log", "text",   "bytes"};
  EXPECT_EQ(names, expected);
}

TEST(Registry, FindsFormatsByName) {
  for (const Format* format : all_formats()) EXPECT_EQ(find_format(format->name()), format);
  EXPECT_EQ(find_format("no such format"), nullptr);
  EXPECT_EQ(find_format(""), nullptr);
}

TEST(Registry, EveryFormatNamesItsTypes) {
  for (const Format* format : all_formats()) {
    const auto types = format->types();
    EXPECT_FALSE(types.empty()) << format->name();
    EXPECT_EQ(std::set<SegmentType>(types.begin(), types.end()).size(), types.size())
        << format->name();
  }
}

TEST(Registry, ScoresAreWithinTheirRange) {
  const std::string text(1000, 'x');
  for (const Format* format : all_formats()) {
    for (const std::string_view head : {std::string_view(), std::string_view("\0", 1),
                                        std::string_view("word"), std::string_view(text)}) {
      const int score = format->detect(as_bytes(head), true);
      EXPECT_GE(score, 0) << format->name();
      EXPECT_LE(score, 100) << format->name();
    }
  }
}

TEST(Registry, AnythingIsAtLeastBytes) {
  EXPECT_EQ(detect_format({}, true).name(), "bytes");
  EXPECT_EQ(detect_format(as_bytes(std::string_view("\0\x01\x02\x03", 4)), true).name(), "bytes");
}

TEST(Registry, SegmentsOfAnEmptyInputAreNone) {
  for (const Format* format : all_formats()) {
    std::vector<Segment> segments;
    format->make_segmenter({})->feed({}, true, segments);
    EXPECT_TRUE(segments.empty()) << format->name();
  }
  std::vector<Segment> segments;
  DetectingSegmenter({}).feed({}, true, segments);
  EXPECT_TRUE(segments.empty());
}

TEST(Registry, ATextMayBeginWithASignatureMadeOfLetters) {
  for (const std::string_view start : {"PAR1", "GIF89a", "BZ3v1", "hsqs", "wOFF", "BZh91AY&SY"}) {
    const std::string text = std::string(start) + " is how such a file begins.\n";
    EXPECT_EQ(detect_format(as_bytes(text), true).name(), "text") << start;
  }
}

}  // namespace
}  // namespace pith

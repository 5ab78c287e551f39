// Which inputs are logs, and which parts of them.
#include "formats/log.h"

#include <gtest/gtest.h>

#include <string>

#include "formats/registry.h"

namespace pith {
namespace {

std::string repeat(const std::string& line, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += line + "\n";
  return text;
}

std::string_view detected(const std::string& text) {
  const ByteView bytes = as_bytes(text);
  return detect_format(bytes.first(std::min(bytes.size(), kDetectSize)), bytes.size() < kDetectSize)
      .name();
}

TEST(LogFormat, TakesLogs) {
  for (const char* line :
       {"Jun  9 06:07:26 combo udev[2566]: creating device node '/udev/vcsa5'",
        "50.16.19.13 - - [17/May/2015:12:05:18 +0000] \"GET /blog HTTP/1.1\" 200 14872",
        "[2016-12-19 16:31:49,784] WARN [Selector]: no broker",
        "2026-11-21 05:23:25.593 UTC [5327] postgres@b LOG:  duration: 0.010 ms",
        "1521911728.524472\tCMDTTe1pYjP5T2fXA9\t10.47.6.173\t38871\tudp",
        "081110 030942 6646 WARN dfs.DataNode: block",
        "20171223-22:15:55:855|Step_LSC|30002312|onExtend",
        "{\"_path\":\"weird\",\"notice\":false,\"peer\":\"zeek\"}"}) {
    EXPECT_EQ(detected(repeat(line, 50)), "log") << line;
    EXPECT_EQ(detected(repeat(std::string(line) + "\r", 3000)), "log") << line;
  }
  // Two lines of a trace for each line of a log.
  EXPECT_EQ(detected(repeat("2015-10-18 18:01:47,978 ERROR failed\n"
                            "\tat java.lang.Thread.run(Thread.java:745)\n"
                            "Caused by: java.io.IOException",
                            50)),
            "log");
}

TEST(LogFormat, LeavesTextAlone) {
  for (const char* line :
       {"In the beginning God created the heaven and the earth.", "Genesis 1:1 In the beginning",
        "int main(int argc, char** argv) { return argc > 12 ? 1 : 0; }",
        "<row id=\"1234567890\" name=\"x\">12</row>", "10/28/2014,Senate,CO,0.43,0.45",
        "  {\"id\": 12, \"name\": \"x\"},", "2B,410,AER,2965,KZN,2990,,0,CR2"}) {
    EXPECT_EQ(detected(repeat(line, 50)), "text") << line;
  }
  EXPECT_EQ(detected("12:00:00 a\n12:00:01 b\n"), "text");  // too little to tell
  EXPECT_EQ(detected(repeat("12:00:00 a", 2) + repeat("prose", 20)), "text");
}

TEST(LogFormat, BinaryAndEndlessStretchesAreSetApart) {
  constexpr size_t kWindow = size_t{64} << 10;
  std::string text = repeat("12:00:00 message number", 20000);
  text.resize(4 * kWindow);
  text.replace(kWindow, kWindow, kWindow, '\0');
  text.replace(3 * kWindow, kWindow, kWindow, 'x');
  for (const size_t piece : {size_t{1000}, text.size()}) {
    const auto segmenter = log_format().make_segmenter({});
    std::vector<Segment> segments;
    for (size_t at = 0; at < text.size(); at += piece) {
      const size_t size = std::min(piece, text.size() - at);
      segmenter->feed(as_bytes(text).subspan(at, size), at + size == text.size(), segments);
    }
    ASSERT_EQ(segments.size(), 4U);
    EXPECT_EQ(segments[0].type, SegmentType::kLog);
    EXPECT_EQ(segments[1].type, SegmentType::kBytes);
    EXPECT_EQ(segments[2].type, SegmentType::kLog);
    EXPECT_EQ(segments[3].type, SegmentType::kText);
    for (const Segment& segment : segments) EXPECT_EQ(segment.size, kWindow);
  }
}

}  // namespace
}  // namespace pith

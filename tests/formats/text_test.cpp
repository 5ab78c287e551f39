#include "formats/text.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace pith {
namespace {

using namespace std::string_view_literals;

bool is_text(std::string_view head) { return text_format().detect(as_bytes(head), true) > 0; }

std::string repeat(std::string_view piece, size_t times) {
  std::string text;
  for (size_t i = 0; i < times; ++i) text += piece;
  return text;
}

TEST(TextFormat, TakesAscii) {
  EXPECT_TRUE(is_text("The quick brown fox jumps over the lazy dog.\n"));
  EXPECT_TRUE(is_text("a,b,c\r\n1,2,3\r\n"));
  EXPECT_TRUE(is_text("\x1b[1mbold\x1b[0m N\bNA\bAM\bME\bE\f"));
  EXPECT_TRUE(is_text("{}[]()<>=+-*/%&|^!~;"));
}

TEST(TextFormat, TakesUtf8) {
  EXPECT_TRUE(
      is_text("\xef\xbb\xbf"
              "with a byte order mark\n"sv));
  EXPECT_TRUE(is_text("\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82"));  // Cyrillic
  EXPECT_TRUE(is_text("\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xb8\x96\xe7\x95\x8c"));  // Chinese
  EXPECT_TRUE(is_text("\xf0\x9f\x98\x80\xf0\x9f\x98\x81\xf0\x9f\x98\x82"));  // emoji
}

TEST(TextFormat, TakesACharacterCutOffAtTheEnd) {
  const std::string_view text = "\xe4\xbd\xa0\xe5\xa5\xbd\xf0\x9f\x98\x80";
  for (size_t size = 3; size <= text.size(); ++size) {
    EXPECT_TRUE(is_text(text.substr(0, size))) << size;
  }
}

TEST(TextFormat, RefusesWhatUtf8Forbids) {
  const std::string padding = "\xe4\xbd\xa0";  // keeps the share of ASCII low
  for (const std::string_view broken :
       {"\xc0\x80"sv, "\xe0\x80\x80"sv, "\xed\xa0\x80"sv, "\xf4\x90\x80\x80"sv,
        "\xf5\x80\x80\x80"sv, "\x80"sv, "\xff"sv,
        "\xe4\xbd"
        "a"sv}) {
    EXPECT_FALSE(is_text(padding + std::string(broken) + padding));
  }
}

TEST(TextFormat, TakesLatin1WithManyLetters) {
  EXPECT_TRUE(is_text("D\xe8s No\xebl o\xf9 un z\xe9phyr ha\xef me v\xeat de gla\xe7ons"));
  EXPECT_FALSE(is_text("\xe8\xeb\xf9\xe9\xef\xea\xe7\xe8\xeb\xf9 \xe9\xef\xea\xe7"));
}

TEST(TextFormat, RefusesNulsAndControls) {
  EXPECT_FALSE(is_text("a\0b"sv));
  EXPECT_FALSE(is_text(repeat("long text without end ", 3000) + '\0'));
  EXPECT_FALSE(
      is_text("a\x01"
              "b"));
  EXPECT_FALSE(
      is_text("a\x7f"
              "b"));
}

TEST(TextFormat, ToleratesTheOddStrayByteInALongText) {
  const std::string text = repeat("\xe4\xbd\xa0 a line of text\n", 100);
  EXPECT_TRUE(is_text(text + "\x1a"));
  EXPECT_TRUE(is_text(text + "\xff" + text));
  EXPECT_FALSE(is_text(text + repeat("\x01", 100)));
}

TEST(TextFormat, JudgesVeryShortInputs) {
  EXPECT_FALSE(is_text(""));
  EXPECT_TRUE(is_text("x"));
  EXPECT_TRUE(is_text("42\n"));
  EXPECT_TRUE(is_text("\xc3\xa9"));
  EXPECT_TRUE(is_text("caf\xe9"));
  EXPECT_FALSE(is_text("\x80"));
  EXPECT_FALSE(is_text("\x01"));
}

TEST(TextFormat, RefusesRandomBytes) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 100; ++round) {
    std::string bytes(4096, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    EXPECT_FALSE(is_text(bytes));
  }
}

TEST(TextFormat, RefusesUtf16) {
  EXPECT_FALSE(is_text("\xff\xfeh\0e\0l\0l\0o\0"sv));
  EXPECT_FALSE(is_text("\xfe\xff\0h\0e\0l\0l\0o"sv));
}

TEST(TextFormat, IsOneSegment) {
  const auto segmenter = text_format().make_segmenter({});
  std::vector<Segment> segments;
  segmenter->feed(as_bytes("one "), false, segments);
  segmenter->feed(as_bytes("two"), true, segments);
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_EQ(segments[0].size, 7u);
  EXPECT_EQ(segments[0].type, SegmentType::kText);
}

}  // namespace
}  // namespace pith

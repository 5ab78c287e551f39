// Places in markup, as the text models see them.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "codecs/text/markup_state.h"

namespace pith::text {
namespace {

// A document in which names have been closed, so that tags are believed to be tags.
constexpr std::string_view kBefore = "<doc><a>1</a>";

uint32_t place_behind(std::string_view text) {
  MarkupState state;
  for (const char c : text) state.advance(static_cast<uint8_t>(c));
  return state.place();
}

uint32_t place_behind(std::string_view before, std::string_view text) {
  return place_behind(std::string(before) + std::string(text));
}

std::vector<uint32_t> places_of(MarkupState& state, std::string_view text) {
  std::vector<uint32_t> places;
  for (const char c : text) {
    state.advance(static_cast<uint8_t>(c));
    places.push_back(state.place());
  }
  return places;
}

TEST(TextMarkup, RecordsAlikeHaveTheSamePlaces) {
  constexpr std::string_view kRecord = "<r id=\"7\"><n>abc</n><empty/><m x='a > b'>q</m></r>";
  MarkupState state;
  places_of(state, kBefore);
  places_of(state, kRecord);
  const auto places = places_of(state, kRecord);
  EXPECT_EQ(places_of(state, kRecord), places);
  for (const uint32_t place : places) EXPECT_NE(place, 0U);
}

TEST(TextMarkup, ElementsTellPlacesApart) {
  EXPECT_NE(place_behind(kBefore, "<n>1"), place_behind(kBefore, "<m>1"));
  EXPECT_NE(place_behind(kBefore, "<n>1"), place_behind(kBefore, "<n>2"));
  EXPECT_NE(place_behind(kBefore, "<n><m>1"), place_behind(kBefore, "<k><m>1"));
  // What was closed last tells what may be opened next.
  EXPECT_NE(place_behind(kBefore, "<n></n><"), place_behind(kBefore, "<m></m><"));
  EXPECT_NE(place_behind(kBefore, "<n/><"), place_behind(kBefore, "<m/><"));
  // A closing tag depends on the element alone.
  EXPECT_EQ(place_behind(kBefore, "<n>1</"), place_behind(kBefore, "<n><k/>2</"));
  EXPECT_NE(place_behind(kBefore, "<n>1</"), place_behind(kBefore, "<m>1</"));
  // Attributes are known by the tag's name and their own.
  EXPECT_EQ(place_behind(kBefore, "<n a=\"1\" b=\""), place_behind(kBefore, "<n c=\"3\" b=\""));
  EXPECT_NE(place_behind(kBefore, "<n a=\"1\" b=\""), place_behind(kBefore, "<m a=\"1\" b=\""));
}

TEST(TextMarkup, WhatIsNeverClosedIsNoMarkup) {
  for (const std::string_view text : {"for (i = 0; i < n; ++i) a > b;",
                                      "#include <vector>\nstd::vector<int> x", "a <- b", "</a>"}) {
    EXPECT_EQ(place_behind(text), 0U) << text;
    EXPECT_EQ(place_behind(text, "<n>"), 0U) << text;
  }
  EXPECT_EQ(place_behind(kBefore, "x < y"), 0U);
  EXPECT_NE(place_behind(kBefore, "x <y"), 0U);
}

TEST(TextMarkup, PlacesEndSomeWayBehindATag) {
  EXPECT_NE(place_behind(kBefore, std::string(15, 'x')), 0U);
  EXPECT_EQ(place_behind(kBefore, std::string(16, 'x')), 0U);
  std::string far(5000, 'x');
  EXPECT_EQ(place_behind(kBefore, far), 0U);
  far += "<n>";
  EXPECT_EQ(place_behind(kBefore, far), place_behind(kBefore, "<n>"));
}

TEST(TextMarkup, ElementsMayEndWithThoseAroundThem) {
  EXPECT_EQ(place_behind(kBefore, "<ul><li>a<li>b<br></ul>"), place_behind(kBefore, "<ul></ul>"));
  // A name that is not open closes nothing.
  EXPECT_EQ(place_behind(kBefore, "<ul></li></ul>"), place_behind(kBefore, "<ul></ul>"));
}

// A sanitizer sees what lies beside the stack.
TEST(TextMarkup, TooDeepElementsArePassedOver) {
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "<n" + std::to_string(i) + ">";
  for (int i = 1000; i-- > 0;) deep += "</n" + std::to_string(i) + ">";
  const std::string once = std::string(kBefore) + "<n0></n0>";
  EXPECT_NE(place_behind(kBefore, deep + "<a></a>"), 0U);
  EXPECT_EQ(place_behind(kBefore, deep + "</doc>" + once), place_behind(kBefore, "</doc>" + once));
}

}  // namespace
}  // namespace pith::text

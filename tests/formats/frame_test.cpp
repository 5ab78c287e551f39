// What counts as a frame of a laser scanner, by nothing but its numbers.
#include "formats/frame.h"

#include <functional>

#include "tests/support/found_clouds.h"

namespace pith {
namespace {

using namespace test;

class Dice {
 public:
  // 0 to 1.
  double operator()() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<double>(state_ >> 40) * 0x1p-24;
  }

 private:
  uint64_t state_ = 1;
};

std::string floats(size_t count, const std::function<double(size_t)>& value) {
  std::string bytes;
  for (size_t i = 0; i < count; ++i) bytes += f32(value(i));
  return bytes;
}

TEST(Frame, TakesScansOfAnyWidthAndOrder) {
  for (int width = 3; width <= 8; ++width) {
    for (const bool by_rings : {false, true}) {
      const std::string file = scan({.columns = 90, .floats = width, .by_rings = by_rings});
      EXPECT_EQ(detected_format(file), "frame") << width << by_rings;
      const PointLayout layout = layout_of("", file);
      EXPECT_EQ(layout.record_size, 4 * static_cast<uint32_t>(width)) << by_rings;
      EXPECT_EQ(layout.count, 0U);
      EXPECT_EQ(layout.fields.size(), static_cast<size_t>(width));
    }
  }
}

TEST(Frame, NamesItsFields) {
  EXPECT_EQ(fields_of(layout_of("", scan({.floats = 8}))),
            "x:f32@0/1 y:f32@4/2 z:f32@8/3 intensity:f32@12/4 ring:f32@16/5 5:f32@20 6:f32@24 "
            "7:f32@28");
  // A fifth column that holds the same everywhere is no ring.
  EXPECT_EQ(fields_of(layout_of("", scan({.columns = 600, .rings = 1, .floats = 5}))),
            "x:f32@0/1 y:f32@4/2 z:f32@8/3 intensity:f32@12/4 4:f32@16");
}

TEST(Frame, BeamsMayComeToNothing) {
  for (const unsigned lost : {5U, 15U, 25U}) {
    for (const bool nan : {false, true}) {
      const Scanner scanner{.lost_of_100 = lost, .lost_are_nan = nan};
      EXPECT_EQ(detected_format(scan(scanner)), "frame") << lost << nan;
      EXPECT_EQ(layout_of("frame", scan(scanner)).record_size, 16U) << lost << nan;
    }
  }
}

TEST(Frame, LooksAtItsFrontOnly) {
  const std::string front = scan({.columns = 200});
  ASSERT_GT(front.size(), kDetectSize);
  const std::string file = front + pattern(20001, 3);
  EXPECT_EQ(outline_of("", file), fmt::format("points {}, bytes 1", file.size() - 1));
  // A damaged front is none.
  EXPECT_NE(detected_format(front.substr(0, kDetectSize - 20) + std::string(20, '\xff')), "frame");
}

TEST(Frame, NeedsSomeHundredPoints) {
  EXPECT_EQ(detected_format(scan({.columns = 16})), "frame");
  EXPECT_NE(detected_format(scan({.columns = 15})), "frame");
  EXPECT_EQ(outline_of("frame", scan({.columns = 15})), "bytes 7680");
  EXPECT_EQ(outline_of("frame", ""), "");
}

TEST(Frame, LeavesOtherNumbersAlone) {
  Dice dice;
  double walk[6] = {5, -3, 2, 1, 0, 8};
  const std::pair<const char*, std::function<double(size_t)>> others[] = {
      {"zeros", [](size_t) { return 0; }},
      {"weights", [&](size_t) { return 0.05 * (dice() + dice() + dice() - 1.5); }},
      {"large weights", [&](size_t) { return 30 * (dice() + dice() + dice() - 1.5); }},
      {"random points in a box", [&](size_t i) { return i % 3 == 2 ? dice() : 80 * dice() - 40; }},
      {"steps", [](size_t i) { return static_cast<double>(i); }},
      {"a coarse grid", [](size_t i) { return static_cast<double>(i / 3 >> (4 * (i % 3)) & 15); }},
      {"pixels", [&](size_t i) { return 100.0 + (i % 3 == 0 ? 50 : 0) + 20 * dice(); }},
      {"random walks", [&](size_t i) { return walk[i % 6] += 0.2 * (dice() - 0.5); }},
      {"six sensors", [&](size_t i) { return (i % 6 == 2 ? 9.81 : 0.0) + 3 * (dice() - 0.5); }},
      {"far from the origin", [&](size_t i) { return (i % 3 == 0 ? 2000.0 : -3000.0) + dice(); }},
      {"too far", [&](size_t) { return 1e6 * dice(); }},
  };
  for (const auto& [name, value] : others) {
    EXPECT_NE(detected_format(floats(20000, value)), "frame") << name;
  }
  EXPECT_NE(detected_format(pattern(70000, 4)), "frame");
}

TEST(Frame, LeavesScansOfOtherTypesAlone) {
  // Behind three bytes, as doubles, or all at a hundredth of their size.
  EXPECT_NE(detected_format("abc" + scan({})), "frame");
  const std::string file = scan({});
  std::string doubles;
  std::string small;
  for (size_t at = 0; at < file.size(); at += 4) {
    float value = 0;
    std::memcpy(&value, file.data() + at, 4);
    doubles += f64(value);
    small += f32(value / 100);
  }
  EXPECT_NE(detected_format(doubles), "frame");
  EXPECT_NE(detected_format(small), "frame");
}

}  // namespace
}  // namespace pith

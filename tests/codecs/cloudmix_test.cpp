// The codec for point clouds by context mixing: what it finds in frames of scanners, and that
// whatever it is given comes back.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "codecs/cloud/spin.h"
#include "codecs/cloud/trig.h"
#include "codecs/cloudmix/cloudmix_codec.h"
#include "codecs/cloudmix/lattice.h"
#include "codecs/cloudmix/sweep.h"
#include "codecs/cloudmix/trail.h"
#include "tests/codecs/scanner_frames.h"

namespace pith {
namespace {

using cloudmix::Vector;
using test::on_grid;
using test::spin_frame;
using test::sweep_frame;
using test::trail_frame;

std::shared_ptr<PointLayout> layout_of(size_t floats) {
  auto layout = std::make_shared<PointLayout>();
  layout->record_size = static_cast<uint32_t>(4 * floats);
  const char* names[] = {"x", "y", "z", "intensity", "ring"};
  for (size_t f = 0; f < floats; ++f) {
    layout->fields.push_back({.name = f < 5 ? names[f] : "other",
                              .type = NumberType::kF32,
                              .role = f < 3    ? static_cast<FieldRole>(f + 1)
                                      : f == 3 ? FieldRole::kIntensity
                                      : f == 4 ? FieldRole::kRing
                                               : FieldRole::kOther,
                              .offset = static_cast<uint32_t>(4 * f)});
  }
  return layout;
}

ByteBuffer bytes_of(const std::vector<float>& numbers) {
  ByteBuffer bytes(numbers.size() * 4);
  std::memcpy(bytes.data(), numbers.data(), bytes.size());
  return bytes;
}

// Size of the payload; 0 if the codec declines. Checks that the block comes back.
size_t round_trip(const ByteBuffer& bytes, std::shared_ptr<const PointLayout> layout,
                  Level level = 9) {
  Segment segment{.size = bytes.size(), .type = SegmentType::kPoints, .layout = {}};
  segment.layout.points = std::move(layout);
  const BlockView block{.bytes = bytes, .segments = {&segment, 1}, .type = SegmentType::kPoints};
  ByteBuffer payload;
  uint64_t memory = 0;
  const auto outcome = cloudmix_codec().encode(block, level, payload, memory, nullptr);
  EXPECT_TRUE(outcome.has_value());
  if (!outcome.has_value() || *outcome == EncodeOutcome::kDeclined) return 0;
  ByteBuffer back(bytes.size());
  MemoryBudget budget(memory);
  const auto decoded = cloudmix_codec().decode(payload, back, budget, nullptr);
  EXPECT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_TRUE(equal(back, bytes));
  return payload.size();
}

std::vector<Vector> points_of(const std::vector<float>& numbers, size_t floats) {
  std::vector<Vector> points;
  for (size_t i = 0; i + floats <= numbers.size(); i += floats) {
    points.push_back({numbers[i], numbers[i + 1], numbers[i + 2]});
  }
  return points;
}

TEST(CloudMix, AnglesAreExact) {
  for (int i = -200; i <= 200; ++i) {
    const double turns = i / 97.0;
    const auto [c, s] = cloud::unit_vector(turns);
    EXPECT_NEAR(c, std::cos(turns * test::kTurn), 1e-9);
    EXPECT_NEAR(s, std::sin(turns * test::kTurn), 1e-9);
    const double back = cloud::turns_of(c, s);
    EXPECT_NEAR(std::remainder(back - turns, 1.0), 0, 1e-9);
  }
  EXPECT_EQ(cloud::turns_of(0, 0), 0);
}

TEST(CloudMix, FindsTheCalibrationOfASpinningScanner) {
  std::mt19937 random(1);
  const auto numbers = spin_frame(6, random);
  std::array<std::vector<int64_t>, 3> axes;
  for (size_t i = 0; i < numbers.size(); i += 4) {
    for (size_t axis = 0; axis < 3; ++axis) {
      axes[axis].push_back(std::llround(numbers[i + axis] * 1000));
    }
  }
  std::vector<cloud::SpinPoint> located;
  const auto plan = cloud::find_spin(axes[0], axes[1], axes[2], false, located);
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->steps, 2000U);  // every other one of 0.09 degrees
  EXPECT_EQ(plan->distance_step, 2);
  ASSERT_EQ(plan->lasers.size(), 6U);
  EXPECT_NEAR(std::abs(static_cast<double>(plan->lasers[0].aside)) / 64, 26, 1);
  // The calibration places nearly all points exactly.
  const cloud::SpinGeometry geometry(*plan);
  size_t exact = 0;
  size_t i = 0;
  for (size_t laser = 0; laser < plan->lasers.size(); ++laser) {
    for (uint32_t k = 0; k < plan->lasers[laser].points; ++k, ++i) {
      const auto place = geometry.place(laser, located[i].step, located[i].distance);
      exact += place.x == axes[0][i] && place.y == axes[1][i] && place.z == axes[2][i] ? 1 : 0;
    }
  }
  EXPECT_GT(exact, i * 8 / 10);
}

TEST(CloudMix, FindsTheLatticeOfTheMap) {
  std::mt19937 random(2);
  const double step = std::ldexp(1.0, -13);
  const auto plan = cloudmix::find_sweep(points_of(sweep_frame(600, step, random), 5));
  ASSERT_TRUE(plan.has_value());
  EXPECT_EQ(plan->lasers, 32U);
  EXPECT_EQ(plan->distance_step, 0.002);
  ASSERT_TRUE(plan->lattice.exists);
  EXPECT_NEAR(std::sqrt(cloudmix::dot(plan->lattice.first, plan->lattice.first)), 1 / step, 1);
  EXPECT_NEAR(std::sqrt(cloudmix::dot(plan->lattice.second, plan->lattice.second)), 1 / step, 1);
  const auto without = cloudmix::find_sweep(points_of(sweep_frame(600, 0, random), 5));
  ASSERT_TRUE(without.has_value());
  EXPECT_FALSE(without->lattice.exists);
}

TEST(CloudMix, FindsForerunners) {
  std::mt19937 random(3);
  std::vector<cloudmix::Follower> followers;
  const auto plan = cloudmix::find_trail(points_of(trail_frame(500, random), 3), followers);
  ASSERT_TRUE(plan.has_value());
  ASSERT_EQ(plan->sections.size(), 1U);
  const size_t matched = static_cast<size_t>(std::count_if(
      followers.begin(), followers.end(), [](const auto& one) { return one.back != 0; }));
  EXPECT_GT(matched, followers.size() * 8 / 10);
}

TEST(CloudMix, FramesOfScannersShrink) {
  std::mt19937 random(4);
  // Left to another codec.
  EXPECT_EQ(round_trip(bytes_of(spin_frame(6, random)), layout_of(4)), 0U);
  const auto sweep = bytes_of(sweep_frame(600, std::ldexp(1.0, -13), random));
  const size_t sweep_size = round_trip(sweep, layout_of(5));
  EXPECT_GT(sweep_size, 0U);
  EXPECT_LT(sweep_size, sweep.size() / 4);
  const auto trail = bytes_of(trail_frame(500, random));
  const size_t trail_size = round_trip(trail, layout_of(3));
  EXPECT_GT(trail_size, 0U);
  EXPECT_LT(trail_size, trail.size() / 2);
}

TEST(CloudMix, HigherLevelsAreNotLarger) {
  std::mt19937 random(5);
  const auto bytes = bytes_of(sweep_frame(600, std::ldexp(1.0, -13), random));
  const size_t seven = round_trip(bytes, layout_of(5), 7);
  const size_t nine = round_trip(bytes, layout_of(5), 9);
  EXPECT_GT(seven, 0U);
  EXPECT_LE(nine, seven + seven / 100);
}

TEST(CloudMix, OddNumbersComeBack) {
  std::mt19937 random(6);
  auto numbers = trail_frame(500, random);
  for (size_t i = 0; i < numbers.size(); i += 97) numbers[i] = -0.0F;
  for (size_t i = 5; i < numbers.size(); i += 1009) {
    numbers[i] = std::numeric_limits<float>::quiet_NaN();
  }
  numbers[40] = std::numeric_limits<float>::infinity();
  numbers[41] = 1e30F;
  numbers[80] = 1e-40F;
  EXPECT_GT(round_trip(bytes_of(numbers), layout_of(3)), 0U);
}

TEST(CloudMix, StraysInAFrameComeBack) {
  std::mt19937 random(7);
  auto sweep = sweep_frame(200, std::ldexp(1.0, -12), random);
  auto trail = trail_frame(400, random);
  for (auto* numbers : {&sweep, &trail}) {
    for (size_t i = 0; i < numbers->size(); i += 211) {
      (*numbers)[i] = static_cast<float>(static_cast<int32_t>(random())) * 1e-4F;
    }
    (*numbers)[1000] = std::numeric_limits<float>::infinity();
    (*numbers)[1003] = 3e38F;
  }
  EXPECT_GT(round_trip(bytes_of(sweep), layout_of(5)), 0U);
  EXPECT_GT(round_trip(bytes_of(trail), layout_of(3)), 0U);
}

TEST(CloudMix, CloudsWithoutAnOrderComeBack) {
  std::mt19937 random(8);
  std::normal_distribution<float> normal;
  std::vector<float> numbers(62 * 400);
  for (float& number : numbers) number = normal(random);
  const auto bytes = bytes_of(numbers);
  const size_t size = round_trip(bytes, layout_of(62));
  EXPECT_GT(size, 0U);
  // The exponents of such numbers have about two bits and a half.
  EXPECT_LT(size, bytes.size() * 30 / 32);
}

TEST(CloudMix, RecordsWithAHeadAndATailComeBack) {
  std::mt19937 random(9);
  const ByteBuffer bytes = bytes_of(trail_frame(60, random));
  constexpr size_t kHead = 19;
  constexpr size_t kTail = 7;
  ByteBuffer all(kHead + bytes.size() + kTail);
  std::fill(all.begin(), all.end(), std::byte{'h'});
  std::copy(bytes.begin(), bytes.end(), all.begin() + kHead);
  std::vector<Segment> segments(3);
  segments[0] = {.size = kHead, .type = SegmentType::kBytes, .layout = {}};
  segments[1] = {.size = bytes.size(), .type = SegmentType::kPoints, .layout = {}};
  segments[1].layout.points = layout_of(3);
  segments[1].layout.offset = 5;  // in the midst of a record
  segments[2] = {.size = kTail, .type = SegmentType::kBytes, .layout = {}};
  const BlockView block{.bytes = all, .segments = segments, .type = SegmentType::kPoints};
  ByteBuffer payload;
  uint64_t memory = 0;
  const auto outcome = cloudmix_codec().encode(block, 8, payload, memory, nullptr);
  ASSERT_TRUE(outcome.has_value());
  ASSERT_EQ(*outcome, EncodeOutcome::kEncoded);
  ByteBuffer back(all.size());
  MemoryBudget budget(memory);
  ASSERT_TRUE(cloudmix_codec().decode(payload, back, budget, nullptr).has_value());
  EXPECT_TRUE(equal(back, all));
  // Cut short, or with a budget that is too small, it is damaged.
  MemoryBudget again(memory);
  EXPECT_FALSE(cloudmix_codec()
                   .decode(ByteView(payload).first(payload.size() / 2), back, again, nullptr)
                   .has_value());
  MemoryBudget small(memory - 1);
  EXPECT_FALSE(cloudmix_codec().decode(payload, back, small, nullptr).has_value());
}

TEST(CloudMix, OtherBytesAreDeclined) {
  std::mt19937 random(10);
  ByteBuffer bytes(4096);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  EXPECT_EQ(round_trip(bytes, nullptr), 0U);
}

}  // namespace
}  // namespace pith

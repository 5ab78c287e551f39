// The mixer of the fast text model: every kernel gives the numbers that plain integers give.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/codecs/text_fast_mixer_test.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "codecs/text/fast_mixer-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::text {
namespace HWY_NAMESPACE {

// The outputs of all steps, then the weights. Some inputs and steps are at their limits.
std::vector<int32_t> RunFastMixer(uint32_t seed, int steps, int32_t first) {
  std::mt19937 random(seed);
  alignas(16) std::array<int32_t, kFastInputs> weights;
  weights.fill(first);
  std::vector<int32_t> trace;
  for (int step = 0; step < steps; ++step) {
    std::array<uint32_t, kFastInputs> inputs;
    for (uint32_t& input : inputs) {
      const auto dice = static_cast<int32_t>(random());
      const int32_t limit = model::kStretchLimit;
      const int32_t stretched = dice % 4 == 0 ? (dice < 0 ? -limit : limit) : dice % (limit + 1);
      input = static_cast<uint16_t>(stretched);
    }
    FastDot dot(inputs, weights.data());
    const int mixed = dot.mixed();
    trace.push_back(mixed);
    // Up to what the largest error at the highest rate makes; long in one direction.
    const auto size = static_cast<int32_t>(random() % 26700);
    dot.learn(step / 500 % 2 == 0 ? size : -size);
  }
  trace.insert(trace.end(), weights.begin(), weights.end());
  return trace;
}

}  // namespace HWY_NAMESPACE
}  // namespace pith::text
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pith::text {
namespace {

HWY_EXPORT(RunFastMixer);

TEST(FastMixer, AllKernelsGiveTheSameNumbers) {
  for (const int32_t first : {0, 1 << 26, -(1 << 28), 0x77FFFFFF}) {
    std::vector<int32_t> expected;
    for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
      hwy::SetSupportedTargetsForTest(target);
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
      const auto trace = HWY_DYNAMIC_DISPATCH(RunFastMixer)(1, 5000, first);
      hwy::SetSupportedTargetsForTest(0);
      hwy::GetChosenTarget().Update(hwy::SupportedTargets());
      if (expected.empty()) expected = trace;
      EXPECT_TRUE(trace == expected) << hwy::TargetName(target);
    }
    for (size_t i = 0; i < 5000; ++i) ASSERT_LE(std::abs(expected[i]), model::kStretchLimit);
    for (size_t i = 5000; i < expected.size(); ++i) ASSERT_LE(std::abs(expected[i]), 0x77FFFFFF);
  }
}

}  // namespace
}  // namespace pith::text
#endif

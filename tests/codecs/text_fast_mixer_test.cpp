// The mixers of the fast and the medium text model: every kernel gives the numbers that plain
// integers give.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/codecs/text_fast_mixer_test.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "codecs/text/fast_mixer-inl.h"
#include "codecs/text/medium_mixer-inl.h"
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

// The same for the medium one, whose first weights are `first` and whose rate is the highest.
std::vector<int32_t> RunMediumMixer(uint32_t seed, int steps, int32_t first) {
  std::mt19937 random(seed);
  alignas(64) std::array<int32_t, kMediumSets * kMediumInputs> weights;
  weights.fill(first);
  alignas(16) std::array<int32_t, kMediumSets> finals;
  finals.fill(kMediumFinalOne / 4);
  std::array<int32_t*, kMediumSets> rows;
  for (size_t set = 0; set < kMediumSets; ++set) rows[set] = &weights[set * kMediumInputs];
  std::vector<int32_t> trace;
  for (int step = 0; step < steps; ++step) {
    std::array<uint32_t, kMediumInputs> inputs;
    for (uint32_t& input : inputs) {
      const auto dice = static_cast<int32_t>(random());
      const int32_t limit = model::kStretchLimit;
      const int32_t stretched = dice % 4 == 0 ? (dice < 0 ? -limit : limit) : dice % (limit + 1);
      input = static_cast<uint16_t>(stretched);
    }
    MediumMixer mixer(inputs, rows, finals.data());
    const int mixed = mixer.mixed();
    trace.push_back(mixed);
    const uint32_t bit = step / 500 % 2 == 0 ? 1 : random() & 1;
    const auto target = static_cast<int32_t>(bit << 16);
    const int32_t error = target - static_cast<int32_t>(model::squash(mixed));
    mixer.learn(target, (error * 64) >> 10, 1728);
  }
  trace.insert(trace.end(), finals.begin(), finals.end());
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
HWY_EXPORT(RunMediumMixer);

// Runs `run` with every kernel, compares what they give, and returns it.
template <class Run>
std::vector<int32_t> same_of_all_kernels(const Run& run) {
  std::vector<int32_t> expected;
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    const auto trace = run();
    hwy::SetSupportedTargetsForTest(0);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    if (expected.empty()) expected = trace;
    EXPECT_TRUE(trace == expected) << hwy::TargetName(target);
  }
  return expected;
}

constexpr std::array<int32_t, 4> kFirstWeights = {0, 1 << 26, -(1 << 28), 0x77FFFFFF};

TEST(FastMixer, AllKernelsGiveTheSameNumbers) {
  for (const int32_t first : kFirstWeights) {
    const auto trace =
        same_of_all_kernels([&] { return HWY_DYNAMIC_DISPATCH(RunFastMixer)(1, 5000, first); });
    for (size_t i = 0; i < 5000; ++i) ASSERT_LE(std::abs(trace[i]), model::kStretchLimit);
    for (size_t i = 5000; i < trace.size(); ++i) ASSERT_LE(std::abs(trace[i]), 0x77FFFFFF);
  }
}

TEST(MediumMixer, AllKernelsGiveTheSameNumbers) {
  for (const int32_t first : kFirstWeights) {
    const auto trace =
        same_of_all_kernels([&] { return HWY_DYNAMIC_DISPATCH(RunMediumMixer)(1, 5000, first); });
    for (size_t i = 0; i < 5000; ++i) ASSERT_LE(std::abs(trace[i]), model::kStretchLimit);
    for (size_t i = 5000; i < 5004; ++i) ASSERT_LE(std::abs(trace[i]), 1 << 17);
    for (size_t i = 5004; i < trace.size(); ++i) ASSERT_LE(std::abs(trace[i]), 0x77FFFFFF);
  }
}

}  // namespace
}  // namespace pith::text
#endif

// The mixer, through every kernel that this compiler makes and this processor runs.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "codecs/model/logistic.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "tests/codecs/model_mixer_test.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "codecs/model/mixer-inl.h"
#include "hwy/highway.h"

#ifndef PITH_MODEL_MIXER_TEST_ONCE
#define PITH_MODEL_MIXER_TEST_ONCE
namespace pith::model {

// What a run of a mixer left behind.
struct MixerTrace {
  std::vector<int> outputs;
  std::vector<int32_t> weights;
  bool operator==(const MixerTrace&) const = default;
};

struct MixerRun {
  uint32_t seed = 0;
  int steps = 0;
  int32_t first = 0;
  int32_t rate = 0;
  bool extreme = false;  // inputs at their limits only, and bits that contradict them
};

}  // namespace pith::model
#endif

HWY_BEFORE_NAMESPACE();
namespace pith::model {
namespace HWY_NAMESPACE {

constexpr size_t kTestSets = 3;
constexpr size_t kTestRows = 5;

template <size_t kInputs>
MixerTrace RunOne(const MixerRun& run) {
  std::mt19937 random(run.seed);
  std::vector<int32_t> store(kTestSets * kTestRows * kInputs + 16);
  const size_t skip = (64 - reinterpret_cast<uintptr_t>(store.data()) % 64) % 64 / 4;
  const std::span<int32_t> weights(store.data() + skip, kTestSets * kTestRows * kInputs);
  MixerLayer<kInputs, kTestSets> mixer;
  mixer.place(weights, {kTestRows, kTestRows, kTestRows}, run.first);
  MixerTrace trace;
  for (int step = 0; step < run.steps; ++step) {
    // As in the largest layer: 40 inputs and some smaller ones.
    for (size_t i = 0; i < kInputs; ++i) {
      const auto dice = static_cast<int32_t>(random());
      const int limit = i < 40 ? kStretchLimit : 256;
      mixer.set_input(i, run.extreme ? ((dice & 8) != 0 ? limit : -limit) : dice % (limit + 1));
    }
    for (size_t set = 0; set < kTestSets; ++set) mixer.select(set, random() % kTestRows);
    mixer.mix();
    trace.outputs.insert(trace.outputs.end(), mixer.outputs, mixer.outputs + kTestSets);
    const auto likely = static_cast<uint32_t>(mixer.outputs[0] > 0);
    mixer.learn(run.extreme ? 1 - likely : static_cast<uint32_t>(random() & 1), run.rate);
  }
  trace.weights.assign(weights.begin(), weights.end());
  return trace;
}

MixerTrace RunMixer(size_t inputs, const MixerRun& run) {
  switch (inputs) {
    case 16:
      return RunOne<16>(run);
    case 32:
      return RunOne<32>(run);
    default:
      return RunOne<48>(run);
  }
}

// Mixes a good prediction with a useless one; gives what the good one's and the mixed one's code
// lengths are at the end, in bits, and the weights.
std::array<double, 4> LearnTheBetter(size_t better, uint32_t seed) {
  constexpr int kSteps = 20000;
  constexpr int kCounted = 10000;
  std::mt19937 random(seed);
  alignas(64) std::array<int32_t, 16> weights{};
  MixerLayer<16, 1> mixer;
  mixer.place(weights, {1}, 65536 / 4);
  mixer.select(0, 0);
  double good = 0;
  double mixed = 0;
  const auto cost = [](uint32_t p, uint32_t bit) {
    return -std::log2((bit != 0 ? p : 65536 - p) / 65536.0);
  };
  for (int step = 0; step < kSteps; ++step) {
    const int known = static_cast<int>(random() % 3001) - 1500;
    mixer.set_input(better, known);
    mixer.set_input(1 - better, static_cast<int>(random() % 3001) - 1500);
    mixer.mix();
    const uint32_t bit = random() % 65536 < squash(known) ? 1 : 0;
    if (step >= kSteps - kCounted) {
      good += cost(squash(known), bit);
      mixed += cost(squash(mixer.outputs[0]), bit);
    }
    mixer.learn(bit, 128);
  }
  return {good / kCounted, mixed / kCounted, weights[better] / 65536.0,
          weights[1 - better] / 65536.0};
}

// The first output of a mixer whose weights are all `first`, for these inputs.
int MixOnce(const std::array<int32_t, 16>& inputs, int32_t first) {
  alignas(64) std::array<int32_t, 32> weights{};
  MixerLayer<16, 2> mixer;
  mixer.place(weights, {1, 1}, first);
  for (size_t i = 0; i < inputs.size(); ++i) mixer.set_input(i, inputs[i]);
  mixer.select(0, 0);
  mixer.select(1, 0);
  mixer.mix();
  return mixer.outputs[0] == mixer.outputs[1] ? mixer.outputs[0] : kStretchLimit + 1;
}

// The output for the inputs of the largest layer (that of shape 9), all at their limits, with the
// largest weights there can be.
int MixLargest(int sign, int weight_sign) {
  alignas(64) std::array<int32_t, 48> weights{};
  MixerLayer<48, 1> mixer;
  mixer.place(weights, {1}, weight_sign * kMaxWeight);
  for (size_t i = 0; i < 44; ++i) {
    mixer.set_input(i, sign * (i < 40 ? kStretchLimit : i < 43 ? 1024 : 256));
  }
  mixer.select(0, 0);
  mixer.mix();
  return mixer.outputs[0];
}

}  // namespace HWY_NAMESPACE
}  // namespace pith::model
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pith::model {
namespace {

HWY_EXPORT(RunMixer);
HWY_EXPORT(LearnTheBetter);
HWY_EXPORT(MixOnce);
HWY_EXPORT(MixLargest);

// Calls `check` with the name of each target while that target is the only one.
template <class Check>
void with_each_target(const Check& check) {
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    check(hwy::TargetName(target));
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

TEST(Mixer, AllKernelsGiveTheSameNumbers) {
  const MixerRun kRuns[] = {
      {.seed = 1, .steps = 2000, .first = 65536 * 3 / 10, .rate = 128},
      {.seed = 2, .steps = 2000, .first = 0, .rate = 1664},
      {.seed = 3, .steps = 2000, .first = 65536 * 14 / 100, .rate = 1664, .extreme = true},
      {.seed = 4, .steps = 2000, .first = -65536, .rate = 20, .extreme = true},
  };
  for (const size_t inputs : {size_t{16}, size_t{32}, size_t{48}}) {
    for (const MixerRun& run : kRuns) {
      MixerTrace expected;
      with_each_target([&](const char* name) {
        const MixerTrace trace = HWY_DYNAMIC_DISPATCH(RunMixer)(inputs, run);
        if (expected.weights.empty()) expected = trace;
        EXPECT_TRUE(trace == expected) << name << ", " << inputs << " inputs, seed " << run.seed;
      });
      EXPECT_EQ(expected.outputs.size(), static_cast<size_t>(run.steps) * 3);
      for (const int output : expected.outputs) ASSERT_LE(std::abs(output), kStretchLimit);
    }
  }
}

TEST(Mixer, ThereIsMoreThanOneKernel) {
  EXPECT_GE(hwy::SupportedAndGeneratedTargets().size(), 1U);
#if defined(__x86_64__) && !defined(HWY_COMPILE_ONLY_STATIC)
  // A processor with AVX2 runs that and the baseline.
  if (__builtin_cpu_supports("avx2")) {
    EXPECT_GE(hwy::SupportedAndGeneratedTargets().size(), 2U);
  }
#endif
}

TEST(Mixer, LearnsTheBetterOfTwoInputs) {
  with_each_target([](const char* name) {
    for (const size_t better : {size_t{0}, size_t{1}}) {
      const auto [good, mixed, own, other] = HWY_DYNAMIC_DISPATCH(LearnTheBetter)(better, 5);
      EXPECT_LT(mixed, good * 1.05) << name;
      EXPECT_NEAR(own, 1, 0.3) << name;
      EXPECT_NEAR(other, 0, 0.3) << name;
    }
  });
}

TEST(Mixer, AddsWeightedInputs) {
  with_each_target([](const char* name) {
    std::mt19937 random(6);
    for (int trial = 0; trial < 200; ++trial) {
      std::array<int32_t, 16> inputs{};
      int64_t sum = 0;
      for (int32_t& input : inputs) {
        input = static_cast<int32_t>(random() % 2000) - 1000;
        sum += input;
      }
      const int32_t first = static_cast<int32_t>(random() % 131072) - 65536;
      const auto expected = static_cast<double>(sum) * first / 65536;
      const int output = HWY_DYNAMIC_DISPATCH(MixOnce)(inputs, first);
      EXPECT_NEAR(output, std::clamp<double>(expected, -kStretchLimit, kStretchLimit), 8) << name;
    }
  });
}

// No sum leaves 32 bits at the weights' bound, where it would change its sign.
TEST(Mixer, TheLargestSumHasItsSign) {
  with_each_target([](const char* name) {
    for (const int sign : {1, -1}) {
      for (const int weights : {1, -1}) {
        const int output = HWY_DYNAMIC_DISPATCH(MixLargest)(sign, weights);
        EXPECT_EQ(output, sign * weights * kStretchLimit) << name;
      }
    }
  });
}

TEST(Mixer, WeightsStayBounded) {
  // The bits always contradict: the weights run against their bounds.
  const MixerRun run{.seed = 7, .steps = 20000, .first = 0, .rate = 2047, .extreme = true};
  const MixerTrace trace = HWY_DYNAMIC_DISPATCH(RunMixer)(16, run);
  for (const int32_t weight : trace.weights) {
    EXPECT_LE(std::abs(weight), HWY_NAMESPACE::kMaxWeight);
  }
}

}  // namespace
}  // namespace pith::model
#endif

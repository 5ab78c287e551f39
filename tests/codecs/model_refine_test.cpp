// The last steps of a prediction: adaptive probability maps and the calibration cells.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "codecs/model/apm.h"
#include "codecs/model/calibration.h"
#include "codecs/model/logistic.h"

namespace pith::model {
namespace {

// --- adaptive probability maps ------------------------------------------------------------------

constexpr size_t kContexts = 3;
constexpr int kRate = 6;

struct ApmUnderTest {
  std::vector<uint16_t> knots = std::vector<uint16_t>(kContexts * kApmKnots);
  Apm apm{knots};
};

TEST(Apm, ChangesNothingAtFirst) {
  ApmUnderTest test;
  for (size_t context = 0; context < kContexts; ++context) {
    uint32_t last = 0;
    for (int x = -kStretchLimit; x <= kStretchLimit; ++x) {
      const uint32_t p = test.apm.refine(x, context);
      ASSERT_NEAR(p, squash(x), 1000);
      ASSERT_GE(p, last);
      last = p;
    }
  }
}

TEST(Apm, RefinesABiasedProbability) {
  for (const double truth : {0.02, 0.5, 0.9}) {
    ApmUnderTest test;
    std::mt19937 random(1);
    std::bernoulli_distribution ones(truth);
    const int given = stretch(65536 / 5);
    double sum = 0;
    for (int i = 0; i < 20000; ++i) {
      const uint32_t p = test.apm.refine(given, 1);
      if (i >= 10000) sum += p;
      test.apm.update(ones(random) ? 1 : 0, kRate);
    }
    // Only the nearer knot learns: the other one still pulls a little.
    const double refined = sum / 10000 / 65536;
    EXPECT_LT(std::abs(refined - truth), std::abs(0.2 - truth) * 0.6);
  }
}

TEST(Apm, LearnsForOneContextAndNearbyProbabilitiesOnly) {
  ApmUnderTest test;
  const std::vector<uint16_t> before = test.knots;
  for (int i = 0; i < 1000; ++i) {
    test.apm.refine(100, 1);
    test.apm.update(1, kRate);
  }
  size_t changed = 0;
  for (size_t i = 0; i < before.size(); ++i) {
    if (test.knots[i] == before[i]) continue;
    ++changed;
    EXPECT_EQ(i / kApmKnots, 1U);
    EXPECT_GT(test.knots[i], before[i]);
  }
  EXPECT_EQ(changed, 1U);
}

TEST(Apm, StaysInRange) {
  for (const uint32_t bit : {0U, 1U}) {
    for (const int x : {-kStretchLimit, -1, 0, 1, kStretchLimit}) {
      ApmUnderTest test;
      uint32_t last = test.apm.refine(x, 0);
      for (int i = 0; i < 5000; ++i) {
        const uint32_t p = test.apm.refine(x, 0);
        ASSERT_LE(p, 65535U);
        ASSERT_TRUE(bit != 0 ? p >= last : p <= last);
        last = p;
        test.apm.update(bit, kRate);
      }
    }
  }
}

TEST(Apm, InterpolatesBetweenItsKnots) {
  ApmUnderTest test;
  for (size_t i = 0; i < test.knots.size(); ++i) test.knots[i] = i % 2 == 0 ? 0 : 64000;
  uint32_t least = 64000;
  uint32_t most = 0;
  uint32_t last = test.apm.refine(-kStretchLimit, 2);
  for (int x = -kStretchLimit; x <= kStretchLimit; ++x) {
    const uint32_t p = test.apm.refine(x, 2);
    ASSERT_LE(std::abs(static_cast<int>(p) - static_cast<int>(last)), 64000 / 16) << x;
    least = std::min(least, p);
    most = std::max(most, p);
    last = p;
  }
  EXPECT_LT(least, 4000U);
  EXPECT_GT(most, 60000U);
}

// --- calibration --------------------------------------------------------------------------------

// A cell that has been given `p` while a 1 came with the probability `truth`.
CalibrationCell taught(uint32_t p, double truth, int bits, uint32_t seed) {
  std::mt19937 random(seed);
  std::bernoulli_distribution ones(truth);
  CalibrationCell cell;
  for (int i = 0; i < bits; ++i) cell.learn(ones(random) ? 1 : 0, p);
  return cell;
}

TEST(Calibration, IsNeutralAtFirst) {
  const CalibrationCell cell;
  for (uint32_t p = 1; p < 65536; ++p) EXPECT_EQ(calibrated(p, cell), p);
}

TEST(Calibration, RemovesABias) {
  for (const double truth : {0.001, 0.1, 0.5, 0.7, 0.999}) {
    for (const double bias : {-0.08, -0.01, 0.01, 0.08}) {
      const double given = truth + bias;
      if (given <= 0 || given >= 1) continue;
      const auto p = static_cast<uint32_t>(given * 65536);
      const CalibrationCell cell = taught(p, truth, 200000, 1);
      EXPECT_NEAR(calibrated(p, cell) / 65536.0, truth, 0.005) << given;
    }
  }
}

TEST(Calibration, StaysNeutralWhereNothingIsWrong) {
  for (const double truth : {0.01, 0.2, 0.5, 0.99}) {
    const auto p = static_cast<uint32_t>(std::lround(truth * 65536));
    double moved = 0;
    double mean = 0;
    for (uint32_t seed = 0; seed < 100; ++seed) {
      const CalibrationCell cell = taught(p, truth, 4000, seed);
      const double deviation = std::sqrt(truth * (1 - truth) / 4000) * 65536;
      EXPECT_LT(std::abs(cell.correction), 5 * deviation);
      moved += std::abs(cell.correction);
      mean += std::abs(static_cast<double>(cell.residual) / cell.count);
    }
    EXPECT_LT(moved, mean * 0.7);  // what is left is shrunk
  }
}

TEST(Calibration, ShrinksWhatIsNotSignificantAndNothingElse) {
  size_t shrunk = 0;
  size_t whole = 0;
  for (uint32_t seed = 0; seed < 400; ++seed) {
    std::mt19937 random(seed);
    const auto p = static_cast<uint32_t>(2000 + random() % 60000);
    const double truth = std::clamp(p / 65536.0 + (seed % 4) * 0.02, 0.0, 1.0);
    const CalibrationCell cell = taught(p, truth, 8 * (1 + static_cast<int>(random() % 300)), seed);
    const auto residual = static_cast<double>(cell.residual);
    const auto energy = static_cast<double>(cell.energy);
    const double mean = residual / cell.count;
    EXPECT_GE(cell.correction * mean, 0);
    EXPECT_LE(std::abs(cell.correction), std::abs(mean));
    if (residual * residual < energy) {
      ++shrunk;
      EXPECT_LE(std::abs(cell.correction), std::abs(mean) * 0.5);
    } else if (residual * residual > 16 * energy) {
      ++whole;
      EXPECT_NEAR(cell.correction, mean, 1.0);
    }
  }
  EXPECT_GT(shrunk, 50U);
  EXPECT_GT(whole, 10U);
}

TEST(Calibration, ForgetsTheOldWhenItsWindowIsFull) {
  constexpr uint32_t kWindow = 1U << 20;
  CalibrationCell cell;
  std::mt19937 random(3);
  bool halved = false;
  for (uint32_t i = 0; i < 3 * kWindow; ++i) {
    const CalibrationCell before = cell;
    cell.learn(random() % 8 == 0 ? 1 : 0, 4096);  // 1/8 comes where 1/16 was given
    ASSERT_LT(cell.count, kWindow);
    if (cell.count < before.count) {
      halved = true;
      EXPECT_NEAR(cell.count, kWindow / 2, 1);
      EXPECT_NEAR(static_cast<double>(cell.residual) / static_cast<double>(before.residual), 0.5,
                  0.001);
      EXPECT_NEAR(static_cast<double>(cell.energy) / static_cast<double>(before.energy), 0.5,
                  0.001);
    }
  }
  EXPECT_TRUE(halved);
  EXPECT_NEAR(calibrated(4096, cell), 8192, 200);
}

// Residuals as large as they can get, in both directions: nothing overflows.
TEST(Calibration, CorrectsTheWorstOfErrors) {
  for (const uint32_t bit : {0U, 1U}) {
    const uint32_t p = bit != 0 ? 0 : 65535;
    CalibrationCell cell;
    for (uint32_t i = 1; i <= 3U << 20; ++i) {
      cell.learn(bit, p);
      if (i < 1024 || i % 4096 != 0) continue;
      const uint32_t corrected = calibrated(p, cell);
      ASSERT_TRUE(bit != 0 ? corrected > 62000 : corrected < 3536) << i << " " << corrected;
    }
  }
}

TEST(Calibration, IsAlwaysAProbability) {
  CalibrationCell cell;
  for (const int32_t correction : {-65536, -70, 0, 70, 65536}) {
    cell.correction = correction;
    for (const uint32_t p : {0U, 1U, 2U, 32768U, 65534U, 65535U}) {
      EXPECT_GE(calibrated(p, cell), 1U);
      EXPECT_LE(calibrated(p, cell), 65535U);
    }
  }
}

}  // namespace
}  // namespace pith::model

// The logistic domain: the tables against values that the test computes by itself.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "codecs/model/logistic.h"

namespace pith::model {
namespace {

long double exact_squash(int x) { return 65536.0L / (1.0L + std::exp(-x / 256.0L)); }

// What one step of the stretched value is worth at `p`.
long double step_at(long double p) { return p * (65536 - p) / 65536 / 256; }

TEST(Logistic, SquashIsTheLogisticFunction) {
  for (int x = -kStretchLimit; x <= kStretchLimit; ++x) {
    EXPECT_NEAR(static_cast<double>(squash(x)), static_cast<double>(exact_squash(x)), 1.0) << x;
  }
}

TEST(Logistic, SquashTakesTheWholeRange) {
  EXPECT_EQ(squash(-kStretchLimit), 1U);
  EXPECT_EQ(squash(kStretchLimit), 65535U);
  EXPECT_EQ(squash(0), 32768U);
  for (int x = -kStretchLimit; x <= kStretchLimit; ++x) {
    ASSERT_GE(squash(x), 1U);
    ASSERT_LE(squash(x), 65535U);
  }
}

TEST(Logistic, SquashRisesAndIsSymmetric) {
  for (int x = -kStretchLimit; x <= kStretchLimit; ++x) {
    if (x > -kStretchLimit) {
      ASSERT_GE(squash(x), squash(x - 1)) << x;
    }
    ASSERT_EQ(squash(x) + squash(-x), 65536U) << x;
  }
}

TEST(Logistic, StretchRisesWithinItsLimit) {
  for (uint32_t p = 0; p < 65536; ++p) {
    ASSERT_LE(std::abs(stretch(p)), kStretchLimit) << p;
    if (p > 0) {
      ASSERT_GE(stretch(p), stretch(p - 1)) << p;
    }
  }
  EXPECT_EQ(squash(stretch(0)), 1U);
  EXPECT_EQ(squash(stretch(65535)), 65535U);
  EXPECT_LE(std::abs(stretch(32768)), 1);
}

TEST(Logistic, StretchIsSymmetric) {
  for (uint32_t p = 1; p < 65536; ++p) {
    // Between the extremes the table has an entry for several probabilities.
    ASSERT_LE(std::abs(stretch(p) + stretch(65536 - p)), 9) << p;
  }
}

TEST(Logistic, StretchIsTheInverse) {
  for (uint32_t p = 1; p < 65536; ++p) {
    // An entry for several probabilities, and a step of the stretched value.
    const auto extreme = static_cast<double>(std::min(p, 65536 - p));
    const double tolerance = std::min(17.0, extreme / 32) + 2 +
                             static_cast<double>(step_at(static_cast<long double>(p)));
    ASSERT_NEAR(squash(stretch(p)), p, tolerance) << p;
  }
  for (int x = -kStretchLimit; x <= kStretchLimit; ++x) {
    // Where a step is less than one in 65536, several stretched values have the same probability.
    const double tolerance = 2 + 17 / static_cast<double>(step_at(exact_squash(x)));
    ASSERT_NEAR(stretch(squash(x)), x, tolerance) << x;
  }
}

TEST(Logistic, ClampKeepsWhatTheTablesHold) {
  EXPECT_EQ(clamp_stretch(-1000000), -kStretchLimit);
  EXPECT_EQ(clamp_stretch(1000000), kStretchLimit);
  for (const int x : {-kStretchLimit, -1, 0, 1, kStretchLimit}) EXPECT_EQ(clamp_stretch(x), x);
}

}  // namespace
}  // namespace pith::model

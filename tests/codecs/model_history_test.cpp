// Bit histories, and the probabilities that are learned for them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "codecs/model/bit_history.h"
#include "codecs/model/history_map.h"

namespace pith::model {
namespace {

constexpr uint32_t kBits[] = {0, 1};

uint32_t own(const BitHistory& state, uint32_t bit) { return bit != 0 ? state.n1 : state.n0; }
uint32_t other(const BitHistory& state, uint32_t bit) { return own(state, 1 - bit); }

uint8_t number_of(const BitHistory& state) {
  const auto& all = bit_histories();
  const auto found = std::find(all.begin(), all.end(), state);
  EXPECT_NE(found, all.end());
  return static_cast<uint8_t>(found - all.begin());
}

// The state that `bits` lead to from nothing.
template <class Bits>
uint8_t after(const Bits& bits) {
  uint8_t state = 0;
  for (const uint32_t bit : bits) state = next_history(state, bit);
  return state;
}

TEST(BitHistories, AreDistinctAndAllReached) {
  std::set<uint8_t> reached = {0};
  std::vector<uint8_t> open = {0};
  while (!open.empty()) {
    const uint8_t state = open.back();
    open.pop_back();
    for (const uint32_t bit : kBits) {
      const uint8_t next = next_history(state, bit);
      ASSERT_LT(next, kBitHistories);
      if (reached.insert(next).second) open.push_back(next);
    }
  }
  EXPECT_EQ(reached.size(), kBitHistories);
  EXPECT_LE(kBitHistories, 256U);
  const auto& all = bit_histories();
  for (size_t i = 0; i < kBitHistories; ++i) {
    for (size_t k = 0; k < i; ++k) ASSERT_FALSE(all[i] == all[k]) << i << " " << k;
  }
}

TEST(BitHistories, AreNumberedByEvidence) {
  const auto& all = bit_histories();
  EXPECT_EQ(all[0].n0 + all[0].n1, 0);
  for (size_t i = 1; i < kBitHistories; ++i) {
    EXPECT_GE(all[i].n0 + all[i].n1, all[i - 1].n0 + all[i - 1].n1) << i;
    EXPECT_GT(all[i].n0 + all[i].n1, 0);
  }
}

TEST(BitHistories, KeepTheirBounds) {
  constexpr auto& kBound = bit_history_detail::kBound;
  for (const BitHistory& state : bit_histories()) {
    const size_t low = std::min(state.n0, state.n1);
    const size_t high = std::max(state.n0, state.n1);
    ASSERT_LT(low, kBound.size());
    EXPECT_LE(high, kBound[low]);
    EXPECT_LE(state.last, low > 0 ? 1 : 0);
  }
}

TEST(BitHistories, ABitRaisesItsCountAndDiscountsTheOther) {
  const auto& all = bit_histories();
  for (size_t i = 0; i < kBitHistories; ++i) {
    for (const uint32_t bit : kBits) {
      const BitHistory& before = all[i];
      const BitHistory& next = all[next_history(static_cast<uint8_t>(i), bit)];
      EXPECT_LE(own(next, bit), own(before, bit) + 1);
      EXPECT_GE(own(next, bit), 1U);
      if (other(before, bit) <= 2) {
        EXPECT_EQ(other(next, bit), other(before, bit));
      } else {
        EXPECT_LT(other(next, bit), other(before, bit));
        EXPECT_LE(other(next, bit), std::min(other(before, bit) / 2 + 1, 7U));
        EXPECT_GE(other(next, bit), 2U);
      }
      if (next.n0 != 0 && next.n1 != 0) {
        EXPECT_EQ(next.last, bit);
      }
    }
  }
}

TEST(BitHistories, CountExactlyAtFirst) {
  EXPECT_EQ(after(std::vector<uint32_t>{1}), number_of({.n0 = 0, .n1 = 1, .last = 0}));
  EXPECT_EQ(after(std::vector<uint32_t>{0, 0}), number_of({.n0 = 2, .n1 = 0, .last = 0}));
  EXPECT_EQ(after(std::vector<uint32_t>{0, 1}), number_of({.n0 = 1, .n1 = 1, .last = 1}));
  EXPECT_EQ(after(std::vector<uint32_t>{1, 0}), number_of({.n0 = 1, .n1 = 1, .last = 0}));
  EXPECT_EQ(after(std::vector<uint32_t>{1, 0, 1}), number_of({.n0 = 1, .n1 = 2, .last = 1}));
}

TEST(BitHistories, RunsEndInTheStrongestState) {
  for (const uint32_t bit : kBits) {
    uint8_t state = 0;
    for (int i = 0; i < 300; ++i) state = next_history(state, bit);
    EXPECT_EQ(next_history(state, bit), state);
    EXPECT_EQ(own(bit_histories()[state], bit), bit_history_detail::kBound[0]);
    EXPECT_EQ(other(bit_histories()[state], bit), 0U);
  }
}

TEST(BitHistories, TreatZerosAndOnesAlike) {
  const auto mirrored = [](const BitHistory& state) {
    const bool mixed = state.n0 != 0 && state.n1 != 0;
    return number_of(
        {.n0 = state.n1, .n1 = state.n0, .last = static_cast<uint8_t>(mixed ? 1 - state.last : 0)});
  };
  for (size_t i = 0; i < kBitHistories; ++i) {
    for (const uint32_t bit : kBits) {
      const uint8_t next = next_history(static_cast<uint8_t>(i), bit);
      EXPECT_EQ(next_history(mirrored(bit_histories()[i]), 1 - bit),
                mirrored(bit_histories()[next]));
    }
  }
}

constexpr uint32_t kLimits[] = {4, 30, 254, kMaxRateCount};

TEST(AdaptiveProbability, BeginsAtOneHalf) { EXPECT_EQ(AdaptiveProbability().p16(), 32768U); }

TEST(AdaptiveProbability, BeginsWhereItIsPut) {
  for (const uint32_t p : {0U, 1U, 777U, 65535U}) EXPECT_EQ(AdaptiveProbability(p, 6).p16(), p);
}

TEST(AdaptiveProbability, FindsTheShareOfOnes) {
  for (const double share : {0.02, 0.3, 0.5, 0.95}) {
    std::mt19937 random(1);
    std::bernoulli_distribution ones(share);
    AdaptiveProbability probability;
    double sum = 0;
    for (int i = 0; i < 20000; ++i) {
      probability.update(ones(random) ? 1 : 0, kMaxRateCount);
      if (i >= 10000) sum += probability.p16();
    }
    EXPECT_NEAR(sum / 10000 / 65536, share, 0.02);
    EXPECT_NEAR(probability.p16() / 65536.0, share, 0.06);
  }
}

TEST(AdaptiveProbability, StaysInRangeWhateverComes) {
  for (const uint32_t limit : kLimits) {
    for (const uint32_t first : {0U, 1U, 32768U, 65535U}) {
      for (const uint32_t bit : kBits) {
        AdaptiveProbability probability(first, 0);
        uint32_t last = probability.p16();
        for (int i = 0; i < 30000; ++i) {
          probability.update(bit, limit);
          const uint32_t p = probability.p16();
          ASSERT_LE(p, 65535U);
          ASSERT_TRUE(bit != 0 ? p >= last : p <= last);
          last = p;
        }
        EXPECT_TRUE(bit != 0 ? last > 65000 : last < 536) << last;
      }
    }
  }
}

TEST(AdaptiveProbability, LearnsFastAtFirstAndSlowlyLater) {
  const auto step_after = [](int updates, uint32_t limit) {
    AdaptiveProbability probability;
    for (int i = 0; i < updates; ++i) probability.update(static_cast<uint32_t>(i & 1), limit);
    const uint32_t before = probability.p16();
    probability.update(1, limit);
    return (probability.p16() - before) / (65536.0 - before);
  };
  EXPECT_NEAR(step_after(0, kMaxRateCount), 1 / 1.5, 0.01);
  EXPECT_GT(step_after(0, 255), step_after(4, 255));
  EXPECT_GT(step_after(4, 255), step_after(40, 255));
  EXPECT_GT(step_after(40, 255), step_after(250, 255));
  // The limit ends the slowing down.
  for (const uint32_t limit : {4U, 30U, 254U}) {
    EXPECT_NEAR(step_after(2000, limit), 1 / (limit + 1.5), 0.1 / limit);
  }
}

TEST(HistoryMap, SaysNothingOfWhatItHasNotSeen) {
  HistoryMap map;
  EXPECT_EQ(map.stretched(0), 0);
  for (int i = 0; i < 1000; ++i) map.update(0, 1, 254);
  EXPECT_EQ(map.stretched(0), 0);
}

TEST(HistoryMap, BeginsByTheCounts) {
  const HistoryMap map;
  for (size_t i = 1; i < kBitHistories; ++i) {
    const BitHistory& state = bit_histories()[i];
    const auto number = static_cast<uint8_t>(i);
    const double share = (state.n1 + 0.5) / (state.n0 + state.n1 + 1);
    EXPECT_NEAR(map.p16(number) / 65536.0, share, 0.06);
    if (state.n1 > state.n0) {
      EXPECT_GT(map.stretched(number), 0);
    } else if (state.n1 < state.n0) {
      EXPECT_LT(map.stretched(number), 0);
    }
    EXPECT_LE(std::abs(map.stretched(number)), kStretchLimit);
  }
  uint8_t state = next_history(0, 0);  // a longer run says more
  for (int run = 1; run < 20; ++run) {
    const uint8_t next = next_history(state, 0);
    EXPECT_LT(map.stretched(next), map.stretched(state));
    state = next;
  }
}

TEST(HistoryMap, LearnsForOneHistoryAtATime) {
  HistoryMap map;
  const HistoryMap fresh;
  constexpr uint8_t kTaught = 7;
  for (int i = 0; i < 2000; ++i) map.update(kTaught, i % 10 == 0 ? 0 : 1, 254);
  EXPECT_NEAR(map.p16(kTaught) / 65536.0, 0.9, 0.05);
  EXPECT_EQ(map.stretched(kTaught), stretch(map.p16(kTaught)));
  for (size_t i = 0; i < kBitHistories; ++i) {
    const auto state = static_cast<uint8_t>(i);
    if (state == kTaught) continue;
    EXPECT_EQ(map.p16(state), fresh.p16(state));
    EXPECT_EQ(map.stretched(state), fresh.stretched(state));
  }
}

}  // namespace
}  // namespace pith::model

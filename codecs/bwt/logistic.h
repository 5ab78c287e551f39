// The logistic function and its inverse in integers.
//
// Logits are in 1/256 and lie within ±2047; probabilities are in 1/65536. Both tables follow from
// the 33 constants of kLogisticKnots alone, so that every machine has the same.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace pith::bwt {

inline constexpr int kMaxLogit = 2047;

// 65536 / (1 + e^-x), rounded, for x = -8, -7.5, … 8.
inline constexpr std::array<int32_t, 33> kLogisticKnots = {
    22,    36,    60,    98,    162,   267,   439,   720,   1179,  1921,  3108,
    4971,  7812,  11955, 17625, 24743, 32768, 40793, 47911, 53581, 57724, 60565,
    62428, 63615, 64357, 64816, 65097, 65269, 65374, 65438, 65476, 65500, 65514};

struct LogisticTables {
  std::array<uint16_t, 4096> squash{};  // by logit + 2048
  std::array<int16_t, 4096> stretch{};  // by probability / 16
};

// Straight lines between the knots; the inverse is the least logit whose probability, rounded down
// to 1/4096, is not below the one asked for.
constexpr LogisticTables make_logistic_tables() {
  LogisticTables tables;
  for (size_t i = 0; i < tables.squash.size(); ++i) {
    const size_t knot = i / 128;
    const auto weight = static_cast<int32_t>(i % 128);
    tables.squash[i] = static_cast<uint16_t>(
        (kLogisticKnots[knot] * (128 - weight) + kLogisticKnots[knot + 1] * weight + 64) / 128);
  }
  size_t filled = 0;
  for (int logit = -kMaxLogit; logit <= kMaxLogit; ++logit) {
    const size_t up_to = tables.squash[static_cast<size_t>(logit + 2048)] / 16;
    for (; filled <= up_to; ++filled) tables.stretch[filled] = static_cast<int16_t>(logit);
  }
  for (; filled < tables.stretch.size(); ++filled) tables.stretch[filled] = kMaxLogit;
  return tables;
}

inline constexpr LogisticTables kLogistic = make_logistic_tables();

// `logit`: within ±kMaxLogit.
inline uint32_t squash(int32_t logit) {
  return kLogistic.squash[static_cast<size_t>(logit + 2048)];
}

// `probability`: below 65536.
inline int32_t stretch(uint32_t probability) { return kLogistic.stretch[probability >> 4]; }

}  // namespace pith::bwt

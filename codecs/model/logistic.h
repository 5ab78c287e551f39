// The logistic domain of the mixing core: stretch(p) = ln(p / (1 - p)) and its inverse.
//
// Probabilities are those of a 1, in 1/65536, 1 to 65535. Stretched values are in 1/256, limited to
// ±kStretchLimit (±11.0), so that the whole range of probabilities can be reached. Both directions
// are tables made by integer arithmetic at compile time: no machine computes them differently.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace pith::model {

inline constexpr int kStretchLimit = 2815;

namespace logistic_detail {

// squash(-i) for i = 0 … kStretchLimit + 1. e^(-1/256) in 1/2^64 is the one constant; the running
// product keeps 62 bits, so that the error stays below 2^-48.
constexpr auto make_lower_half() {
  std::array<uint16_t, kStretchLimit + 2> table{};
  constexpr uint64_t kDecay = 18374827034086858296ULL;  // floor(2^64 · e^(-1/256))
  constexpr uint64_t kOne = uint64_t{1} << 62;
  uint64_t power = kOne;
  for (auto& entry : table) {
    const auto scaled = static_cast<unsigned __int128>(power) << 16;
    const auto sum = static_cast<unsigned __int128>(kOne) + power;
    const auto rounded = static_cast<uint64_t>((scaled + sum / 2) / sum);
    entry = static_cast<uint16_t>(rounded < 1 ? 1 : rounded);
    power = static_cast<uint64_t>((static_cast<unsigned __int128>(power) * kDecay) >> 64);
  }
  return table;
}
inline constexpr auto kLowerHalf = make_lower_half();

constexpr auto make_squash() {
  std::array<uint16_t, 2 * kStretchLimit + 1> table{};
  for (int x = -kStretchLimit; x <= kStretchLimit; ++x) {
    const auto i = static_cast<size_t>(x < 0 ? -x : x);
    table[static_cast<size_t>(x + kStretchLimit)] =
        static_cast<uint16_t>(x <= 0 ? kLowerHalf[i] : 65536 - kLowerHalf[i]);
  }
  return table;
}

// Probabilities near 0 and 1 have an entry each, those between one for every 32.
inline constexpr uint32_t kFine = 1024;
inline constexpr uint32_t kCoarseShift = 5;
inline constexpr uint32_t kCoarse = (65536 - 2 * kFine) >> kCoarseShift;

constexpr auto make_stretch() {
  std::array<int16_t, 2 * kFine + kCoarse> table{};
  // The x for which squash(x) is nearest to p from below; p rises, so x never falls.
  int i = kStretchLimit;
  const auto lower = [&i](uint32_t p) {
    while (i > 0 && kLowerHalf[static_cast<size_t>(i - 1)] <= p) --i;
    return static_cast<int16_t>(-i);
  };
  const size_t size = table.size();
  for (uint32_t p = 0; p < kFine; ++p) {
    table[p] = lower(p < 1 ? 1 : p);
    table[size - 1 - p] = static_cast<int16_t>(-lower(p + 1 > 65535 ? 65535 : p + 1));
  }
  i = kStretchLimit;
  for (uint32_t k = 0; k < kCoarse / 2; ++k) {
    const uint32_t p = kFine + (k << kCoarseShift) + (1U << (kCoarseShift - 1));
    table[kFine + k] = lower(p);
    table[size - 1 - kFine - k] = static_cast<int16_t>(-table[kFine + k]);
  }
  return table;
}

inline constexpr auto kSquash = make_squash();
inline constexpr auto kStretch = make_stretch();

}  // namespace logistic_detail

// `x`: within ±kStretchLimit.
inline uint32_t squash(int x) {
  return logistic_detail::kSquash[static_cast<size_t>(x + kStretchLimit)];
}

// `p`: 0 to 65535.
constexpr int stretch(uint32_t p) {
  using namespace logistic_detail;
  // By masks: whether p is extreme cannot be foreseen, a branch would often be wrong.
  const uint32_t low = 0U - static_cast<uint32_t>(p < kFine);
  const uint32_t high = 0U - static_cast<uint32_t>(p >= 65536 - kFine);
  const uint32_t middle = kFine + ((p - kFine) >> kCoarseShift);
  const uint32_t index =
      (p & low) | ((p - (65536 - 2 * kFine - kCoarse)) & high) | (middle & ~(low | high));
  return kStretch[index];
}

inline int clamp_stretch(int x) {
  return x < -kStretchLimit ? -kStretchLimit : (x > kStretchLimit ? kStretchLimit : x);
}

}  // namespace pith::model

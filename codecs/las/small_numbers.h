// Magnitudes, signs and means as the small numbers that contexts are made of.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace pith::las {

// 0: the only return of its pulse, 1: the first, 2: between, 3: the last.
inline uint8_t place_of(int64_t returns, bool wide) {
  const int64_t number = wide ? returns & 15 : returns & 7;
  const int64_t of = wide ? returns >> 4 & 15 : returns >> 3 & 7;
  if (of <= 1) return 0;
  if (number <= 1) return 1;
  return number >= of ? 3 : 2;
}

// True if these returns can be the next ones of a pulse after `before`.
inline bool follows(int64_t returns, int64_t before, bool wide) {
  const int64_t numbers = wide ? 15 : 7;
  return (returns & ~numbers) == (before & ~numbers) &&
         (returns & numbers) == (before & numbers) + 1;
}

// Sum and difference of any numbers, wrapping.
inline int64_t sum_of(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}
inline int64_t difference_of(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
}

// The same as std::floor, which is a call.
inline double floor_of(double x) {
  if (!(x > -1e15 && x < 1e15)) return std::floor(x);
  const auto whole = static_cast<double>(static_cast<int64_t>(x));
  return whole > x ? whole - 1 : whole;
}

// A magnitude in half octaves: 0, 1, 2, 3, 4, 4, 5, 5, 6 …
inline uint32_t half_octaves(uint64_t magnitude) {
  if (magnitude < 3) return static_cast<uint32_t>(magnitude);
  const auto top = static_cast<uint32_t>(std::bit_width(magnitude)) - 1;
  return 2 * top + static_cast<uint32_t>(magnitude >> (top - 1) & 1);
}

// A signed number in octaves, as a small unsigned number: 0, then two for each octave.
inline uint32_t signed_octaves(int64_t v) {
  const uint64_t magnitude = v < 0 ? 0 - static_cast<uint64_t>(v) : static_cast<uint64_t>(v);
  const auto octave = static_cast<uint32_t>(std::bit_width(magnitude));
  return octave == 0 ? 0 : 2 * octave - (v < 0 ? 1 : 0);
}
inline uint32_t signed_half_octaves(int64_t v) {
  const uint64_t magnitude = v < 0 ? 0 - static_cast<uint64_t>(v) : static_cast<uint64_t>(v);
  const uint32_t size = half_octaves(magnitude);
  return size == 0 ? 0 : 2 * size - (v < 0 ? 1 : 0);
}

// One number of a few small ones.
inline uint32_t context(uint32_t a, uint32_t b = 0, uint32_t c = 0) {
  return (a * 0x2F0B4C47U + b) * 0x7FEB352DU + c * 0x846CA68BU + 1;
}

// A running mean of magnitudes.
struct MeanSize {
  uint32_t value = 0;  // in sixteenths
  void add(int64_t v, int shift = 3) {
    const uint64_t magnitude = v < 0 ? 0 - static_cast<uint64_t>(v) : static_cast<uint64_t>(v);
    const auto scaled = static_cast<uint32_t>(magnitude < (1U << 24) ? magnitude << 4 : 1U << 28);
    value = static_cast<uint32_t>(
        static_cast<int32_t>(value) +
        ((static_cast<int32_t>(scaled) - static_cast<int32_t>(value)) >> shift));
  }
  uint32_t octaves() const { return half_octaves(value); }
};

}  // namespace pith::las

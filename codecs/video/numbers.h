// Cells (bit patterns in words, codecs/array/values.h) as doubles and back. Strictly IEEE: the same
// on every machine.
#pragma once

#include <bit>
#include <cmath>

#include "base/number.h"
#include "codecs/array/number_order.h"

namespace pith::video {

// Integers beyond 2^53 have no double: arrays of them are left to others.
constexpr bool has_doubles(NumberType type) {
  return type != NumberType::kInt64 && type != NumberType::kUint64;
}

template <class Word>
double value_of(NumberType type, Word bits) {
  if (array::has_real_values(type)) return array::real_of(bits);
  std::array<std::byte, 8> bytes{};
  for (size_t i = 0; i < number_size(type); ++i) bytes[i] = static_cast<std::byte>(bits >> (8 * i));
  return load_number(bytes.data(), {.type = type});
}

// The lowest and the highest integer of a type of at most 32 bits.
struct IntegerRange {
  double low = 0;
  double high = 0;
};
constexpr IntegerRange integer_range(NumberType type) {
  const int bits = type <= NumberType::kUint8 ? 8 : type <= NumberType::kUint16 ? 16 : 32;
  const auto all = static_cast<double>(uint64_t{1} << bits);
  if (!array::is_signed(type)) return {0, all - 1};
  return {-all / 2, all / 2 - 1};
}

// The nearest number of the type, half-way cases of integers away from 0.
template <class Word>
Word bits_of(NumberType type, double value) {
  if (array::has_real_values(type)) return array::nearest_bits<Word>(value);
  if (type == NumberType::kF16) {
    std::array<std::byte, 2> bytes{};
    store_number(bytes.data(), {.type = type}, value);
    return static_cast<Word>(load_bits(bytes.data(), {.type = type}));
  }
  const IntegerRange range = integer_range(type);
  const double limited = !(value > range.low) ? range.low  // and what is no number
                         : value > range.high ? range.high
                                              : value;
  const auto whole = static_cast<int64_t>(limited < 0 ? limited - 0.5 : limited + 0.5);
  const uint64_t mask = (uint64_t{1} << (8 * number_size(type))) - 1;
  return static_cast<Word>(static_cast<uint64_t>(whole) & mask);
}

}  // namespace pith::video

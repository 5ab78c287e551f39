// Finds the numbers that a set of floats was made from: k / q, or k · step + add, with integers k.
//
// What is found fits nearly all values of a sample; transform.h then proves it on every cell.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace pith::array {

// True if k / q gives the bits of nearly all of the values, k being the nearest integer.
template <class Word>
bool fits_divisor(std::span<const Word> values, double divisor);

// The smallest divisor of the kinds 10^d, 2^p, n · 10^d that fits. `many`: looks through more n.
// Divisors for which the largest k would not be much shorter than the mantissa are left out.
template <class Word>
std::optional<uint64_t> find_divisor(std::span<const Word> values, bool many);

struct Line {
  double scale = 1;
  double add = 0;
  bool single = false;  // computed in 32-bit floats
};

// How many of the values the line misses.
template <class Word>
size_t line_misses(std::span<const Word> values, const Line& line);
// True if they are few.
template <class Word>
bool fits_line(std::span<const Word> values, const Line& line);

// The step between values, from the greatest common divisor of their gaps, and the line through
// them. `values`: bit patterns of finite numbers, sorted by value, without repeats. `all`: cells
// that may narrow down the step further (others than finite ones that fit are passed over).
template <class Word>
std::optional<Line> find_line(std::span<const Word> values, std::span<const Word> all);

}  // namespace pith::array

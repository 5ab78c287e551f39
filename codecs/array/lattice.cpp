#include "codecs/array/lattice.h"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "codecs/array/number_order.h"
#include "codecs/array/transform.h"

namespace pith::array {
namespace {

// One value in so many may miss.
constexpr size_t kMissing = 64;
constexpr uint64_t kMostN = 1200;  // of n · 10^d
constexpr uint64_t kFewN = 130;
constexpr size_t kLeastValues = 8;

template <class Word>
constexpr int kMantissa = sizeof(Word) == 4 ? 24 : 53;

double largest_magnitude(std::span<const double> values) {
  double largest = 0;
  for (const double v : values) largest = std::max(largest, v < 0 ? -v : v);
  return largest;
}

template <class Word>
std::vector<double> reals(std::span<const Word> bits) {
  std::vector<double> values(bits.size());
  for (size_t i = 0; i < bits.size(); ++i) values[i] = real_of(bits[i]);
  return values;
}

// The distance from a number to the next float of its size.
template <class Word>
double ulp_of(double value) {
  const auto bits = std::bit_cast<uint64_t>(value);
  const auto exponent = static_cast<int>(bits >> 52 & 0x7FF);
  const int lowest = sizeof(Word) == 4 ? 1023 - 126 : 53;
  const int place = std::max(exponent, lowest) - (kMantissa<Word> - 1);
  return std::bit_cast<double>(static_cast<uint64_t>(std::max(place, 1)) << 52);
}

template <class Word, class Fits>
bool fits_nearly_all(std::span<const Word> values, Fits&& fits) {
  size_t missing = values.size() / kMissing;
  for (const Word bits : values) {
    if (fits(bits)) continue;
    if (missing == 0) return false;
    --missing;
  }
  return true;
}

// The common step of sorted values, by Euclid's algorithm on their gaps, to within rounding.
template <class Word>
std::optional<double> common_step(std::span<const double> values) {
  const double tolerance = 2 * ulp_of<Word>(largest_magnitude(values));
  double step = 0;
  for (size_t i = 1; i < values.size(); ++i) {
    double gap = values[i] - values[i - 1];
    if (gap <= 2 * tolerance) return std::nullopt;
    if (step == 0) {
      step = gap;
      continue;
    }
    // The rest of the division, towards the nearest multiple. Errors grow with the multiple: only
    // gaps near the step say something.
    double a = gap;
    for (int round = 0; round < 40; ++round) {
      const double multiple = a / step;
      if (multiple > 1e6) break;
      const auto times = static_cast<double>(static_cast<int64_t>(multiple + 0.5));
      const double rest = a - times * step;
      const double off = rest < 0 ? -rest : rest;
      if (off <= tolerance * (1 + times)) break;
      a = step;
      step = off;
      if (step <= 4 * tolerance) return std::nullopt;
    }
  }
  if (step == 0) return std::nullopt;
  // A longer and longer base makes the step more exact.
  for (size_t i = 1; i < values.size(); ++i) {
    const double span = values[i] - values[0];
    const double multiple = span / step;
    if (multiple > 4e15) return std::nullopt;
    const auto times = static_cast<double>(static_cast<int64_t>(multiple + 0.5));
    const double off = multiple - times;
    if (off > 0.2 || off < -0.2) return std::nullopt;
    if (times > 0) step = span / times;
  }
  return step;
}

// The steps for which float(k · step) gives all values, if any; `skip`: what does not fit is left
// out.
struct Range {
  double low = 0;
  double high = 0;
};

template <class Word>
std::optional<Range> steps_through_zero(std::span<const Word> values, double step, bool skip) {
  Range range{.low = 0, .high = 1e300};
  for (const Word bits : values) {
    if (!is_finite(bits)) continue;
    const double value = real_of(bits);
    const double size = value < 0 ? -value : value;
    int64_t k = 0;
    if (!nearest(size / step, k)) continue;
    if (k == 0) continue;
    const double half = ulp_of<Word>(size) / 2;
    const auto times = static_cast<double>(k);
    const double low = (size - half) / times;
    const double high = (size + half) / times;
    if (low > range.high || high < range.low) {
      if (skip) continue;
      return std::nullopt;
    }
    range.low = std::max(range.low, low);
    range.high = std::min(range.high, high);
  }
  if (range.low == 0) return std::nullopt;
  return range;
}

// Numbers within a range that someone may have written: short decimals, floats, the middle.
std::vector<double> likely_steps(const Range& range) {
  std::vector<double> steps;
  const double middle = range.low + (range.high - range.low) / 2;
  for (const double power : {1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12}) {
    int64_t k = 0;
    if (!nearest(middle * power, k)) break;
    const double step = static_cast<double>(k) / power;
    if (step > range.low && step < range.high) {
      steps.push_back(step);
      break;
    }
  }
  const auto single = static_cast<double>(static_cast<float>(middle));
  if (single > range.low && single < range.high) steps.push_back(single);
  steps.push_back(middle);
  return steps;
}

// Least squares of value = add + step · k.
Line fitted_line(std::span<const double> values, double step) {
  double sum_k = 0;
  double sum_v = 0;
  double sum_kk = 0;
  double sum_kv = 0;
  const double origin = values[values.size() / 2];
  for (const double value : values) {
    int64_t number = 0;
    nearest((value - origin) / step, number);
    const auto k = static_cast<double>(number);
    const double v = value - origin;
    sum_k += k;
    sum_v += v;
    sum_kk += k * k;
    sum_kv += k * v;
  }
  const auto n = static_cast<double>(values.size());
  const double below = n * sum_kk - sum_k * sum_k;
  const double slope = below > 0 ? (n * sum_kv - sum_k * sum_v) / below : step;
  return {.scale = slope, .add = origin + (sum_v - slope * sum_k) / n, .single = false};
}

}  // namespace

template <class Word>
bool fits_divisor(std::span<const Word> values, double divisor) {
  return fits_nearly_all(values, [&](Word bits) {
    int64_t k = 0;
    return nearest(real_of(bits) * divisor, k) && grid_bits<Word>(k, divisor) == bits;
  });
}

template <class Word>
std::optional<uint64_t> find_divisor(std::span<const Word> values, bool many) {
  if (values.size() < kLeastValues) return std::nullopt;
  const auto numbers = reals(values);
  const double largest = largest_magnitude(numbers);
  const double most = static_cast<double>(uint64_t{1} << (kMantissa<Word> - 1));
  const auto try_one = [&](uint64_t divisor) {
    const auto q = static_cast<double>(divisor);
    return largest * q < most && fits_divisor(values, q);
  };
  uint64_t power = 1;
  for (int d = 0; d <= 12; ++d, power *= 10) {
    if (try_one(power)) return power;
  }
  for (int p = 1; p < kMantissa<Word>; ++p) {
    if (try_one(uint64_t{1} << p)) return uint64_t{1} << p;
  }
  for (const uint64_t tens : {1U, 10U, 100U, 1000U, 10000U}) {
    for (uint64_t n = 2; n <= (many ? kMostN : kFewN); ++n) {
      if (n % 10 != 0 && try_one(n * tens)) return n * tens;
    }
  }
  return std::nullopt;
}

template <class Word>
size_t line_misses(std::span<const Word> values, const Line& line) {
  size_t misses = 0;
  for (const Word bits : values) {
    int64_t k = 0;
    const bool hit = nearest((real_of(bits) - line.add) / line.scale, k) &&
                     linear_bits<Word>(k, line.scale, line.add, line.single) == bits;
    misses += hit ? 0 : 1;
  }
  return misses;
}

template <class Word>
bool fits_line(std::span<const Word> values, const Line& line) {
  return line_misses(values, line) <= values.size() / kMissing;
}

template <class Word>
std::optional<Line> find_line(std::span<const Word> values, std::span<const Word> all) {
  if (values.size() < kLeastValues) return std::nullopt;
  const auto numbers = reals(values);
  const auto step = common_step<Word>(numbers);
  if (!step) return std::nullopt;
  const auto try_line = [&](const Line& line) { return fits_line(values, line); };
  // Through zero: float(k · step).
  if (const auto range = steps_through_zero(values, *step, false)) {
    const double middle = range->low + (range->high - range->low) / 2;
    const auto narrow = steps_through_zero(all, middle, true);
    for (const double scale : likely_steps(narrow.value_or(*range))) {
      for (const bool single : {false, true}) {
        if (single && sizeof(Word) != 4) continue;
        const Line line{.scale = scale, .add = 0, .single = single};
        if (try_line(line)) return line;
      }
    }
  }
  const Line fitted = fitted_line(numbers, *step);
  if (try_line(fitted)) return fitted;
  // Nice numbers near the fitted ones.
  const double ulp = ulp_of<Word>(largest_magnitude(numbers));
  const double slack = ulp / (1 + (numbers.back() - numbers.front()) / *step);
  const auto scales = likely_steps({.low = fitted.scale - slack, .high = fitted.scale + slack});
  for (const double scale : scales) {
    const auto adds = likely_steps({.low = fitted.add - ulp, .high = fitted.add + ulp});
    for (const double add : adds) {
      for (const bool single : {false, true}) {
        if (single && sizeof(Word) != 4) continue;
        const Line line{.scale = scale, .add = add, .single = single};
        if (try_line(line)) return line;
      }
    }
  }
  return std::nullopt;
}

template bool fits_divisor<uint32_t>(std::span<const uint32_t>, double);
template bool fits_divisor<uint64_t>(std::span<const uint64_t>, double);
template std::optional<uint64_t> find_divisor<uint32_t>(std::span<const uint32_t>, bool);
template std::optional<uint64_t> find_divisor<uint64_t>(std::span<const uint64_t>, bool);
template size_t line_misses<uint32_t>(std::span<const uint32_t>, const Line&);
template size_t line_misses<uint64_t>(std::span<const uint64_t>, const Line&);
template bool fits_line<uint32_t>(std::span<const uint32_t>, const Line&);
template bool fits_line<uint64_t>(std::span<const uint64_t>, const Line&);
template std::optional<Line> find_line<uint32_t>(std::span<const uint32_t>,
                                                 std::span<const uint32_t>);
template std::optional<Line> find_line<uint64_t>(std::span<const uint64_t>,
                                                 std::span<const uint64_t>);

}  // namespace pith::array

#include "codecs/tensor/window.h"

#include <algorithm>

namespace pith::tensor {
namespace {

constexpr size_t kSample = 1024;
constexpr size_t kMaxGroups = 6;
// A column joins a window that leaves out this part more of its words than its own best would.
constexpr uint64_t kJoinWithin = 200;  // one in so many

// Exponents that a window holds: 255 symbols are left for words that are not zero.
constexpr uint32_t span_of(int mantissa) { return (256U >> mantissa) - 1; }

using Counts = std::vector<uint64_t>;

uint64_t covered(const Counts& counts, uint32_t highest, uint32_t span) {
  const uint32_t lowest = highest + 1 >= span ? highest + 1 - span : 0;
  uint64_t sum = 0;
  for (uint32_t e = lowest; e <= highest; ++e) sum += counts[e];
  return sum;
}

// The window of so many exponents that holds the most words; of equal ones the highest.
uint32_t best_highest(const Counts& counts, uint32_t span) {
  uint32_t best = static_cast<uint32_t>(counts.size()) - 1;
  uint64_t most = 0;
  uint64_t sum = 0;
  for (uint32_t e = 0; e < counts.size(); ++e) {
    sum += counts[e];
    if (e >= span) sum -= counts[e - span];
    if (sum >= most && counts[e] > 0) {
      most = sum;
      best = e;
    }
  }
  return best;
}

uint64_t total_of(const Counts& counts) {
  uint64_t sum = 0;
  for (const uint64_t count : counts) sum += count;
  return sum;
}

Counts counts_of(const Survey& sample, size_t exponents, uint64_t weight) {
  Counts counts(exponents, 0);
  for (const uint16_t exponent : sample.exponents) counts[exponent] += weight;
  return counts;
}

// As many bits of the mantissa as leave room for nearly all exponents.
Window choose(const NumberFormat& format, const Counts& counts) {
  const uint64_t total = total_of(counts);
  const bool narrow = format.exponent_bits < 8;
  const int most = narrow ? 5 : 3;
  const int least = narrow ? 3 : 2;
  for (int mantissa = most; mantissa > least; --mantissa) {
    const uint32_t span = span_of(mantissa);
    const uint32_t highest = best_highest(counts, span);
    if (covered(counts, highest, span) >= total - total / 2000) return {mantissa, highest};
  }
  return {least, best_highest(counts, span_of(least))};
}

}  // namespace

Survey survey(const NumberFormat& format, ByteView words) {
  Survey result;
  const size_t width = format.width;
  const size_t count = words.size() / width;
  // An odd stride, so that no column of a matrix is all that is seen.
  const size_t stride = count <= kSample ? 1 : (count / kSample) | 1;
  const uint64_t magnitudes = ~uint64_t{0} >> (65 - 8 * width);
  result.exponents.reserve(count / stride + 1);
  for (size_t i = 0; i < count; i += stride) {
    uint64_t word = 0;
    std::memcpy(&word, words.data() + i * width, width);
    if ((word & magnitudes) == 0) {
      ++result.zeros;
      continue;
    }
    result.exponents.push_back(static_cast<uint16_t>((word & magnitudes) >> format.mantissa_bits));
    if (word > magnitudes) ++result.negatives;
  }
  return result;
}

Split split_for(const NumberFormat& format, const Window& window, Sign sign) {
  Split split{.width = format.width,
              .raw_bits = static_cast<uint8_t>(format.mantissa_bits - window.mantissa +
                                               (sign == Sign::kMixed ? 1 : 0)),
              .rotated = true,
              .zero = false,
              .sign = sign,
              .base = 0};
  if (format.exponent_bits + window.mantissa > 8) {
    split.zero = true;
    const uint32_t above = (window.highest + 1) << window.mantissa;
    split.base = above > 256 ? above - 256 : 0;
  }
  return split;
}

std::vector<WindowGroup> choose_windows(const NumberFormat& format,
                                        const std::vector<const Survey*>& surveys,
                                        const std::vector<size_t>& weights) {
  const size_t exponents = size_t{1} << format.exponent_bits;
  std::vector<WindowGroup> groups;
  std::vector<size_t> left(surveys.size());
  for (size_t i = 0; i < left.size(); ++i) left[i] = i;
  while (!left.empty()) {
    Counts pool(exponents, 0);
    // The last group takes whatever is left.
    const bool last = groups.size() + 1 == kMaxGroups;
    for (const size_t i : left) {
      const Survey& sample = *surveys[i];
      const uint64_t weight = weights[i] / std::max<size_t>(1, sample.words()) + 1;
      for (const uint16_t exponent : sample.exponents) pool[exponent] += weight;
    }
    WindowGroup group{.window = choose(format, pool), .members = {}};
    std::vector<size_t> others;
    const uint32_t span = span_of(group.window.mantissa);
    for (const size_t i : left) {
      const Counts counts = counts_of(*surveys[i], exponents, 1);
      const uint64_t ours = covered(counts, group.window.highest, span);
      const uint64_t best = covered(counts, best_highest(counts, span), span);
      const bool joins = last || ours + surveys[i]->words() / kJoinWithin >= best;
      (joins ? group.members : others).push_back(i);
    }
    if (group.members.empty()) {
      // Each column is far from the pool: the first makes a window of its own.
      group.window = choose(format, counts_of(*surveys[left.front()], exponents, 1));
      group.members.push_back(left.front());
      others.erase(others.begin());
    }
    groups.push_back(std::move(group));
    left = std::move(others);
  }
  return groups;
}

}  // namespace pith::tensor

// Rounds numbers to multiples of a step, as far as a bound allows it for each.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/number.h"

namespace pith {

// Where numbers lie: `count` of them, each `stride` bytes behind the one before.
struct NumberRow {
  size_t first = 0;
  size_t stride = 0;
  size_t count = 0;
  NumberFormat format;
};

// What became of values, and their range. Values that are not finite, or that stand for "no value",
// are not counted.
struct RoundingStats {
  uint64_t values = 0;
  uint64_t kept = 0;  // of them: no multiple of the step is near enough
  double largest_error = 0;
  double squared_error = 0;  // sum
  double minimum = 0;        // of the original values
  double maximum = 0;

  double range() const { return values == 0 ? 0 : maximum - minimum; }
  void add(const RoundingStats& other);
};

struct RoundingStep {
  double step = 0;   // above 0; a whole number for integers
  double bound = 0;  // largest error allowed
};

// The coarsest step that keeps numbers of the format within `bound`; 0 if there is none.
RoundingStep step_for(const NumberFormat& format, double bound);

// Replaces each value by the nearest one of its type to the nearest multiple of the step, if that
// is within the bound and is not one of `fills` (bit patterns), by itself otherwise. Strictly IEEE
// arithmetic: the same on every machine.
RoundingStats round_values(MutableBytes bytes, const NumberRow& row, const RoundingStep& step,
                           std::span<const uint64_t> fills);

// The statistics of values that were replaced by others, of which `restored` holds the bytes.
// Nothing if one is off by more than `bound`, or if one that is not finite or among the fills is
// not as it was, or has become so.
std::optional<RoundingStats> compare_values(ByteView bytes, ByteView restored, const NumberRow& row,
                                            double bound, std::span<const uint64_t> fills);

// The same statistics, with nothing changed.
RoundingStats survey_values(ByteView bytes, const NumberRow& row, std::span<const uint64_t> fills);

}  // namespace pith

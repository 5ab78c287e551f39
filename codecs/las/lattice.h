// Grids that the values of a field lie on.
//
// Coordinates are often whole multiples of something (a raster's step, 256 for colours of 8 bits)
// or were converted from other units: centimetres in hundredths of a foot lie on a grid of step
// 3.2808…, rounded. Such a value is coded as its number on the grid and, where the grid does not
// say all, as what is left over.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "codecs/las/field_view.h"

namespace pith::las {

// Value number k is origin + round(k · step) + rest. Without a grid: step 1, origin 0.
struct Lattice {
  double step = 1;  // at least 1
  int64_t origin = 0;
  bool exact = true;  // the rest is always zero

  bool trivial() const { return step == 1 && exact; }
  int64_t number_of(int64_t value) const {
    return step == 1 ? value - origin : number_on_grid(value);
  }
  int64_t value_of(int64_t number) const {
    return step == 1 ? origin + number : value_on_grid(number);
  }
  // Where between two integers the grid's value lies, in sixteenths.
  uint32_t phase_of(int64_t number) const;

 private:
  int64_t number_on_grid(int64_t value) const;
  int64_t value_on_grid(int64_t number) const;
};

// What was left over at the numbers seen before: conversions round the same way every time.
class RestMemory {
  static constexpr size_t kEntries = 8192;

 public:
  static constexpr uint64_t kMemory = 16 * kEntries;
  int64_t recall(int64_t number) const {
    const Entry& entry = entries_[slot_of(number)];
    return entry.number == number ? entry.rest : 0;
  }
  bool knows(int64_t number) const { return entries_[slot_of(number)].number == number; }
  void learn(int64_t number, int64_t rest) { entries_[slot_of(number)] = {number, rest}; }

 private:
  struct Entry {
    int64_t number = INT64_MIN;
    int64_t rest = 0;
  };
  static size_t slot_of(int64_t number) { return static_cast<size_t>(number) % kEntries; }
  std::vector<Entry> entries_ = std::vector<Entry>(kEntries);
};

// The grid that a field's values lie on, of 32 bits at most; for the encoder alone. Whole steps
// only, unless `may_round`. Numbers on a whole grid are as large as the value or smaller, and not
// negative for values that are not.
Lattice find_lattice(const FieldView& values, bool may_round);

// How well differences fit a step of 1 / frequency: 1 for whole multiples, about 0 by chance.
double fit_of(std::span<const double> differences, double frequency);

// The frequency within ±`width` of `frequency` that fits best, at a grid as fine as differences of
// up to `reach` need.
double best_frequency(std::span<const double> differences, double frequency, double width,
                      double reach);

}  // namespace pith::las

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

namespace pith::las {

// Value number k is origin + round(k · step) + rest. Without a grid: step 1, origin 0.
struct Lattice {
  double step = 1;  // at least 1
  int64_t origin = 0;
  bool exact = true;  // the rest is always zero

  bool trivial() const { return step == 1 && exact; }
  int64_t number_of(int64_t value) const;
  int64_t value_of(int64_t number) const;
  // Where between two integers the grid's value lies, in sixteenths.
  uint32_t phase_of(int64_t number) const;
};

// The grid that a field's values lie on, of 32 bits at most; for the encoder alone. Whole steps
// only, unless `may_round`. Numbers on a whole grid are as large as the value or smaller, and not
// negative for values that are not.
Lattice find_lattice(std::span<const int64_t> values, bool may_round);

// cos(2πx), in plain arithmetic: the same on every machine.
double cosine_of_turns(double x);

}  // namespace pith::las

// How much of the model a level has.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pith::arraymix {

struct ModelShape {
  bool two_scales;    // a second expected error for each guess
  bool all_squares;   // all four kinds of least squares over cells, not two
  size_t contexts;    // of the adaptive probabilities
  size_t sets;        // of weights
  uint32_t patience;  // samples from one solution of least squares to the next, as a multiple
};

constexpr ModelShape shape_of(int level) {
  return level >= 9   ? ModelShape{true, true, 8, 4, 1}
         : level == 8 ? ModelShape{true, false, 7, 3, 2}
                      : ModelShape{false, false, 4, 2, 4};
}

}  // namespace pith::arraymix

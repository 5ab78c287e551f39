// What encoder and decoder of a field have in common.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "codecs/arraymix/grid.h"
#include "codecs/wavelet/field_coder.h"

namespace pith::wavelet {

// How coefficients become numbers and back.
struct Quantiser {
  double step = 1;
  // How much nearer to 0 than the middle of their interval numbers are restored, for a magnitude of
  // 1 and for larger ones, in 1/256 of a step.
  std::array<int8_t, 2> shift{0, 0};

  double restore(int32_t number) const {
    if (number == 0) return 0;
    const double size = number < 0 ? -static_cast<double>(number) : static_cast<double>(number);
    const double moved = size - static_cast<double>(shift[size > 1 ? 1 : 0]) / 256;
    return number < 0 ? -moved * step : moved * step;
  }
};

// The head of a field's code.
struct FieldHead {
  std::array<uint8_t, kMaxAxes> levels{};
  double offset = 0;  // is added to all values
  Quantiser quantiser;
  double correction = 0;  // the step of corrections; 0: there are none
};

// Numbers to values: what the decoder has before corrections. `cells` takes them.
void restore_values(const FieldShape& shape, const FieldHead& head,
                    std::span<const int32_t> numbers, std::span<double> cells);

// How the model of masks sees a field.
inline arraymix::GridShape mask_shape(const FieldShape& shape) {
  arraymix::GridShape grid;
  grid.rows = shape.planes * shape.height;
  grid.width = shape.width;
  grid.height = shape.height;
  if (!shape.axes.empty()) grid.near = shape.axes[0].stride * shape.height;
  if (shape.axes.size() > 1) grid.far = shape.axes[1].stride * shape.height;
  return grid;
}

}  // namespace pith::wavelet

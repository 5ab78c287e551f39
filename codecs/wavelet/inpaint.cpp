#include "codecs/wavelet/inpaint.h"

#include <algorithm>
#include <vector>

namespace pith::wavelet {
namespace {

constexpr int kSweeps = 12;

// A plane and one of half its size, in which a cell is the mean of those that have a value.
void fill(size_t width, size_t height, std::span<double> values, std::vector<uint8_t>& known) {
  const bool any = std::find(known.begin(), known.end(), 0) != known.end();
  if (!any || (width == 1 && height == 1)) return;
  const size_t half_width = (width + 1) / 2;
  const size_t half_height = (height + 1) / 2;
  std::vector<double> half(half_width * half_height, 0);
  std::vector<uint8_t> half_known(half.size(), 0);
  for (size_t y = 0; y < half_height; ++y) {
    for (size_t x = 0; x < half_width; ++x) {
      double sum = 0;
      int count = 0;
      for (size_t dy = 2 * y; dy < std::min(height, 2 * y + 2); ++dy) {
        for (size_t dx = 2 * x; dx < std::min(width, 2 * x + 2); ++dx) {
          if (known[dy * width + dx] == 0) continue;
          sum += values[dy * width + dx];
          ++count;
        }
      }
      if (count == 0) continue;
      half[y * half_width + x] = sum / count;
      half_known[y * half_width + x] = 1;
    }
  }
  fill(half_width, half_height, half, half_known);
  for (size_t y = 0; y < height; ++y) {
    for (size_t x = 0; x < width; ++x) {
      if (known[y * width + x] == 0) {
        values[y * width + x] = half[y / 2 * half_width + x / 2];
      }
    }
  }
  // Each unknown cell becomes the mean of its neighbours, again and again.
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    for (size_t y = 0; y < height; ++y) {
      for (size_t x = 0; x < width; ++x) {
        const size_t at = y * width + x;
        if (known[at] != 0) continue;
        const double left = values[x > 0 ? at - 1 : at];
        const double right = values[x + 1 < width ? at + 1 : at];
        const double up = values[y > 0 ? at - width : at];
        const double down = values[y + 1 < height ? at + width : at];
        values[at] = ((left + right) + (up + down)) * 0.25;
      }
    }
  }
  std::fill(known.begin(), known.end(), uint8_t{1});
}

}  // namespace

void inpaint(const FieldShape& shape, std::span<const uint8_t> kinds, std::span<double> values) {
  const size_t cells = shape.plane_cells();
  std::vector<uint8_t> known(cells);
  for (size_t plane = 0; plane < shape.planes; ++plane) {
    const auto of_plane = kinds.subspan(plane * cells, cells);
    const auto here = values.subspan(plane * cells, cells);
    bool any = false;
    for (size_t i = 0; i < cells; ++i) {
      known[i] = of_plane[i] == 0 ? 1 : 0;
      any = any || known[i] != 0;
      if (known[i] == 0) here[i] = 0;
    }
    // A plane without any value is like the one before.
    if (!any && plane > 0) {
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>((plane - 1) * cells), cells,
                  here.begin());
    } else if (any) {
      fill(shape.width, shape.height, here, known);
    }
  }
}

}  // namespace pith::wavelet

#include "codecs/wavelet/quantise.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "codecs/wavelet/coefficient_model.h"

namespace pith::wavelet {
namespace {

// Where sizes are spread by a law of e^-x with the mean m (in steps), a number other than 0 costs
// 1 + 0.87 / m bits more than 0 does.
constexpr double kCost = 0.87;
constexpr double kMostThreshold = 0.97;

void find_around(const FieldShape& shape, std::span<const double> values, std::span<float> around) {
  for (const Band& band : bands_of(shape.width, shape.height)) {
    for (size_t plane = 0; plane < shape.planes; ++plane) {
      const size_t first = plane * shape.plane_cells() + band.y * shape.width + band.x;
      for (size_t y = 0; y < band.height; ++y) {
        const size_t from_y = y == 0 ? 0 : y - 1;
        const size_t to_y = std::min(y + 2, band.height);
        for (size_t x = 0; x < band.width; ++x) {
          const size_t from_x = x == 0 ? 0 : x - 1;
          const size_t to_x = std::min(x + 2, band.width);
          double sum = 0;
          for (size_t ny = from_y; ny < to_y; ++ny) {
            const double* row = values.data() + first + ny * shape.width;
            for (size_t nx = from_x; nx < to_x; ++nx) sum += std::fabs(row[nx]);
          }
          const size_t at = first + y * shape.width + x;
          const auto others = static_cast<double>((to_y - from_y) * (to_x - from_x) - 1);
          const double mean = others > 0 ? (sum - std::fabs(values[at])) / others : sum;
          around[at] = static_cast<float>(std::min(mean, 1e30));
        }
      }
    }
  }
}

}  // namespace

Coefficients transform(const FieldShape& shape, std::vector<double> values) {
  Coefficients c{.shape = shape, .values = std::move(values), .around = {}};
  analyse(shape, c.values);
  c.around.resize(c.values.size());
  find_around(shape, c.values, c.around);
  return c;
}

bool quantise(const Coefficients& coefficients, double step, double thrift, Quantiser& quantiser,
              std::vector<int32_t>& numbers) {
  quantiser = {.step = step};
  numbers.resize(coefficients.values.size());
  std::array<double, 2> sums{};
  std::array<double, 2> counts{};
  const double inverse = 1 / step;
  for (size_t i = 0; i < numbers.size(); ++i) {
    const double size = std::fabs(coefficients.values[i]) * inverse;
    if (!(size < kMostMagnitude / 2)) return false;
    int32_t number = 0;
    if (size >= 1) {
      number = static_cast<int32_t>(size + 0.5 - thrift);
    } else if (size >= 0.5) {
      const double mean = static_cast<double>(coefficients.around[i]) * inverse;
      const double threshold = 0.5 + thrift * (1 + kCost / std::max(mean, 0.05));
      if (size >= std::min(threshold, kMostThreshold)) number = 1;
    }
    numbers[i] = coefficients.values[i] < 0 ? -number : number;
    if (number == 0) continue;
    const size_t of = number > 1 ? 1 : 0;
    sums[of] += static_cast<double>(number) - size;
    counts[of] += 1;
  }
  for (size_t i = 0; i < 2; ++i) {
    if (counts[i] == 0) continue;
    const double shift = std::nearbyint(sums[i] / counts[i] * 256);
    quantiser.shift[i] = static_cast<int8_t>(std::clamp(shift, -127.0, 127.0));
  }
  return true;
}

}  // namespace pith::wavelet

#include "codecs/wavelet/cost_estimate.h"

#include <algorithm>
#include <array>
#include <bit>

namespace pith::wavelet {
namespace {

constexpr size_t kContexts = 24;
constexpr size_t kSizes = 34;  // 0, 1, 2 and 3 as they are, larger numbers by their bits

size_t size_of(uint32_t magnitude) {
  return magnitude < 4 ? magnitude : 2 + static_cast<size_t>(std::bit_width(magnitude));
}

}  // namespace

double log2_of(double value) {
  const uint64_t bits = std::bit_cast<uint64_t>(value);
  const double exponent = static_cast<double>(static_cast<int>(bits >> 52 & 0x7FF) - 1023);
  const double m =
      std::bit_cast<double>((bits & ((uint64_t{1} << 52) - 1)) | uint64_t{1023} << 52) - 1;
  return exponent + m * (1.3465 - 0.3465 * m);
}

double estimate_bits(const FieldShape& shape, std::span<const int32_t> numbers) {
  std::array<std::array<uint32_t, kSizes>, kContexts> counts{};
  double bits = 0;
  const size_t width = shape.width;
  const auto magnitude = [&](size_t at) {
    const int32_t v = numbers[at];
    return static_cast<uint32_t>(v < 0 ? -v : v);
  };
  for (const Band& band : bands_of(shape.width, shape.height)) {
    for (size_t plane = 0; plane < shape.planes; ++plane) {
      for (size_t y = 0; y < band.height; ++y) {
        size_t at = (plane * shape.height + band.y + y) * width + band.x;
        for (size_t x = 0; x < band.width; ++x, ++at) {
          const uint64_t w = x > 0 ? magnitude(at - 1) : 0;
          const uint64_t n = y > 0 ? magnitude(at - width) : 0;
          const uint64_t nw = x > 0 && y > 0 ? magnitude(at - width - 1) : 0;
          const uint64_t ne = y > 0 && x + 1 < band.width ? magnitude(at - width + 1) : 0;
          const uint64_t sum = 2 * (w + n) + nw + ne;
          const size_t context = std::min<size_t>(
              sum < 8 ? static_cast<size_t>(sum) : 5 + static_cast<size_t>(std::bit_width(sum)),
              kContexts - 1);
          const uint32_t here = magnitude(at);
          ++counts[context][size_of(here)];
          if (here != 0) bits += 1;
          if (here >= 4) bits += static_cast<double>(std::bit_width(here) - 1);
        }
      }
    }
  }
  for (const auto& context : counts) {
    uint64_t total = 0;
    for (const uint32_t count : context) total += count;
    for (const uint32_t count : context) {
      if (count == 0) continue;
      const double n = static_cast<double>(count);
      bits += n * log2_of(static_cast<double>(total) / n);
    }
  }
  return bits;
}

}  // namespace pith::wavelet

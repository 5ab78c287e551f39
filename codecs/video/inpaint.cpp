#include "codecs/video/inpaint.h"

#include <vector>

namespace pith::video {
namespace {

// An image of half the size: means of the cells with a value, and how many of the four there are.
struct Coarse {
  uint32_t width = 0;
  uint32_t height = 0;
  std::vector<double> image{};
  std::vector<uint8_t> has_value{};
};

Coarse halve(std::span<const double> image, std::span<const uint8_t> has_value, uint32_t width,
             uint32_t height) {
  Coarse half{.width = (width + 1) / 2, .height = (height + 1) / 2};
  const size_t cells = size_t{half.width} * half.height;
  half.image.assign(cells, 0);
  std::vector<uint8_t> counts(cells, 0);
  for (uint32_t y = 0; y < height; ++y) {
    for (uint32_t x = 0; x < width; ++x) {
      const size_t at = size_t{y} * width + x;
      if (has_value[at] == 0) continue;
      const size_t to = size_t{y / 2} * half.width + x / 2;
      half.image[to] += image[at];
      ++counts[to];
    }
  }
  half.has_value.assign(cells, 0);
  for (size_t i = 0; i < cells; ++i) {
    if (counts[i] == 0) continue;
    half.image[i] /= counts[i];
    half.has_value[i] = 1;
  }
  return half;
}

}  // namespace

void inpaint(std::span<double> image, std::span<const uint8_t> has_value, uint32_t width,
             uint32_t height) {
  bool all = true;
  for (const uint8_t has : has_value) all = all && has != 0;
  if (all || (width == 1 && height == 1)) return;
  Coarse half = halve(image, has_value, width, height);
  inpaint(half.image, half.has_value, half.width, half.height);
  // Between the centres of the coarse cells, in quarters.
  for (uint32_t y = 0; y < height; ++y) {
    for (uint32_t x = 0; x < width; ++x) {
      const size_t at = size_t{y} * width + x;
      if (has_value[at] != 0) continue;
      const auto neighbour = [](uint32_t i, uint32_t most) {
        const uint32_t of = i / 2;
        if (i % 2 == 0) return of == 0 ? of : of - 1;
        return of + 1 < most ? of + 1 : of;
      };
      const size_t row = size_t{y / 2} * half.width;
      const size_t near_row = size_t{neighbour(y, half.height)} * half.width;
      const uint32_t near_x = neighbour(x, half.width);
      image[at] = (9 * half.image[row + x / 2] + 3 * half.image[row + near_x] +
                   3 * half.image[near_row + x / 2] + half.image[near_row + near_x]) /
                  16;
    }
  }
}

}  // namespace pith::video

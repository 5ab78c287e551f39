#include "codecs/array/png_filter.h"

#include <cstdlib>
#include <vector>

namespace pith::array {
namespace {

int paeth(int left, int above, int corner) {
  const int to_left = std::abs(above - corner);
  const int to_above = std::abs(left - corner);
  const int to_corner = std::abs(left + above - 2 * corner);
  if (to_left <= to_above && to_left <= to_corner) return left;
  return to_above <= to_corner ? above : corner;
}

int predicted(int filter, int left, int above, int corner) {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return (left + above) / 2;
    case 4:
      return paeth(left, above, corner);
    default:
      return 0;
  }
}

// Calls f(filter, byte of the row, its prediction) for all bytes; `pixels` must be known up to the
// byte before.
template <class F>
void walk(int filter, const std::byte* above, const std::byte* pixels, size_t size, size_t pixel,
          F&& f) {
  for (size_t i = 0; i < size; ++i) {
    const int left = i < pixel ? 0 : static_cast<int>(pixels[i - pixel]);
    const int corner = i < pixel ? 0 : static_cast<int>(above[i - pixel]);
    f(i, predicted(filter, left, static_cast<int>(above[i]), corner));
  }
}

}  // namespace

void undo_png_filters(ByteView rows, size_t row, size_t pixel, MutableBytes pixels) {
  const size_t size = row - 1;
  const std::vector<std::byte> zeros(size, std::byte{0});
  const std::byte* above = zeros.data();
  for (size_t r = 0; r < rows.size() / row; ++r) {
    const std::byte* from = rows.data() + r * row;
    std::byte* to = pixels.data() + r * size;
    walk(static_cast<int>(*from), above, to, size, pixel, [&](size_t i, int prediction) {
      to[i] = static_cast<std::byte>(static_cast<int>(from[1 + i]) + prediction);
    });
    above = to;
  }
}

void do_png_filters(ByteView pixels, size_t row, size_t pixel, MutableBytes rows) {
  const size_t size = row - 1;
  const std::vector<std::byte> zeros(size, std::byte{0});
  const std::byte* above = zeros.data();
  for (size_t r = 0; r < rows.size() / row; ++r) {
    const std::byte* from = pixels.data() + r * size;
    std::byte* to = rows.data() + r * row;
    walk(static_cast<int>(*to), above, from, size, pixel, [&](size_t i, int prediction) {
      to[1 + i] = static_cast<std::byte>(static_cast<int>(from[i]) - prediction);
    });
    above = from;
  }
}

}  // namespace pith::array

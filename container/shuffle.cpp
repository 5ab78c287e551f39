#include "container/shuffle.h"

#include <algorithm>

namespace pith {

ByteBuffer shuffle(ByteView numbers, size_t width) {
  ByteBuffer tile(numbers.size());
  const size_t count = numbers.size() / width;
  for (size_t b = 0; b < width; ++b) {
    for (size_t i = 0; i < count; ++i) tile[b * count + i] = numbers[i * width + b];
  }
  const ByteView rest = numbers.subspan(count * width);
  std::copy(rest.begin(), rest.end(), tile.data() + count * width);
  return tile;
}

ByteBuffer unshuffle(ByteView tile, size_t width) {
  ByteBuffer numbers(tile.size());
  const size_t count = tile.size() / width;
  for (size_t b = 0; b < width; ++b) {
    for (size_t i = 0; i < count; ++i) numbers[i * width + b] = tile[b * count + i];
  }
  const ByteView rest = tile.subspan(count * width);
  std::copy(rest.begin(), rest.end(), numbers.data() + count * width);
  return numbers;
}

}  // namespace pith

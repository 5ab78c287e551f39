#include "codecs/array/promise.h"

#include <algorithm>
#include <array>

#include "codecs/array/number_order.h"
#include "codecs/array/symbols.h"
#include "codecs/entropy/log2_table.h"

namespace pith::array {
namespace {

constexpr size_t kWindows = 32;
constexpr size_t kLength = 64;
constexpr size_t kLeastCells = 512;

// The cell's place in the order of its type, in the highest bits of 64.
uint64_t place_of(const Variable& v, ByteView bytes, size_t cell) {
  const size_t width = number_size(v.type);
  uint64_t bits = 0;
  for (size_t b = 0; b < width; ++b) {
    const size_t place = v.big_endian ? width - 1 - b : b;
    bits |= static_cast<uint64_t>(bytes[cell * width + b]) << (8 * place);
  }
  return Order<uint64_t>(v.type).key(bits) << (64 - 8 * width);
}

uint64_t apart(uint64_t a, uint64_t b) { return a < b ? b - a : a - b; }

}  // namespace

bool neighbours_help(const Variable& v, ByteView bytes) {
  const uint64_t width = number_size(v.type);
  const int unused = static_cast<int>(64 - 8 * width);
  const size_t cells = bytes.size() / static_cast<size_t>(width);
  // The row above, or the pixel on the left where the last axis is one of bands.
  size_t row = 1;
  for (size_t i = v.shape.size(); i-- > 0 && row == 1;) row = static_cast<size_t>(v.shape[i]);
  if (cells < kLeastCells || cells < row + kLength + 1) return true;
  std::array<entropy::Histogram, 1> tops{};
  uint64_t left = 0;
  uint64_t above = 0;
  uint64_t both = 0;
  const size_t room = cells - row - kLength - 1;
  for (size_t i = 0; i < kWindows; ++i) {
    const size_t begin = row + 1 + room / kWindows * i;
    for (size_t c = begin; c < begin + kLength; ++c) {
      const uint64_t x = place_of(v, bytes, c);
      const uint64_t w = place_of(v, bytes, c - 1);
      const uint64_t n = place_of(v, bytes, c - row);
      const uint64_t nw = place_of(v, bytes, c - row - 1);
      const uint64_t low = std::min(w, n);
      const uint64_t high = std::max(w, n);
      const uint64_t median = nw >= high ? low : nw <= low ? high : w + n - nw;
      const auto cost = [&](uint64_t difference) {
        return entropy::log2_fixed(((difference >> unused) & (UINT64_MAX >> 1)) * 2 + 1) + 2048;
      };
      left += cost(apart(x, w));
      above += cost(apart(x, n));
      both += cost(apart(x, median));
      ++tops[0][static_cast<size_t>(x >> 56)];
    }
  }
  // One by one: the entropy of the highest bits, and all others.
  const uint64_t alone = symbols_cost(tops) + uint64_t{kWindows} * kLength * (8 * width - 8) * 4096;
  const uint64_t best = std::min({left, above, both});
  return best < alone - alone / 8;
}

}  // namespace pith::array

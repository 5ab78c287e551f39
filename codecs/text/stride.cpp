#include "codecs/text/stride.h"

#include <algorithm>
#include <array>

namespace pith::text {
namespace {

constexpr size_t kWindow = 8192;  // bytes compared with those before them
constexpr size_t kWindows = 4;
constexpr size_t kLanes = 128;  // a run of equal bytes is counted in 8 bits: fewer than 256

using Matches = std::array<uint32_t, kMaxStride + 2>;

// How many of `size` bytes are the same as `distance` bytes before. The inner loop is kept simple
// for the compiler to make vectors of it.
uint32_t equal_bytes(const uint8_t* bytes, size_t size, size_t distance) {
  const uint8_t* const before = bytes - distance;
  uint32_t total = 0;
  for (size_t at = 0; at + kLanes <= size; at += kLanes) {
    uint8_t run = 0;
    for (size_t i = at; i < at + kLanes; ++i) {
      run = static_cast<uint8_t>(run + (bytes[i] == before[i] ? 1 : 0));
    }
    total += run;
  }
  return total;
}

}  // namespace

uint32_t find_stride(ByteView block) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(block.data());
  // A record must fit in many times; short blocks are judged by short strides only.
  const size_t max_stride = std::min<size_t>(kMaxStride, block.size() / 4);
  if (max_stride < 16) return 0;
  const size_t room = block.size() - max_stride - 1;  // positions with all distances before them
  const size_t window = std::min(kWindow, room) / kLanes * kLanes;
  const size_t windows = window == 0 ? 0 : std::min(kWindows, room / window);
  if (windows == 0) return 0;

  Matches matches{};
  for (size_t w = 0; w < windows; ++w) {
    const size_t start = max_stride + 1 + (windows > 1 ? (room - window) / (windows - 1) * w : 0);
    for (size_t d = 1; d <= max_stride + 1; ++d) {
      matches[d] += equal_bytes(bytes + start, window, d);
    }
  }

  // What is usual at any distance: the median.
  Matches sorted = matches;
  const auto first = sorted.begin() + 1;
  const auto middle = first + static_cast<std::ptrdiff_t>(max_stride / 2);
  std::nth_element(first, middle, first + static_cast<std::ptrdiff_t>(max_stride + 1));
  const uint32_t usual = *middle;
  // How far a distance stands out of what is usual, and of the distances beside it.
  const auto height = [&](size_t d) {
    const uint32_t ground = std::max({usual, matches[d - 1], matches[d + 1]});
    return matches[d] > ground ? matches[d] - ground : 0;
  };
  uint32_t highest = 0;
  for (size_t d = 2; d <= max_stride; ++d) highest = std::max(highest, height(d));
  const auto total = static_cast<uint32_t>(windows * window);
  if (highest == 0 || highest < (total - usual) / 8) return 0;
  // Its multiples stand out as well: the shortest is the record.
  for (size_t d = 2; d <= max_stride; ++d) {
    if (height(d) >= highest / 2) return static_cast<uint32_t>(d);
  }
  return 0;
}

}  // namespace pith::text

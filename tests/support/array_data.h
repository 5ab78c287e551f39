// Arrays for tests: layouts, and fields of values as smooth or as rough as nature's.
#pragma once

#include <bit>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "base/bytes.h"
#include "base/segment.h"

namespace pith::test {

inline Segment array_segment(ArrayLayout layout, uint64_t size, uint64_t offset = 0) {
  layout.size = std::max(layout.size, offset + size);
  Segment segment{.size = size, .type = SegmentType::kArray, .layout = {}};
  segment.layout.array = std::make_shared<ArrayLayout>(std::move(layout));
  segment.layout.offset = offset;
  return segment;
}

// A field of integers that wanders from cell to cell, from row to row.
inline std::vector<int64_t> wandering(size_t cells, size_t row, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<int64_t> field(cells);
  for (size_t i = 0; i < cells; ++i) {
    const int64_t left = i == 0 ? 500 : field[i - 1];
    const int64_t above = i < row ? left : field[i - row];
    field[i] = (left + above) / 2 + static_cast<int64_t>(random() % 9) - 4;
  }
  return field;
}

// Numbers of any type, from bit patterns.
inline ByteBuffer pack(const std::vector<uint64_t>& bits, NumberType type, bool big_endian) {
  const size_t width = number_size(type);
  ByteBuffer bytes(bits.size() * width);
  for (size_t i = 0; i < bits.size(); ++i) {
    for (size_t b = 0; b < width; ++b) {
      const size_t place = big_endian ? width - 1 - b : b;
      bytes[i * width + b] = static_cast<std::byte>(bits[i] >> (8 * place));
    }
  }
  return bytes;
}

inline uint64_t float_bits(double value, NumberType type) {
  if (type == NumberType::kF64) return std::bit_cast<uint64_t>(value);
  return std::bit_cast<uint32_t>(static_cast<float>(value));
}

}  // namespace pith::test

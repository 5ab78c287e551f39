// The grid on which the numbers of a field lie, and the way from bit patterns to integers and back.
//
// Coordinates are floats in most files, but few sensors deliver more than millimetres: a KITTI
// coordinate is float(n / 1000) for an integer n, bit for bit. A grid is proven on every number;
// what does not lie on it (NaN, infinities, negative zeros, strays) is an exception and restored
// from a list. Floats without a grid become integers of the same order.
//
// Only conversions and divisions of IEEE doubles decide, which give the same bits on every machine.
#pragma once

#include <span>
#include <vector>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/result.h"
#include "base/segment.h"

namespace pith::cloud {

enum class GridKind : uint8_t {
  kWhole = 0,    // integers as they are; of floats the bit pattern
  kOrder = 1,    // floats: the bit pattern without its sign, negative for negative ones
  kDecimal = 2,  // floats: number / 10^digits
  kBinary = 3,   // floats: number / 2^digits
};
inline constexpr int kMaxDecimalDigits = 9;
inline constexpr int kMaxBinaryDigits = 40;

struct Grid {
  NumberType type = NumberType::kUint8;
  GridKind kind = GridKind::kWhole;
  uint8_t digits = 0;
  // number = base + step · value, modulo 2^64. All values are 0 where the step is 0.
  int64_t base = 0;
  uint64_t step = 1;

  bool is_constant() const { return step == 0; }
  int64_t number(int64_t value) const {
    return static_cast<int64_t>(static_cast<uint64_t>(base) + step * static_cast<uint64_t>(value));
  }
  // Units in a number of the kinds kDecimal and kBinary: 10^digits or 2^digits.
  double units() const;
  // The bits of the field that has this value, if it is not an exception.
  uint64_t bits(int64_t value) const;
  bool operator==(const Grid&) const = default;
};

// A field of many points.
struct Column {
  Grid grid;
  std::vector<int64_t> values;  // at an exception something that is easy to predict
  ByteBuffer exceptions;        // positions and bit patterns (docs/codecs/cloud.md)
};

// Finds the coarsest grid and puts the numbers on it.
Column make_column(NumberType type, std::span<const uint64_t> bits);

// Bit patterns of the values, without exceptions, and with them. Fails with kDamaged if an
// exception lies behind the last value.
void restore_bits(const Grid& grid, std::span<const int64_t> values, std::span<uint64_t> bits);
Result<void> restore_exceptions(const Grid& grid, ByteView exceptions, std::span<uint64_t> bits);

void write_grid(const Grid& grid, ByteWriter& out);
// `type` is known from the record's shape.
Result<Grid> read_grid(NumberType type, ByteReader& in);

}  // namespace pith::cloud

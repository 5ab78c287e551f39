#include "codecs/cloud/grid.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>

#include "base/varint.h"
#include "codecs/cloud/records.h"

namespace pith::cloud {
namespace {

constexpr std::array<double, kMaxDecimalDigits + 1> kPowersOfTen = {1e0, 1e1, 1e2, 1e3, 1e4,
                                                                    1e5, 1e6, 1e7, 1e8, 1e9};
// Numbers below this have room for a fraction in a double.
constexpr double kMaxNumber = static_cast<double>(int64_t{1} << 51);
constexpr int64_t kMaxReduced = int64_t{1} << 61;
constexpr size_t kSample = 2048;
// Of this many numbers one may be off the grid.
constexpr size_t kStrayPart = 32;

bool is_float(NumberType type) { return type >= NumberType::kF16; }

// What sort of list entry an exception is.
enum ExceptionCode : uint8_t { kNegativeZero = 0, kSamePattern = 1, kNewPattern = 2 };
constexpr uint64_t kExceptionCodes = 3;

template <class Float>
using BitsOf = std::conditional_t<sizeof(Float) == 4, uint32_t, uint64_t>;

template <class Float>
Float as_float(uint64_t bits) {
  return std::bit_cast<Float>(static_cast<BitsOf<Float>>(bits));
}

template <class Float>
uint64_t as_bits(Float value) {
  return std::bit_cast<BitsOf<Float>>(value);
}

constexpr uint64_t sign_bit(NumberType type) {
  return type == NumberType::kF16 ? 0x8000 : type == NumberType::kF32 ? 0x80000000 : 1ULL << 63;
}

bool is_finite(NumberType type, uint64_t bits) {
  const uint64_t infinity = type == NumberType::kF16   ? 0x7C00
                            : type == NumberType::kF32 ? 0x7F800000
                                                       : 0x7FF0000000000000;
  return (bits & (sign_bit(type) - 1)) < infinity;
}

// The number whose quotient by `units` is the float, if there is one.
template <class Float>
bool number_on_grid(uint64_t bits, double units, int64_t& number) {
  const double scaled = static_cast<double>(as_float<Float>(bits)) * units;
  if (!(scaled > -kMaxNumber && scaled < kMaxNumber)) return false;
  number = static_cast<int64_t>(scaled + (scaled < 0 ? -0.5 : 0.5));
  return as_bits(static_cast<Float>(static_cast<double>(number) / units)) == bits;
}

// The numbers of so many values at once, if all of them are on the grid and small: the compiler
// makes vectors of that.
constexpr size_t kTogether = 128;
template <class Float>
bool numbers_on_grid(const uint64_t* bits, double units, int64_t* numbers) {
  using Bits = BitsOf<Float>;
  constexpr double kMost = 2e9;
  constexpr Bits kSign = Bits{1} << (8 * sizeof(Bits) - 1);
  Bits largest = 0;
  for (size_t i = 0; i < kTogether; ++i) {
    largest = std::max(largest, static_cast<Bits>(static_cast<Bits>(bits[i]) & ~kSign));
  }
  if (!(static_cast<double>(as_float<Float>(largest)) * units < kMost)) return false;
  std::array<int32_t, kTogether> found;
  Bits off = 0;
  for (size_t i = 0; i < kTogether; ++i) {
    const double scaled = static_cast<double>(as_float<Float>(bits[i])) * units;
    found[i] = static_cast<int32_t>(scaled + std::copysign(0.5, scaled));
    const auto back = static_cast<Float>(static_cast<double>(found[i]) / units);
    off |= std::bit_cast<Bits>(back) ^ static_cast<Bits>(bits[i]);
  }
  if (off != 0) return false;
  std::copy(found.begin(), found.end(), numbers);
  return true;
}

int64_t whole_number(NumberType type, uint64_t bits) {
  switch (type) {
    case NumberType::kInt8:
      return static_cast<int8_t>(bits);
    case NumberType::kInt16:
      return static_cast<int16_t>(bits);
    case NumberType::kInt32:
      return static_cast<int32_t>(bits);
    default:
      return static_cast<int64_t>(bits);
  }
}

int64_t ordered_number(NumberType type, uint64_t bits) {
  const uint64_t sign = sign_bit(type);
  const auto magnitude = static_cast<int64_t>(bits & (sign - 1));
  return (bits & sign) != 0 ? -magnitude : magnitude;
}

struct Candidate {
  GridKind kind;
  uint8_t digits;
};

// All grids, the coarsest first.
std::vector<Candidate> candidates() {
  std::vector<Candidate> all;
  int binary = 1;
  for (int decimal = 0; decimal <= kMaxDecimalDigits; ++decimal) {
    const double units = kPowersOfTen[static_cast<size_t>(decimal)];
    for (; binary < kMaxBinaryDigits && static_cast<double>(uint64_t{1} << binary) < units;
         ++binary) {
      all.push_back({GridKind::kBinary, static_cast<uint8_t>(binary)});
    }
    all.push_back({GridKind::kDecimal, static_cast<uint8_t>(decimal)});
  }
  return all;
}

double units_of(GridKind kind, uint8_t digits) {
  return kind == GridKind::kDecimal ? kPowersOfTen[digits]
                                    : static_cast<double>(uint64_t{1} << digits);
}

// True if nearly all of a sample lie on the grid, and the grid is coarser than floats are by
// themselves: of large floats all lie on a fine grid.
template <class Float>
bool sample_fits(std::span<const uint64_t> bits, NumberType type, double units) {
  const size_t stride = std::max<size_t>(1, bits.size() / kSample);
  const size_t allowed = std::min(bits.size(), kSample) / kStrayPart;
  size_t strays = 0;
  size_t told = 0;
  size_t coarse = 0;
  for (size_t i = 0; i < bits.size(); i += stride) {
    const uint64_t magnitude = bits[i] & (sign_bit(type) - 1);
    if (magnitude == 0 || !is_finite(type, bits[i])) continue;
    int64_t number = 0;
    if (!number_on_grid<Float>(bits[i], units, number)) {
      if (++strays > allowed) return false;
      continue;
    }
    ++told;
    const double next = static_cast<double>(as_float<Float>(magnitude + 1)) * units;
    if (next < kMaxNumber && static_cast<int64_t>(next + 0.5) == std::abs(number)) ++coarse;
  }
  return told == 0 ? strays == 0 : coarse * 2 > told;
}

// Numbers of a column, and what is not on the grid.
class Builder {
 public:
  Builder(NumberType type, std::span<const uint64_t> bits, Column& column)
      : type_(type), bits_(bits), column_(column), writer_(column.exceptions) {}

  // `number(bits, number)` is false for exceptions. False if there are too many of these.
  // `numbers(bits, numbers)` may do kTogether of them at once, if there is no exception among them.
  template <class Number, class Numbers>
  bool build(Number&& number, Numbers&& numbers, size_t most_strays) {
    column_.values.resize(bits_.size());
    column_.exceptions.clear();
    size_t strays = 0;
    size_t run_begin = 0;
    size_t run_end = 0;  // equal to the beginning: no open run
    size_t listed = 0;   // end of the last run listed
    int64_t before = 0;
    pattern_ = 0;
    size_t one_by_one = 0;  // those before it
    for (size_t i = 0; i < bits_.size(); ++i) {
      if (i >= one_by_one) {
        if (i + kTogether <= bits_.size() && numbers(&bits_[i], &column_.values[i])) {
          i += kTogether - 1;
          before = column_.values[i];
          continue;
        }
        one_by_one = i + kTogether;
      }
      int64_t got = 0;
      if (number(bits_[i], got)) {
        before = got;
        column_.values[i] = got;
        continue;
      }
      if (run_begin < run_end && (run_end != i || bits_[i] != bits_[run_begin])) {
        list(run_begin, run_end, listed);
        run_begin = run_end;
      }
      if (run_begin == run_end) {
        run_begin = i;
        if (is_finite(type_, bits_[i]) && bits_[i] != sign_bit(type_) && ++strays > most_strays) {
          return false;
        }
      }
      run_end = i + 1;
      // A negative zero is a zero, anything else is as the number before.
      column_.values[i] = bits_[i] == sign_bit(type_) ? 0 : before;
    }
    if (run_begin < run_end) list(run_begin, run_end, listed);
    return column_.exceptions.size() <= bits_.size();
  }

 private:
  void list(size_t begin, size_t end, size_t& listed) {
    const uint64_t bits = bits_[begin];
    const uint64_t code = bits == sign_bit(type_) ? kNegativeZero
                          : bits == pattern_      ? kSamePattern
                                                  : kNewPattern;
    write_varint(writer_, begin - listed);
    write_varint(writer_, (end - begin - 1) * kExceptionCodes + code);
    if (code == kNewPattern) {
      for (uint32_t i = 0; i < number_size(type_); ++i) {
        writer_.u8(static_cast<uint8_t>(bits >> (8 * i)));
      }
    }
    if (code != kNegativeZero) pattern_ = bits;
    listed = end;
  }

  NumberType type_;
  std::span<const uint64_t> bits_;
  Column& column_;
  ByteWriter writer_;
  uint64_t pattern_ = 0;
};

template <class Float>
bool find_float_grid(std::span<const uint64_t> bits, Column& column) {
  static const std::vector<Candidate> kCandidates = candidates();
  const NumberType type = column.grid.type;
  for (const Candidate& candidate : kCandidates) {
    const double units = units_of(candidate.kind, candidate.digits);
    if (!sample_fits<Float>(bits, type, units)) continue;
    const auto number = [&](uint64_t of, int64_t& value) {
      return number_on_grid<Float>(of, units, value);
    };
    const auto numbers = [&](const uint64_t* of, int64_t* values) {
      return numbers_on_grid<Float>(of, units, values);
    };
    if (!Builder(type, bits, column).build(number, numbers, bits.size() / kStrayPart)) continue;
    column.grid.kind = candidate.kind;
    column.grid.digits = candidate.digits;
    return true;
  }
  return false;
}

// Divides by what all differences have in common.
void reduce(Column& column) {
  auto& values = column.values;
  if (values.empty()) return;
  const auto first = static_cast<uint64_t>(values.front());
  uint64_t step = 0;
  bool large = false;  // distances may be wrapped
  for (const int64_t value : values) {
    large = large || value > kMaxReduced || value < -kMaxReduced;
    const uint64_t apart = static_cast<uint64_t>(value) - first;
    const uint64_t distance = std::min(apart, 0 - apart);
    if (distance != 0 && (step == 0 || distance % step != 0)) step = std::gcd(step, distance);
    if (step == 1) return;
  }
  if (large && step != 0) return;
  column.grid.step = step;
  if (step == 0) {
    column.grid.base = values.front();
    std::fill(values.begin(), values.end(), 0);
    return;
  }
  const auto signed_step = static_cast<int64_t>(step);
  const int64_t rest = values.front() % signed_step;
  const int64_t base = rest < 0 ? rest + signed_step : rest;
  column.grid.base = base;
  for (int64_t& value : values) value = (value - base) / signed_step;
}

}  // namespace

double Grid::units() const { return units_of(kind, digits); }

uint64_t Grid::bits(int64_t value) const {
  uint64_t result = 0;
  restore_bits(*this, {&value, 1}, {&result, 1});
  return result;
}

Column make_column(NumberType type, std::span<const uint64_t> bits) {
  Column column{.grid = {.type = type}, .values = {}, .exceptions = {}};
  const auto as_it_is = [&](uint64_t of, int64_t& value) {
    value = whole_number(type, of);
    return true;
  };
  const auto ordered = [&](uint64_t of, int64_t& value) {
    if (of == sign_bit(type) || !is_finite(type, of)) return false;
    value = ordered_number(type, of);
    return true;
  };
  const auto none = [](const uint64_t*, int64_t*) { return false; };
  if (!is_float(type)) {
    Builder(type, bits, column).build(as_it_is, none, 0);
  } else if (type == NumberType::kF32 && find_float_grid<float>(bits, column)) {
  } else if (type == NumberType::kF64 && find_float_grid<double>(bits, column)) {
  } else if (Builder(type, bits, column).build(ordered, none, bits.size())) {
    column.grid.kind = GridKind::kOrder;
  } else {
    Builder(type, bits, column).build(as_it_is, none, 0);
  }
  reduce(column);
  return column;
}

void restore_bits(const Grid& grid, std::span<const int64_t> values, std::span<uint64_t> bits) {
  assert(values.size() == bits.size());
  const uint32_t size = number_size(grid.type);
  const uint64_t mask = size == 8 ? UINT64_MAX : (uint64_t{1} << (8 * size)) - 1;
  if (grid.kind == GridKind::kWhole) {
    for (size_t i = 0; i < values.size(); ++i) {
      bits[i] = static_cast<uint64_t>(grid.number(values[i])) & mask;
    }
  } else if (grid.kind == GridKind::kOrder) {
    const uint64_t sign = sign_bit(grid.type);
    for (size_t i = 0; i < values.size(); ++i) {
      const auto number = static_cast<uint64_t>(grid.number(values[i]));
      const bool negative = number >> 63 != 0;
      bits[i] = negative ? sign | ((0 - number) & (sign - 1)) : number & (sign - 1);
    }
  } else {
    const double units = grid.units();
    const bool narrow = grid.type == NumberType::kF32;
    for (size_t i = 0; i < values.size(); ++i) {
      const double real = static_cast<double>(grid.number(values[i])) / units;
      bits[i] = narrow ? as_bits(static_cast<float>(real)) : as_bits(real);
    }
  }
}

Result<void> restore_exceptions(const Grid& grid, ByteView exceptions, std::span<uint64_t> bits) {
  ByteReader in(exceptions);
  uint64_t pattern = 0;
  uint64_t position = 0;
  while (in.ok() && in.remaining() > 0) {
    const uint64_t gap = read_varint(in);
    const uint64_t length_and_code = read_varint(in);
    const uint64_t length = length_and_code / kExceptionCodes;  // less one
    const uint64_t code = length_and_code % kExceptionCodes;
    if (code == kNewPattern) {
      pattern = 0;
      for (uint32_t i = 0; i < number_size(grid.type); ++i) pattern |= uint64_t{in.u8()} << (8 * i);
    }
    if (!in.ok() || gap > bits.size() - position || length >= bits.size() - position - gap) {
      return damaged("an exception");
    }
    const auto begin = static_cast<size_t>(position + gap);
    position = begin + length + 1;
    std::fill(bits.begin() + static_cast<std::ptrdiff_t>(begin),
              bits.begin() + static_cast<std::ptrdiff_t>(position),
              code == kNegativeZero ? sign_bit(grid.type) : pattern);
  }
  if (!in.ok()) return damaged("an exception");
  return {};
}

void write_grid(const Grid& grid, ByteWriter& out) {
  // Bit 0-1: kind, bit 2: with base and step.
  const bool plain = grid.base == 0 && grid.step == 1;
  out.u8(static_cast<uint8_t>(static_cast<int>(grid.kind) | (plain ? 0 : 4)));
  if (grid.kind == GridKind::kDecimal || grid.kind == GridKind::kBinary) out.u8(grid.digits);
  if (plain) return;
  write_varint(out, fold(grid.base));
  write_varint(out, grid.step);
}

Result<Grid> read_grid(NumberType type, ByteReader& in) {
  Grid grid{.type = type};
  const uint8_t head = in.u8();
  grid.kind = static_cast<GridKind>(head & 3);
  const bool on_grid = grid.kind == GridKind::kDecimal || grid.kind == GridKind::kBinary;
  if (on_grid) grid.digits = in.u8();
  if ((head & 4) != 0) {
    grid.base = unfold(read_varint(in));
    grid.step = read_varint(in);
  }
  const int most = grid.kind == GridKind::kDecimal ? kMaxDecimalDigits : kMaxBinaryDigits;
  if (!in.ok() || head > 7 || grid.digits > most ||
      (grid.kind != GridKind::kWhole && !is_float(type)) || (on_grid && type == NumberType::kF16)) {
    return damaged("a grid");
  }
  return grid;
}

}  // namespace pith::cloud

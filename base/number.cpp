#include "base/number.h"

#include <bit>
#include <cmath>

namespace pith {
namespace {

constexpr int kMantissaOfDouble = 52;
constexpr uint64_t kSign = uint64_t{1} << 63;

void store_bits(std::byte* at, const NumberFormat& format, uint64_t bits) {
  const uint32_t size = format.size();
  for (uint32_t i = 0; i < size; ++i) {
    const uint32_t place = format.big_endian ? size - 1 - i : i;
    at[place] = static_cast<std::byte>(bits >> (8 * i));
  }
}

// Floats of 16 bits by their two parameters.
struct SmallFloat {
  int mantissa = 0;  // bits
  int bias = 0;
};
constexpr SmallFloat kHalf = {.mantissa = 10, .bias = 15};
constexpr SmallFloat kBfloat = {.mantissa = 7, .bias = 127};

double widen(uint64_t bits, const SmallFloat& small) {
  const int exponent_bits = 15 - small.mantissa;
  const uint64_t mantissa = bits & ((uint64_t{1} << small.mantissa) - 1);
  const auto exponent = static_cast<int>(bits >> small.mantissa & ((1U << exponent_bits) - 1));
  const uint64_t sign = (bits >> 15) << 63;
  if (exponent == (1 << exponent_bits) - 1) {
    return std::bit_cast<double>(sign | uint64_t{0x7FF} << kMantissaOfDouble |
                                 mantissa << (kMantissaOfDouble - small.mantissa));
  }
  const double value =
      exponent == 0 ? std::ldexp(static_cast<double>(mantissa), 1 - small.bias - small.mantissa)
                    : std::ldexp(static_cast<double>(mantissa | uint64_t{1} << small.mantissa),
                                 exponent - small.bias - small.mantissa);
  return sign != 0 ? -value : value;
}

uint64_t narrow(double value, const SmallFloat& small) {
  const auto bits = std::bit_cast<uint64_t>(value);
  const uint64_t sign = (bits & kSign) >> 48;
  const uint64_t infinity = ((uint64_t{1} << (15 - small.mantissa)) - 1) << small.mantissa;
  if (std::isnan(value)) return sign | infinity | uint64_t{1} << (small.mantissa - 1);
  if (std::isinf(value)) return sign | infinity;
  const double size = std::fabs(value);
  // In units of the last place of its binade, or of the smallest normal one.
  int exponent = 0;
  std::frexp(size, &exponent);
  exponent = std::max(exponent - 1, 1 - small.bias);
  if (exponent > small.bias) return sign | infinity;
  const double units = std::nearbyint(std::ldexp(size, small.mantissa - exponent));
  // A carry out of the mantissa goes into the exponent, as it should.
  const uint64_t normal = uint64_t{1} << small.mantissa;
  const auto whole = static_cast<uint64_t>(units);
  if (whole < normal) return sign | whole;
  const auto biased = static_cast<uint64_t>(exponent + small.bias);
  return sign | ((biased << small.mantissa) + (whole - normal));
}

}  // namespace

uint64_t load_bits(const std::byte* at, const NumberFormat& format) {
  const uint32_t size = format.size();
  uint64_t bits = 0;
  for (uint32_t i = 0; i < size; ++i) {
    const uint32_t place = format.big_endian ? i : size - 1 - i;
    bits = bits << 8 | std::to_integer<uint64_t>(at[place]);
  }
  return bits;
}

double load_number(const std::byte* at, const NumberFormat& format) {
  const uint64_t bits = load_bits(at, format);
  switch (format.type) {
    case NumberType::kInt8:
      return static_cast<int8_t>(bits);
    case NumberType::kInt16:
      return static_cast<int16_t>(bits);
    case NumberType::kInt32:
      return static_cast<int32_t>(bits);
    case NumberType::kInt64:
      return static_cast<double>(static_cast<int64_t>(bits));
    case NumberType::kUint8:
    case NumberType::kUint16:
    case NumberType::kUint32:
    case NumberType::kUint64:
      return static_cast<double>(bits);
    case NumberType::kF16:
      return widen(bits, format.bfloat ? kBfloat : kHalf);
    case NumberType::kF32:
      return std::bit_cast<float>(static_cast<uint32_t>(bits));
    case NumberType::kF64:
      break;
  }
  return std::bit_cast<double>(bits);
}

void store_number(std::byte* at, const NumberFormat& format, double value) {
  uint64_t bits = 0;
  switch (format.type) {
    case NumberType::kInt8:
    case NumberType::kInt16:
    case NumberType::kInt32:
    case NumberType::kInt64:
      bits = static_cast<uint64_t>(static_cast<int64_t>(std::nearbyint(value)));
      break;
    case NumberType::kUint8:
    case NumberType::kUint16:
    case NumberType::kUint32:
    case NumberType::kUint64:
      bits = static_cast<uint64_t>(std::nearbyint(value));
      break;
    case NumberType::kF16:
      bits = narrow(value, format.bfloat ? kBfloat : kHalf);
      break;
    case NumberType::kF32:
      bits = std::bit_cast<uint32_t>(static_cast<float>(value));
      break;
    case NumberType::kF64:
      bits = std::bit_cast<uint64_t>(value);
      break;
  }
  store_bits(at, format, bits);
}

}  // namespace pith

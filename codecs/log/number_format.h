// How numbers are written in text: formats of a whole column, in which every value is read as an
// integer and written back as the very same bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "codecs/log/parsed.h"

namespace pith::log {

enum class NumberKind : uint8_t {
  kPlain = 0,    // no leading zero
  kZeros = 1,    // `width` digits
  kSpaces = 2,   // `width` characters: spaces, then digits without a leading zero
  kSigned = 3,   // no leading zero, perhaps a '-'; written as zigzag
  kTime = 4,     // HH:MM:SS, then, if `fraction`, `separator` and `fraction` digits
  kDecimal = 5,  // a plain number, a dot and `fraction` digits
};
inline constexpr size_t kNumberKinds = 6;
inline constexpr size_t kMaxNumberText = 32;

struct NumberFormat {
  NumberKind kind = NumberKind::kPlain;
  uint8_t width = 0;
  uint8_t fraction = 0;
  char separator = '.';
};

// True for formats that write_number() can write.
bool is_valid(const NumberFormat& format);

// The formats that may fit a column that begins with `text`, the best first.
struct Formats {
  NumberFormat list[3];
  size_t count = 0;
};
Formats formats_for(std::string_view text);

std::optional<uint64_t> read_number(const NumberFormat& format, std::string_view text);

// The same for many values at `base`, in format kPlain; false if one is none. Fast.
bool read_plain_numbers(const char* base, std::span<const Piece> values, uint64_t* numbers);

// How many decimal digits a number has.
size_t count_digits(uint64_t value);

// 10^exponent, which is at most 19.
uint64_t power_of_ten(size_t exponent);

// Writes any value; returns its size. Touches kMaxNumberText bytes at most.
size_t write_number(const NumberFormat& format, uint64_t value, char* out);

// Writes many values back to back; returns where they end. `values[i]` becomes the place of number
// i from `base` on. Touches kMaxNumberText bytes behind each.
char* write_numbers(const NumberFormat& format, std::span<const uint64_t> numbers, uint32_t base,
                    char* out, Piece* values);

}  // namespace pith::log

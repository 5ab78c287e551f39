#include "codecs/log/number_format.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace pith::log {
namespace {

constexpr size_t kMaxDigits = 19;  // always less than 2^64
constexpr uint8_t kMaxFraction = 9;

constexpr std::array<uint64_t, 20> kPowers = [] {
  std::array<uint64_t, 20> powers{};
  uint64_t power = 1;
  for (auto& p : powers) {
    p = power;
    power *= 10;
  }
  return powers;
}();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Eight digits, the first one in the lowest byte; nothing if one is none.
std::optional<uint64_t> read_eight(uint64_t text) {
  text ^= 0x3030303030303030;
  if (((text | (text + 0x0606060606060606)) & 0xF0F0F0F0F0F0F0F0) != 0) return std::nullopt;
  // Pairs, then fours, then all.
  text = (text * 10 + (text >> 8)) & 0x00FF00FF00FF00FF;
  text = (text * 100 + (text >> 16)) & 0x0000FFFF0000FFFF;
  return (text * 10000 + (text >> 32)) & 0xFFFFFFFF;
}

std::optional<uint64_t> few_digits(const char* text, size_t size) {
  if (size == 8) {
    uint64_t all;
    std::memcpy(&all, text, 8);
    return read_eight(all);
  }
  if (size >= 4) {
    // The first ones behind zeros, then the last four.
    uint32_t first;
    uint32_t last;
    std::memcpy(&first, text, 4);
    std::memcpy(&last, text + size - 4, 4);
    const size_t zeros = 8 * (8 - size);
    const uint64_t padded =
        size == 4 ? 0x30303030 : (first << zeros | (0x30303030 & ((1U << zeros) - 1)));
    return read_eight(padded | uint64_t{last} << 32);
  }
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    value = value * 10 + static_cast<uint64_t>(text[i] - '0');
  }
  return value;
}

std::optional<uint64_t> digits(std::string_view text) {
  if (text.empty() || text.size() > kMaxDigits) return std::nullopt;
  const char* at = text.data();
  const size_t first = (text.size() - 1) % 8 + 1;
  auto value = few_digits(at, first);
  for (size_t done = first; done < text.size() && value; done += 8) {
    const auto more = few_digits(at + done, 8);
    value = more ? std::optional(*value * 100000000 + *more) : std::nullopt;
  }
  return value;
}

std::optional<uint64_t> plain(std::string_view text) {
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  return digits(text);
}

std::optional<uint64_t> time_of_day(std::string_view text) {
  if (text.size() != 8) return std::nullopt;
  uint64_t all;
  std::memcpy(&all, text.data(), 8);
  // 00:00:00: what is left are digits, and zeros for the colons.
  all ^= 0x30303A30303A3030;
  if ((all & 0x0000FF0000FF0000) != 0) return std::nullopt;
  if (((all | (all + 0x0606060606060606)) & 0xF0F0F0F0F0F0F0F0) != 0) return std::nullopt;
  const uint64_t pairs = all * 10 + (all >> 8);
  const uint64_t hours = pairs & 0xFF;
  const uint64_t minutes = pairs >> 24 & 0xFF;
  const uint64_t seconds = pairs >> 48 & 0xFF;
  if (minutes > 59 || seconds > 59) return std::nullopt;
  return (hours * 60 + minutes) * 60 + seconds;
}

constexpr std::array<char, 200> kPairs = [] {
  std::array<char, 200> pairs{};
  for (size_t i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

void write_pair(uint64_t value, char* out) { std::memcpy(out, &kPairs[2 * value], 2); }

constexpr uint64_t kZeros = 0x3030303030303030;
constexpr uint64_t kEight = 100000000;

// The values of the eight lowest digits, the first one in the lowest byte.
uint64_t split_digits(uint64_t value) {
  // Halves, then quarters, then digits are told apart, all at once.
  const uint64_t halves = value / 10000 % 10000 | value % 10000 << 32;
  const uint64_t hundreds = (halves * 10486 >> 20) & 0x0000007F0000007F;
  const uint64_t quarters = hundreds | (halves - hundreds * 100) << 16;
  const uint64_t tens = (quarters * 103 >> 10) & 0x000F000F000F000F;
  return tens | (quarters - tens * 10) << 8;
}

// The lowest `width` digits; touches 7 bytes more.
void write_fixed(uint64_t value, size_t width, char* out) {
  if (width > 8) {
    write_fixed(value / kEight, width - 8, out);
    out += width - 8;
    width = 8;
  }
  if (width == 0) return;
  const uint64_t text = (split_digits(value) + kZeros) >> (64 - 8 * width);
  std::memcpy(out, &text, 8);
}

size_t write_plain(uint64_t value, char* out) {
  if (value < kEight) {
    const uint64_t digits = split_digits(value);
    // The last digit is there in any case.
    const auto zeros = static_cast<size_t>(std::countr_zero(digits | uint64_t{1} << 56)) / 8;
    const uint64_t text = (digits + kZeros) >> (8 * zeros);
    std::memcpy(out, &text, 8);
    return 8 - zeros;
  }
  const size_t count = count_digits(value);
  write_fixed(value, count, out);
  return count;
}

std::optional<uint64_t> join(std::optional<uint64_t> whole, std::string_view fraction) {
  const auto low = digits(fraction);
  if (!whole || !low || *whole >= kPowers[kMaxDigits] / kPowers[fraction.size()]) {
    return std::nullopt;
  }
  return *whole * kPowers[fraction.size()] + *low;
}

}  // namespace

size_t count_digits(uint64_t value) {
  // log10 from log2, at most one too many.
  const auto bits = static_cast<size_t>(std::bit_width(value | 1));
  const size_t count = bits * 1233 >> 12;
  return count + (value >= kPowers[count] ? 1 : 0) + (value == 0 ? 1 : 0);
}

uint64_t power_of_ten(size_t exponent) { return kPowers.at(exponent); }

bool is_valid(const NumberFormat& format) {
  const bool padded = format.kind == NumberKind::kZeros || format.kind == NumberKind::kSpaces;
  if (padded) return format.width >= 1 && format.width <= kMaxDigits;
  if (format.kind == NumberKind::kDecimal && format.fraction == 0) return false;
  return static_cast<size_t>(format.kind) < kNumberKinds && format.fraction <= kMaxFraction;
}

Formats formats_for(std::string_view text) {
  Formats formats;
  const auto add = [&](NumberKind kind, size_t width = 0, size_t fraction = 0,
                       char separator = '.') {
    formats.list[formats.count++] = {kind, static_cast<uint8_t>(width),
                                     static_cast<uint8_t>(fraction), separator};
  };
  if (text.empty() || text.size() > kMaxNumberText) return formats;
  const size_t size = text.size();
  if (size >= 8 && text[2] == ':' && time_of_day(text.substr(0, 8))) {
    if (size == 8) add(NumberKind::kTime);
    if (size > 9 && size <= 9 + kMaxFraction && (text[8] == '.' || text[8] == ',')) {
      add(NumberKind::kTime, 0, size - 9, text[8]);
    }
    return formats;
  }
  const size_t dot = text.find('.');
  if (dot != text.npos) {
    const size_t fraction = size - dot - 1;
    if (dot > 0 && fraction > 0 && fraction <= kMaxFraction) add(NumberKind::kDecimal, 0, fraction);
    return formats;
  }
  if (size > kMaxDigits + 1) return formats;
  if (text[0] == '-') {
    add(NumberKind::kSigned);
  } else if (text[0] == ' ') {
    add(NumberKind::kSpaces, size);
  } else if (text[0] == '0' && size > 1) {
    add(NumberKind::kZeros, size);
  } else if (is_digit(text[0])) {
    add(NumberKind::kPlain);
    add(NumberKind::kZeros, size);
    add(NumberKind::kSigned);
  }
  return formats;
}

std::optional<uint64_t> read_number(const NumberFormat& format, std::string_view text) {
  switch (format.kind) {
    case NumberKind::kPlain:
      return plain(text);
    case NumberKind::kZeros:
      if (text.size() != format.width) return std::nullopt;
      return digits(text);
    case NumberKind::kSpaces: {
      if (text.size() != format.width) return std::nullopt;
      const size_t start = text.find_first_not_of(' ');
      if (start == text.npos) return std::nullopt;
      return plain(text.substr(start));
    }
    case NumberKind::kSigned: {
      const bool minus = !text.empty() && text[0] == '-';
      const auto value = plain(minus ? text.substr(1) : text);
      if (!value || *value >> 62 != 0 || (minus && *value == 0)) return std::nullopt;
      return minus ? *value * 2 - 1 : *value * 2;
    }
    case NumberKind::kTime: {
      if (text.size() != (format.fraction == 0 ? 8U : 9U + format.fraction)) return std::nullopt;
      const auto seconds = time_of_day(text.substr(0, 8));
      if (format.fraction == 0) return seconds;
      if (text[8] != format.separator) return std::nullopt;
      return join(seconds, text.substr(9));
    }
    case NumberKind::kDecimal: {
      if (text.size() < format.fraction + 2U) return std::nullopt;
      const size_t dot = text.size() - format.fraction - 1;
      if (text[dot] != '.') return std::nullopt;
      return join(plain(text.substr(0, dot)), text.substr(dot + 1));
    }
  }
  return std::nullopt;
}

bool read_plain_numbers(const char* base, std::span<const Piece> values, uint64_t* numbers) {
  for (size_t i = 0; i < values.size(); ++i) {
    const Piece& value = values[i];
    const char* const text = base + value.begin;
    if (value.size - 1 < 8 && value.begin + value.size >= 8) {
      // The last eight bytes, those before the value as zeros.
      uint64_t eight;
      std::memcpy(&eight, text + value.size - 8, 8);
      const size_t before = 64 - 8 * size_t{value.size};
      eight = (eight ^ 0x3030303030303030) >> before << before;
      const auto number = read_eight(eight ^ 0x3030303030303030);
      if (!number || (value.size > 1 && *text == '0')) return false;
      numbers[i] = *number;
    } else {
      const auto number = plain({text, value.size});
      if (!number) return false;
      numbers[i] = *number;
    }
  }
  return true;
}

size_t write_number(const NumberFormat& format, uint64_t value, char* out) {
  switch (format.kind) {
    case NumberKind::kPlain:
      return write_plain(value, out);
    case NumberKind::kZeros:
      write_fixed(value, format.width, out);
      return format.width;
    case NumberKind::kSpaces: {
      std::memset(out, ' ', format.width);
      const size_t count = std::min<size_t>(count_digits(value), format.width);
      write_fixed(value, count, out + format.width - count);
      return format.width;
    }
    case NumberKind::kSigned: {
      if ((value & 1) == 0) return write_plain(value / 2, out);
      *out = '-';
      return 1 + write_plain(value / 2 + 1, out + 1);
    }
    case NumberKind::kTime: {
      uint64_t seconds = value / kPowers[format.fraction];
      write_pair(seconds / 3600 % 100, out);
      out[2] = ':';
      write_pair(seconds / 60 % 60, out + 3);
      out[5] = ':';
      write_pair(seconds % 60, out + 6);
      if (format.fraction == 0) return 8;
      out[8] = format.separator;
      write_fixed(value, format.fraction, out + 9);
      return 9U + format.fraction;
    }
    case NumberKind::kDecimal: {
      const size_t size = write_plain(value / kPowers[format.fraction], out);
      out[size] = '.';
      write_fixed(value, format.fraction, out + size + 1);
      return size + 1 + format.fraction;
    }
  }
  return 0;
}

namespace {

template <class Write>
char* write_each(std::span<const uint64_t> numbers, uint32_t base, char* out, Piece* values,
                 Write write) {
  char* at = out;
  for (size_t i = 0; i < numbers.size(); ++i) {
    const size_t size = write(numbers[i], at);
    values[i] = {base + static_cast<uint32_t>(at - out), static_cast<uint32_t>(size)};
    at += size;
  }
  return at;
}

}  // namespace

char* write_numbers(const NumberFormat& format, std::span<const uint64_t> numbers, uint32_t base,
                    char* out, Piece* values) {
  if (format.kind == NumberKind::kPlain) return write_each(numbers, base, out, values, write_plain);
  return write_each(numbers, base, out, values,
                    [&](uint64_t number, char* to) { return write_number(format, number, to); });
}

}  // namespace pith::log

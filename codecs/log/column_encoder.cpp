#include <algorithm>
#include <array>
#include <unordered_map>

#include "codecs/log/column.h"
#include "codecs/log/interner.h"
#include "codecs/log/looks.h"
#include "codecs/log/number_format.h"

namespace pith::log {
namespace {

constexpr size_t kMaxParts = 24;
// Of the values so many percent must fit a pattern or a format; the others are exceptions.
constexpr size_t kFitPercent = 90;
constexpr size_t kLookSamples = 64;
constexpr size_t kMinTyped = 3;
constexpr size_t kManyValues = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) {
  const char lower = static_cast<char>(c | 0x20);
  return (lower >= 'a' && lower <= 'z') || (c & 0x80) != 0;
}

uint64_t zigzag(uint64_t difference) { return difference << 1 ^ (0 - (difference >> 63)); }

size_t bytes_of(uint64_t value) {
  size_t bytes = 0;
  for (; value != 0; value >>= 8) ++bytes;
  return bytes;
}

}  // namespace

void Encoded::put(StreamWriter& out) const {
  out.put(Pool::kMeta, meta);
  for (const Chunk& chunk : chunks) out.put(chunk.pool, chunk.bytes);
}

namespace {

void join(Encoded& out, Encoded&& part) {
  out.meta.append(part.meta);
  for (auto& chunk : part.chunks) out.chunks.push_back(std::move(chunk));
  out.cost += part.cost;
}

void put_type(Encoded& out, ColumnType type) {
  out.meta.push_back(static_cast<std::byte>(type));
  out.cost += 1;
}

}  // namespace

// A run of a value: a fixed character, digits (with their padding), letters, a time or a decimal
// number.
struct ColumnEncoder::Part {
  enum Kind : uint8_t { kFixed, kDigits, kLetters, kNumber } kind;
  char fixed = 0;
  NumberFormat format;
  bool padded = false;  // digits behind spaces, which belong to them
};

void ColumnEncoder::add_chunk(Encoded& out, Pool pool, ByteBuffer bytes) {
  out.cost += meter_.cost(bytes);
  out.chunks.push_back({pool, std::move(bytes)});
}

// Numbers as byte planes, lowest first: as they are (less the smallest), or as differences.
void ColumnEncoder::add_numbers(Encoded& out, const std::vector<uint64_t>& values, bool ids) {
  const uint64_t least = ids ? 0 : *std::min_element(values.begin(), values.end());
  const auto planes = [&](bool delta, Encoded& to) {
    uint64_t all = 0;
    std::vector<uint64_t> written(values.size());
    uint64_t last = least;
    for (size_t i = 0; i < values.size(); ++i) {
      written[i] = delta ? zigzag(values[i] - last) : values[i] - least;
      last = values[i];
      all |= written[i];
    }
    const size_t width = bytes_of(all);
    const size_t before = to.meta.size();
    to.meta.push_back(static_cast<std::byte>(width << 1 | (delta ? 1 : 0)));
    if (!ids) put_varint(to.meta, least);
    to.cost += (to.meta.size() - before) / 2;
    for (size_t p = 0; p < width; ++p) {
      ByteBuffer plane(values.size());
      for (size_t i = 0; i < values.size(); ++i) {
        plane[i] = static_cast<std::byte>(written[i] >> (8 * p));
      }
      const Pool pool =
          ids ? (p == 0 ? Pool::kIds : Pool::kIdsHigh) : (p == 0 ? Pool::kLow : Pool::kHigh);
      add_chunk(to, pool, std::move(plane));
    }
  };
  Encoded plain;
  planes(false, plain);
  if (ids || values.size() < 4) return join(out, std::move(plain));
  Encoded delta;
  planes(true, delta);
  join(out, std::move(delta.cost < plain.cost ? delta : plain));
}

bool ColumnEncoder::encode_constant(const Pieces& values, Encoded& out) const {
  for (const Piece& value : values) {
    if (text(value) != text(values[0])) return false;
  }
  put_type(out, ColumnType::kConstant);
  ByteBuffer word(as_bytes(text(values[0])));
  word.push_back(std::byte{'\n'});
  out.cost += word.size() / 2;
  out.chunks.push_back({Pool::kWords, std::move(word)});
  put_varint(out.meta, values[0].size + 1);
  return true;
}

bool ColumnEncoder::read_numbers(const Pieces& values, NumberFormat& format,
                                 std::vector<uint64_t>& numbers) const {
  const Formats formats = formats_for(text(values[0]));
  numbers.resize(values.size());
  for (size_t f = 0; f < formats.count; ++f) {
    format = formats.list[f];
    size_t i = 0;
    for (; i < values.size(); ++i) {
      const auto number = read_number(format, text(values[i]));
      if (!number) break;
      numbers[i] = *number;
    }
    if (i == values.size()) return true;
  }
  return false;
}

namespace {

void put_format(Encoded& out, const NumberFormat& format) {
  const size_t before = out.meta.size();
  out.meta.push_back(static_cast<std::byte>(format.kind));
  if (format.kind == NumberKind::kZeros || format.kind == NumberKind::kSpaces) {
    out.meta.push_back(static_cast<std::byte>(format.width));
  }
  if (format.kind == NumberKind::kTime || format.kind == NumberKind::kDecimal) {
    out.meta.push_back(static_cast<std::byte>(format.fraction));
    out.meta.push_back(static_cast<std::byte>(format.separator));
  }
  out.cost += out.meta.size() - before;
}

}  // namespace

bool ColumnEncoder::encode_number(const Pieces& values, Encoded& out) {
  NumberFormat format;
  std::vector<uint64_t> numbers;
  if (!read_numbers(values, format, numbers)) return false;
  put_type(out, ColumnType::kNumber);
  put_format(out, format);
  add_numbers(out, numbers, false);
  return true;
}

Encoded ColumnEncoder::encode_differences(const NumberFormat& format,
                                          const std::vector<uint64_t>& differences) {
  Encoded out;
  put_format(out, format);
  add_numbers(out, differences, false);
  return out;
}

void ColumnEncoder::add_flags(Encoded& out, const std::vector<bool>& flags) {
  ByteBuffer bytes((flags.size() + 7) / 8, std::byte{0});
  for (size_t i = 0; i < flags.size(); ++i) {
    if (flags[i]) bytes[i / 8] |= static_cast<std::byte>(1 << i % 8);
  }
  add_chunk(out, Pool::kIds, std::move(bytes));
}

std::vector<ColumnEncoder::Part> ColumnEncoder::plan_of(std::string_view value,
                                                        bool fixed_spaces) const {
  std::vector<Part> plan;
  size_t at = 0;
  for (; fixed_spaces && at < value.size() && value[at] == ' '; ++at) {
    plan.push_back({Part::kFixed, ' ', {}, false});
  }
  const auto digits_end = [&](size_t from) {
    while (from < value.size() && is_digit(value[from])) ++from;
    return from;
  };
  while (at < value.size()) {
    const size_t start = at;
    while (at < value.size() && value[at] == ' ') ++at;
    if (at < value.size() && is_digit(value[at])) {
      size_t end = digits_end(at);
      const std::string_view rest = value.substr(start);
      const bool after_digit_dot =
          start >= 2 && value[start - 1] == '.' && is_digit(value[start - 2]);
      NumberFormat format;
      size_t size = 0;
      if (rest.size() >= 8 && end - start == 2 && rest[2] == ':' && rest[5] == ':' &&
          !(start > 0 && value[start - 1] == ':') && formats_for(rest.substr(0, 8)).count > 0) {
        format = {NumberKind::kTime, 0, 0, '.'};
        size = 8;
        const size_t fraction = digits_end(start + 9) - std::min(value.size(), start + 9);
        if (rest.size() > 9 && (rest[8] == '.' || rest[8] == ',') && fraction > 0 &&
            fraction <= 9) {
          format = {NumberKind::kTime, 0, static_cast<uint8_t>(fraction), rest[8]};
          size = 9 + fraction;
        }
        if (start + size < value.size() && is_digit(value[start + size])) size = 0;
      } else if (end < value.size() && value[end] == '.' && !after_digit_dot && at == start) {
        const size_t fraction = digits_end(end + 1) - (end + 1);
        const size_t after = end + 1 + fraction;
        const bool more = after < value.size() && value[after] == '.';
        if (fraction > 0 && fraction <= 9 && !more && (value[start] != '0' || end == start + 1)) {
          format = {NumberKind::kDecimal, 0, static_cast<uint8_t>(fraction), '.'};
          size = after - start;
        }
      }
      if (size > 0) {
        plan.push_back({Part::kNumber, 0, format, false});
        at = start + size;
      } else {
        plan.push_back({Part::kDigits, 0, {}, at > start});
        at = end;
      }
      continue;
    }
    at = start;
    if (is_letter(value[at])) {
      while (at < value.size() && is_letter(value[at])) ++at;
      plan.push_back({Part::kLetters, 0, {}, false});
    } else {
      plan.push_back({Part::kFixed, value[at], {}, false});
      ++at;
    }
    if (plan.size() > kMaxParts) return {};
  }
  return plan;
}

bool ColumnEncoder::match(const std::vector<Part>& plan, const Piece& value, Piece* parts) const {
  const char* t = base_ + value.begin;
  uint32_t at = 0;
  for (const Part& part : plan) {
    const uint32_t start = at;
    switch (part.kind) {
      case Part::kFixed:
        if (at == value.size || t[at] != part.fixed) return false;
        ++at;
        continue;
      case Part::kDigits: {
        while (part.padded && at < value.size && t[at] == ' ') ++at;
        const uint32_t first = at;
        while (at < value.size && is_digit(t[at])) ++at;
        if (at == first) return false;
        break;
      }
      case Part::kLetters:
        while (at < value.size && is_letter(t[at])) ++at;
        if (at == start) return false;
        break;
      case Part::kNumber: {
        const NumberFormat& format = part.format;
        if (format.kind == NumberKind::kTime) {
          at += format.fraction == 0 ? 8 : 9 + format.fraction;
        } else {
          while (at < value.size && is_digit(t[at])) ++at;
          at += 1U + format.fraction;
        }
        if (at > value.size || (at < value.size && is_digit(t[at]))) return false;
        if (!read_number(format, {t + start, at - start})) return false;
        break;
      }
    }
    *parts++ = {value.begin + start, at - start};
  }
  return at == value.size;
}

Piece ColumnEncoder::most_common_look(const Pieces& values) const {
  std::unordered_map<uint32_t, std::pair<size_t, Piece>> looks;
  const size_t step = std::max<size_t>(1, values.size() / kLookSamples);
  size_t most = 0;
  Piece best = values[0];
  for (size_t i = 0; i < values.size(); i += step) {
    auto& [count, first] = looks.try_emplace(look_of(text(values[i])), 0, values[i]).first->second;
    if (++count > most) {
      most = count;
      best = first;
    }
  }
  return best;
}

bool ColumnEncoder::encode_pattern(const Pieces& values, const ColumnRules& rules, Encoded& out) {
  const std::string_view look = text(most_common_look(values));
  if (look.empty()) return false;
  // Spaces in front are the same for all values, or they pad numbers to one width.
  if (look[0] == ' ' && encode_plan(plan_of(look, true), values, rules, out)) return true;
  return encode_plan(plan_of(look, false), values, rules, out);
}

bool ColumnEncoder::encode_plan(const std::vector<Part>& plan, const Pieces& values,
                                const ColumnRules& rules, Encoded& out) {
  if (plan.size() < 2) return false;
  size_t parts = 0;
  for (const Part& part : plan) {
    if (part.kind != Part::kFixed) ++parts;
    // Characters that have a meaning in a written pattern.
    if (part.kind == Part::kFixed && static_cast<uint8_t>(part.fixed) <= 1) return false;
  }
  if (parts == 0) return false;
  std::vector<Pieces> columns(parts);
  Pieces others;
  std::vector<bool> mask(values.size());
  std::array<Piece, kMaxParts + 1> found;
  const size_t tolerated = values.size() * (100 - kFitPercent) / 100;
  for (auto& column : columns) column.reserve(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    const bool fits = match(plan, values[i], found.data());
    mask[i] = !fits;
    if (fits) {
      for (size_t p = 0; p < parts; ++p) columns[p].push_back(found[p]);
    } else {
      others.push_back(values[i]);
      if (others.size() > tolerated) return false;
    }
  }
  if (!others.empty()) {
    put_type(out, ColumnType::kExceptions);
    put_varint(out.meta, others.size());
    add_flags(out, mask);
  }
  Encoded pattern;
  put_type(pattern, ColumnType::kPattern);
  const ColumnRules part_rules{.dictionary = true, .pattern = false, .text = rules.text};
  size_t p = 0;
  std::vector<Encoded> encoded;
  for (const Part& part : plan) {
    if (part.kind == Part::kFixed) {
      pattern.meta.push_back(static_cast<std::byte>(part.fixed));
      continue;
    }
    const Pieces& column = columns[p++];
    const std::string_view first = text(column[0]);
    const bool plain_text = std::none_of(first.begin(), first.end(),
                                         [](char c) { return static_cast<uint8_t>(c) <= 1; });
    if (plain_text && std::all_of(column.begin(), column.end(),
                                  [&](const Piece& value) { return text(value) == first; })) {
      pattern.meta.append(as_bytes(first));
      continue;
    }
    pattern.meta.push_back(std::byte{1});
    encoded.push_back(encode(column, part_rules));
  }
  pattern.meta.push_back(std::byte{0});
  pattern.cost += pattern.meta.size() / 2;
  for (auto& part : encoded) join(pattern, std::move(part));
  join(out, std::move(pattern));
  if (!others.empty()) {
    ColumnRules rest = rules;
    rest.pattern = false;
    join(out, encode(others, rest));
  }
  return true;
}

bool ColumnEncoder::encode_dictionary(const Pieces& values, const ColumnRules& rules,
                                      Encoded& out) {
  Interner interner(base_);
  std::vector<uint64_t> ids(values.size());
  const size_t limit = values.size() * 3 / 4;
  for (size_t i = 0; i < values.size(); ++i) {
    ids[i] = interner.intern(values[i].begin, values[i].size);
    if (interner.count() > limit) return false;
  }
  Pieces entries(interner.count());
  for (size_t i = 0; i < entries.size(); ++i)
    entries[i] = {interner.begin_of(i), interner.size_of(i)};
  put_type(out, ColumnType::kDictionary);
  put_varint(out.meta, entries.size());
  out.cost += 1;
  Encoded words =
      encode(entries, {.dictionary = false, .pattern = rules.pattern, .text = Pool::kWords});
  out.once_cost = words.cost;
  join(out, std::move(words));
  add_numbers(out, ids, true);
  return true;
}

void ColumnEncoder::encode_raw(const Pieces& values, const ColumnRules& rules, Encoded& out) {
  put_type(out, ColumnType::kRaw);
  out.meta.push_back(static_cast<std::byte>(rules.text));
  size_t size = 0;
  for (const Piece& value : values) size += value.size + 1;
  put_varint(out.meta, size);
  out.cost += 2;
  ByteBuffer all(size);
  std::byte* at = all.data();
  for (const Piece& value : values) {
    std::memcpy(at, base_ + value.begin, value.size);
    at += value.size;
    *at++ = std::byte{'\n'};
  }
  add_chunk(out, rules.text, std::move(all));
}

Encoded ColumnEncoder::encode(const Pieces& values, const ColumnRules& rules) {
  Encoded best;
  if (encode_constant(values, best)) return best;
  bool found = false;
  const auto consider = [&](bool possible, Encoded& candidate) {
    if (!possible || (found && candidate.cost >= best.cost)) return;
    best = std::move(candidate);
    found = true;
  };
  if (values.size() >= kMinTyped) {
    Encoded number;
    const bool is_number = encode_number(values, number);
    consider(is_number, number);
    if (rules.pattern && !is_number) {
      Encoded pattern;
      consider(encode_pattern(values, rules, pattern), pattern);
    }
    if (rules.dictionary) {
      Encoded dictionary;
      consider(encode_dictionary(values, rules, dictionary), dictionary);
    }
    // Numbers are not better off as text, but for a few.
    if (is_number && values.size() >= kManyValues) return best;
  }
  Encoded raw;
  encode_raw(values, rules, raw);
  consider(true, raw);
  return best;
}

}  // namespace pith::log

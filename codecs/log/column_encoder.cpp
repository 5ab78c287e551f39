#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

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

}  // namespace

ColumnRules ColumnEncoder::entry_rules(const ColumnRules& rules) {
  return {.dictionary = false, .pattern = rules.pattern, .text = Pool::kWords};
}

void Encoded::put(StreamWriter& out) && {
  out.put(Pool::kMeta, std::move(meta));
  for (Chunk& chunk : chunks) out.put(chunk.pool, std::move(chunk.bytes));
}

void Encoded::add(Encoded&& part) {
  meta.append(part.meta);
  for (auto& chunk : part.chunks) chunks.push_back(std::move(chunk));
  cost += part.cost;
}

void Encoded::put_type(ColumnType type) {
  meta.push_back(static_cast<std::byte>(type));
  cost += 1;
}

// A run of a value: a fixed character, digits (with their padding), letters, a time or a decimal
// number.
struct ColumnEncoder::Part {
  enum Kind : uint8_t { kFixed, kDigits, kLetters, kNumber } kind;
  char fixed = 0;
  NumberFormat format;
  bool padded = false;  // digits behind spaces, which belong to them
};

void ColumnEncoder::add_chunk(Encoded& out, Pool pool, ByteBuffer bytes) {
  out.cost += meter_.cost(pool, bytes);
  out.chunks.push_back({pool, std::move(bytes)});
}

bool ColumnEncoder::encode_constant(const Pieces& values, Encoded& out) const {
  for (const Piece& value : values) {
    if (text(value) != text(values[0])) return false;
  }
  out.put_type(ColumnType::kConstant);
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
    if (format.kind == NumberKind::kPlain) {
      if (read_plain_numbers(base_, values, numbers.data())) return true;
      continue;
    }
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
  out.put_type(ColumnType::kNumber);
  put_format(out, format);
  add_numbers(out, numbers);
  return true;
}

Encoded ColumnEncoder::encode_differences(const NumberFormat& format,
                                          const std::vector<uint64_t>& differences) {
  Encoded out;
  put_format(out, format);
  add_numbers(out, differences);
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
  // The values of all parts, part by part.
  std::vector<Pieces> columns(parts, Pieces(values.size()));
  Pieces others;
  std::vector<bool> mask(values.size());
  std::array<Piece, kMaxParts + 1> found;
  const size_t tolerated = values.size() * (100 - kFitPercent) / 100;
  size_t fitting = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (match(plan, values[i], found.data())) {
      for (size_t p = 0; p < parts; ++p) columns[p][fitting] = found[p];
      ++fitting;
    } else {
      mask[i] = true;
      others.push_back(values[i]);
      if (others.size() > tolerated) return false;
    }
  }
  for (auto& column : columns) column.resize(fitting);
  if (!others.empty()) {
    out.put_type(ColumnType::kExceptions);
    put_varint(out.meta, others.size());
    add_flags(out, mask);
  }
  Encoded pattern;
  pattern.put_type(ColumnType::kPattern);
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
  for (auto& part : encoded) pattern.add(std::move(part));
  out.add(std::move(pattern));
  if (!others.empty()) {
    ColumnRules rest = rules;
    rest.pattern = false;
    out.add(encode(others, rest));
  }
  return true;
}

// False if there are too many for a dictionary.
bool ColumnEncoder::find_words(const Pieces& values, std::span<const uint32_t> words,
                               Dictionary& found) {
  const size_t limit = values.size() * 3 / 4;
  found.ids.resize(values.size());
  const auto take = [&](size_t i, uint32_t id) {
    found.ids[i] = id;
    if (id == found.entries.size()) found.entries.push_back(values[i]);
    return found.entries.size() <= limit;
  };
  if (words.size() == values.size() && dense_ != nullptr) {
    dense_->number(words, take);
    return found.entries.size() <= limit;
  }
  Interner interner(base_);
  for (size_t i = 0; i < values.size(); ++i) {
    if (!take(i, interner.intern(values[i].begin, values[i].size))) return false;
  }
  return true;
}

// Whether the values of a sample are several times the same.
bool ColumnEncoder::repeats(const Pieces& sample) const {
  Interner interner(base_);
  for (const Piece& value : sample) interner.intern(value.begin, value.size);
  return interner.count() * 4 < sample.size();
}

void ColumnEncoder::encode_dictionary(const Dictionary& dictionary, const ColumnRules& rules,
                                      Encoded& out) {
  out.put_type(ColumnType::kDictionary);
  put_varint(out.meta, dictionary.entries.size());
  out.cost += 1;
  Encoded words = encode(dictionary.entries, entry_rules(rules));
  out.once_cost = words.cost;
  out.add(std::move(words));
  add_ids(out, dictionary.ids);
}

void ColumnEncoder::encode_raw(const Pieces& values, const ColumnRules& rules, Encoded& out) {
  out.put_type(ColumnType::kRaw);
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

Encoded ColumnEncoder::encode(const Pieces& values, std::span<const uint32_t> words,
                              DenseIds& dense) {
  dense_ = &dense;
  return encode(values, ColumnRules{}, words);
}

bool ColumnEncoder::encode_as(ColumnType type, const Pieces& values, const ColumnRules& rules,
                              Encoded& out) {
  switch (type) {
    case ColumnType::kNumber:
      return encode_number(values, out);
    case ColumnType::kHex:
      return encode_hex(values, rules, out);
    case ColumnType::kPattern:
      return encode_pattern(values, rules, out);
    default:
      encode_raw(values, rules, out);
      return true;
  }
}

Encoded ColumnEncoder::encode(const Pieces& values, const ColumnRules& rules,
                              std::span<const uint32_t> words) {
  Encoded best;
  if (encode_constant(values, best)) return best;
  if (values.size() > meter_.sample()) {
    if (encode_by_sample(values, rules, words, best)) return best;
    best = {};
  }
  bool found = false;
  const auto consider = [&](bool possible, Encoded& candidate) {
    if (!possible || (found && candidate.cost >= best.cost)) return;
    best = std::move(candidate);
    found = true;
  };
  const auto try_type = [&](ColumnType type) {
    Encoded candidate;
    candidate.chosen = type;
    const bool possible = encode_as(type, values, rules, candidate);
    consider(possible, candidate);
    return possible;
  };
  if (values.size() >= kMinTyped) {
    const bool is_number = try_type(ColumnType::kNumber);
    if (!is_number) try_type(ColumnType::kHex);
    if (rules.pattern && !is_number) try_type(ColumnType::kPattern);
    if (Dictionary dictionary; rules.dictionary && find_words(values, words, dictionary)) {
      Encoded candidate;
      candidate.chosen = ColumnType::kDictionary;
      encode_dictionary(dictionary, rules, candidate);
      consider(true, candidate);
    }
    // Numbers are not better off as text, but for a few.
    if (is_number && values.size() >= kManyValues) return best;
  }
  try_type(ColumnType::kRaw);
  return best;
}

// Of many values a sample tells which type is best. False if that does not fit all of them.
bool ColumnEncoder::encode_by_sample(const Pieces& values, const ColumnRules& rules,
                                     std::span<const uint32_t> words, Encoded& out) {
  const SampleRuns runs(values.size(), meter_.sample());
  ColumnRules sample_rules = rules;
  sample_rules.dictionary = false;
  const Pieces sample = runs.of(values);
  const Encoded tried = encode(sample, sample_rules);
  const bool may_repeat = tried.chosen != ColumnType::kNumber || !words.empty() || repeats(sample);
  if (Dictionary dictionary;
      rules.dictionary && may_repeat && find_words(values, words, dictionary)) {
    const Pieces& entries = dictionary.entries;
    const size_t plain = runs.scaled(tried.cost);
    const SampleRuns entry_runs(entries.size(), meter_.sample());
    const size_t once = entry_runs.scaled(encode(entry_runs.of(entries), entry_rules(rules)).cost);
    if (tried.type() == ColumnType::kConstant ||
        (once < plain && once + cost_of_ids(dictionary.ids) < plain)) {
      encode_dictionary(dictionary, rules, out);
      return true;
    }
  }
  return tried.type() != ColumnType::kConstant && encode_as(tried.chosen, values, rules, out);
}

}  // namespace pith::log

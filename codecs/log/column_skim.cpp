#include "codecs/log/column_skim.h"

#include <algorithm>

#include "codecs/log/column.h"
#include "codecs/log/number_format.h"

namespace pith::log {
namespace {

auto damaged() { return fail(ErrorCode::kDamaged, "a column of a log block is damaged"); }

class ColumnSkimmer {
 public:
  ColumnSkimmer(StreamReader& streams, ByteReader& meta, MemoryBudget& budget)
      : streams_(streams), meta_(meta), budget_(budget) {}

  Result<ValueSet> skim(size_t count, int depth = 0) {
    // A number has at most eight sets.
    if (depth > kMaxColumnDepth || !budget_.reserve(8 * sizeof(ValueSet))) return damaged();
    switch (static_cast<ColumnType>(meta_.u8())) {
      case ColumnType::kConstant:
        return texts(Pool::kWords);
      case ColumnType::kNumber:
        return numbers(count);
      case ColumnType::kPattern:
        return pattern(count, depth);
      case ColumnType::kDictionary: {
        const uint64_t entries = read_varint(meta_);
        if (!meta_.ok() || entries == 0 || entries > count) return damaged();
        PITH_ASSIGN(ValueSet words, skim(static_cast<size_t>(entries), depth + 1));
        Bounds bounds;
        if (!skip_numbers(count, true, bounds)) return damaged();
        return words;
      }
      case ColumnType::kRaw: {
        const uint8_t pool = meta_.u8();
        if (pool != static_cast<uint8_t>(Pool::kRaw) &&
            pool != static_cast<uint8_t>(Pool::kWords)) {
          return damaged();
        }
        return texts(static_cast<Pool>(pool));
      }
      case ColumnType::kExceptions: {
        const uint64_t others = read_varint(meta_);
        if (!meta_.ok() || others == 0 || others >= count) return damaged();
        skip_flags(count);
        ValueSet either(ValueSet::Kind::kAlternatives);
        PITH_ASSIGN(ValueSet alike, skim(count - static_cast<size_t>(others), depth + 1));
        PITH_ASSIGN(ValueSet rest, skim(static_cast<size_t>(others), depth + 1));
        either.parts.push_back(std::move(alike));
        either.parts.push_back(std::move(rest));
        return either;
      }
      case ColumnType::kHex:
        return hex(count);
    }
    return damaged();
  }

  // Numbers of one format.
  Result<ValueSet> numbers(size_t count) {
    NumberFormat format;
    Bounds bounds;
    if (!read_format(meta_, format) || !skip_numbers(count, false, bounds)) return damaged();
    switch (format.kind) {
      case NumberKind::kPlain:
        return between(bounds, 1);
      case NumberKind::kZeros:
        return digits(format.width, format.width);
      case NumberKind::kSpaces: {
        ValueSet set = digits(format.width, format.width);
        set.characters[' '] = true;
        return set;
      }
      case NumberKind::kSigned: {
        ValueSet set = digits(1, 1 + count_digits(bounds.wrapped > 0 ? UINT64_MAX : bounds.most));
        set.characters['-'] = true;
        return set;
      }
      case NumberKind::kTime: {
        ValueSet set(ValueSet::Kind::kSequence);
        set.fixed = {"", ":", ":", ""};
        set.parts.assign(3, digits(2, 2));
        if (format.fraction > 0) {
          set.fixed.back().push_back(format.separator);
          set.fixed.emplace_back();
          set.parts.push_back(digits(format.fraction, format.fraction));
        }
        return set;
      }
      case NumberKind::kDecimal: {
        ValueSet set(ValueSet::Kind::kSequence);
        set.fixed = {"", ".", ""};
        set.parts = {between(bounds, power_of_ten(format.fraction)),
                     digits(format.fraction, format.fraction)};
        return set;
      }
    }
    return damaged();
  }

  // What a link leaves may be any number.
  Result<ValueSet> differences(size_t count) {
    unbounded_ = true;
    auto set = numbers(count);
    unbounded_ = false;
    return set;
  }

  // True if the last column's set has nothing that does not occur.
  bool is_exact() const { return exact_; }
  void start() { exact_ = true; }

  void skip_flags(size_t count) { streams_.skip(Pool::kIds, (count + 7) / 8); }

 private:
  Result<ValueSet> texts(Pool pool) {
    const ByteView all = streams_.take(pool, read_varint(meta_));
    if (!streams_.ok() || !meta_.ok() || all.empty() || all.back() != std::byte{'\n'}) {
      return damaged();
    }
    ValueSet set(ValueSet::Kind::kTexts);
    set.texts = as_text(all);
    return set;
  }

  // What the numbers of a column lie between, and how many there are below 2^64 if they may wrap
  // around.
  struct Bounds {
    uint64_t least = 0;
    uint64_t most = UINT64_MAX;
    uint64_t wrapped = 0;
  };

  // Numbers within bounds, divided by a power of ten.
  ValueSet between(const Bounds& bounds, uint64_t divisor) {
    exact_ = false;
    ValueSet set(ValueSet::Kind::kNumbers);
    set.least = bounds.least / divisor;
    set.most = bounds.most / divisor;
    if (bounds.wrapped == 0) return set;
    ValueSet wrapped(ValueSet::Kind::kNumbers);
    wrapped.least = (0 - bounds.wrapped) / divisor;
    wrapped.most = UINT64_MAX / divisor;
    ValueSet either(ValueSet::Kind::kAlternatives);
    either.parts = {std::move(set), std::move(wrapped)};
    return either;
  }

  ValueSet digits(size_t least, size_t most) {
    exact_ = false;
    ValueSet set(ValueSet::Kind::kCharacters);
    for (char c = '0'; c <= '9'; ++c) set.characters[static_cast<size_t>(c)] = true;
    set.least = least;
    set.most = most;
    return set;
  }

  Result<ValueSet> pattern(size_t count, int depth) {
    exact_ = false;
    ValueSet set(ValueSet::Kind::kSequence);
    set.fixed.emplace_back();
    while (const uint8_t byte = meta_.u8()) {
      if (byte == 1) {
        set.fixed.emplace_back();
      } else {
        set.fixed.back().push_back(static_cast<char>(byte));
      }
    }
    if (!meta_.ok()) return damaged();
    for (size_t i = 1; i < set.fixed.size(); ++i) {
      PITH_ASSIGN(ValueSet part, skim(count, depth + 1));
      set.parts.push_back(std::move(part));
    }
    return set;
  }

  // Digits where they differ, between what is the same in all.
  Result<ValueSet> hex(size_t count) {
    const uint8_t ten = meta_.u8();
    if (ten != 'a' && ten != 'A') return damaged();
    ValueSet set(ValueSet::Kind::kSequence);
    set.fixed.emplace_back();
    size_t size = 0;
    size_t all_digits = 0;
    bool in_digits = false;
    while (const uint8_t byte = meta_.u8()) {
      if (++size > kMaxHexText) return damaged();
      const bool is_digit = static_cast<char>(byte) == kDigitMark;
      if (is_digit && !in_digits) {
        set.parts.push_back(digits(0, 0));
        for (uint8_t c = ten; c < ten + 6; ++c) set.parts.back().characters[c] = true;
        set.fixed.emplace_back();
      }
      if (is_digit) {
        ++all_digits;
        set.parts.back().least = ++set.parts.back().most;
      } else {
        set.fixed.back().push_back(static_cast<char>(byte));
      }
      in_digits = is_digit;
    }
    if (all_digits == 0 || !budget_.reserve(set.parts.size() * sizeof(ValueSet))) return damaged();
    for (size_t from = 0; from < all_digits; from += kHexDigits) {
      Bounds bounds;
      if (!skip_numbers(count, false, bounds)) return damaged();
    }
    return set;
  }

  bool skip_numbers(size_t count, bool ids, Bounds& bounds) {
    const uint8_t mode = meta_.u8();
    const size_t width = mode >> 1;
    const uint64_t base = ids ? 0 : read_varint(meta_);
    if (width > 8 || !meta_.ok()) return false;
    if (!unbounded_) bounds = bounds_of(base, width, (mode & 1) != 0, count);
    for (size_t p = 0; p < width; ++p) {
      streams_.skip(
          ids ? (p == 0 ? Pool::kIds : Pool::kIdsHigh) : (p == 0 ? Pool::kLow : Pool::kHigh),
          count);
    }
    return streams_.ok();
  }

  static Bounds bounds_of(uint64_t base, size_t width, bool delta, size_t count) {
    if (width == 0) return {.least = base, .most = base, .wrapped = 0};
    if (width == 8 || (delta && count >> (64 - 8 * width) != 0)) return {};
    // The furthest that all together can go.
    const uint64_t range = delta ? count << (8 * width - 1) : (uint64_t{1} << 8 * width) - 1;
    if (base > UINT64_MAX - range) return {};
    if (!delta) return {.least = base, .most = base + range, .wrapped = 0};
    if (range <= base) return {.least = base - range, .most = base + range, .wrapped = 0};
    return {.least = 0, .most = base + range, .wrapped = range - base};
  }

  StreamReader& streams_;
  ByteReader& meta_;
  MemoryBudget& budget_;
  bool exact_ = true;
  bool unbounded_ = false;
};

}  // namespace

Result<Skimmed> skim_columns(const std::vector<Template>& templates, size_t count,
                             StreamReader& streams, MemoryBudget& budget) {
  if (!budget.reserve(count * (sizeof(SkimmedColumn) + sizeof(Link)))) return damaged();
  Skimmed skimmed;
  skimmed.columns.resize(count);
  for (const Template& t : templates) {
    for (const Slot& slot : t.slots) {
      if (slot.copy_of == kNotACopy) skimmed.columns[slot.column].count += t.lines;
    }
  }
  skimmed.meta = streams.rest(Pool::kMeta);
  ByteReader meta(skimmed.meta);
  skimmed.links.resize(static_cast<size_t>(std::min<uint64_t>(read_varint(meta), count)));
  for (Link& link : skimmed.links) {
    const uint64_t column = read_varint(meta);
    const uint64_t other = read_varint(meta);
    if (column >= count || other >> 1 > count ||
        skimmed.columns[static_cast<size_t>(column)].link != nullptr) {
      return damaged();
    }
    link = {static_cast<uint32_t>(column), static_cast<uint32_t>(other >> 1),
            static_cast<LinkKind>(other & 1)};
    skimmed.columns[link.column].link = &link;
  }
  if (!meta.ok()) return damaged();
  ColumnSkimmer skimmer(streams, meta, budget);
  const auto start = [&](SkimmedColumn& column) {
    column.meta = skimmed.meta.size() - meta.remaining();
    column.place = streams.place();
    skimmer.start();
  };
  for (SkimmedColumn& column : skimmed.columns) {
    if (column.count == 0) return damaged();
    if (column.link != nullptr) continue;
    start(column);
    PITH_ASSIGN(column.set, skimmer.skim(column.count));
    column.is_exact = skimmer.is_exact();
  }
  for (const Link& link : skimmed.links) {
    SkimmedColumn& column = skimmed.columns[link.column];
    start(column);
    if (link.kind == LinkKind::kDifference) {
      PITH_ASSIGN(column.set, skimmer.differences(column.count));
      continue;
    }
    const uint64_t misses = read_varint(meta);
    const uint64_t flags = read_varint(meta);
    if (!meta.ok() || misses == 0 || misses > column.count || flags > column.count) {
      return damaged();
    }
    skimmer.skip_flags(static_cast<size_t>(flags));
    PITH_ASSIGN(column.set, skimmer.skim(static_cast<size_t>(misses)));
    column.is_exact = skimmer.is_exact();
  }
  if (!meta.ok() || meta.remaining() != 0 || !streams.ok()) return damaged();
  return skimmed;
}

}  // namespace pith::log

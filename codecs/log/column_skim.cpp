#include "codecs/log/column_skim.h"

#include <algorithm>

#include "codecs/log/column.h"
#include "codecs/log/links.h"
#include "codecs/log/number_format.h"

namespace pith::log {
namespace {

auto damaged() { return fail(ErrorCode::kDamaged, "a column of a log block is damaged"); }

class ColumnSkimmer {
 public:
  ColumnSkimmer(StreamReader& streams, VarintReader& meta, MemoryBudget& budget)
      : streams_(streams), meta_(meta), budget_(budget) {}

  Result<ValueSet> skim(size_t count, int depth = 0) {
    if (depth > kMaxColumnDepth || !budget_.reserve(sizeof(ValueSet))) return damaged();
    switch (static_cast<ColumnType>(meta_.u8())) {
      case ColumnType::kConstant:
        return texts(Pool::kWords);
      case ColumnType::kNumber:
        return numbers(count);
      case ColumnType::kPattern:
        return pattern(count, depth);
      case ColumnType::kDictionary: {
        const uint64_t entries = meta_.varint();
        if (!meta_.ok() || entries == 0 || entries > count) return damaged();
        PITH_ASSIGN(ValueSet words, skim(static_cast<size_t>(entries), depth + 1));
        if (!skip_numbers(count, true)) return damaged();
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
        const uint64_t others = meta_.varint();
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

  // Numbers of one format: digits, and what may stand beside them.
  Result<ValueSet> numbers(size_t count) {
    NumberFormat format;
    if (!read_format(meta_, format) || !skip_numbers(count, false)) return damaged();
    ValueSet set(ValueSet::Kind::kCharacters);
    for (char c = '0'; c <= '9'; ++c) set.characters[static_cast<size_t>(c)] = true;
    const auto add = [&](char c) { set.characters[static_cast<uint8_t>(c)] = true; };
    if (format.kind == NumberKind::kSpaces) add(' ');
    if (format.kind == NumberKind::kSigned) add('-');
    if (format.kind == NumberKind::kTime) add(':');
    if (format.kind == NumberKind::kTime || format.kind == NumberKind::kDecimal) {
      add('.');
      add(format.separator);
    }
    return set;
  }

  void skip_flags(size_t count) { streams_.take(Pool::kIds, (count + 7) / 8); }

 private:
  Result<ValueSet> texts(Pool pool) {
    const ByteView all = streams_.take(pool, meta_.varint());
    if (!streams_.ok() || !meta_.ok() || all.empty() || all.back() != std::byte{'\n'}) {
      return damaged();
    }
    ValueSet set(ValueSet::Kind::kTexts);
    set.texts = as_text(all);
    return set;
  }

  Result<ValueSet> pattern(size_t count, int depth) {
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

  // Any of its characters, anywhere.
  Result<ValueSet> hex(size_t count) {
    ValueSet set(ValueSet::Kind::kCharacters);
    const uint8_t ten = meta_.u8();
    for (uint8_t c = '0'; c <= '9'; ++c) set.characters[c] = true;
    for (uint8_t c = ten; c < ten + 6; ++c) set.characters[c] = true;
    size_t digits = 0;
    while (const uint8_t byte = meta_.u8()) {
      if (static_cast<char>(byte) == kDigitMark) {
        ++digits;
      } else {
        set.characters[byte] = true;
      }
    }
    if ((ten != 'a' && ten != 'A') || digits == 0 || digits > kMaxHexText) return damaged();
    for (size_t from = 0; from < digits; from += kHexDigits) {
      if (!skip_numbers(count, false)) return damaged();
    }
    return set;
  }

  bool skip_numbers(size_t count, bool ids) {
    const uint8_t mode = meta_.u8();
    const size_t width = mode >> 1;
    if (!ids) meta_.varint();
    if (width > 8 || !meta_.ok()) return false;
    for (size_t p = 0; p < width; ++p) {
      streams_.take(
          ids ? (p == 0 ? Pool::kIds : Pool::kIdsHigh) : (p == 0 ? Pool::kLow : Pool::kHigh),
          count);
    }
    return streams_.ok();
  }

  StreamReader& streams_;
  VarintReader& meta_;
  MemoryBudget& budget_;
};

}  // namespace

Result<std::vector<ValueSet>> skim_columns(const std::vector<Template>& templates, size_t count,
                                           StreamReader& streams, MemoryBudget& budget) {
  if (!budget.reserve(count * (sizeof(ValueSet) + sizeof(size_t)))) return damaged();
  std::vector<size_t> counts(count, 0);
  for (const Template& t : templates) {
    for (const Slot& slot : t.slots) {
      if (slot.copy_of == kNotACopy) counts[slot.column] += t.lines;
    }
  }
  VarintReader meta(streams.rest(Pool::kMeta));
  std::vector<Link> links(static_cast<size_t>(std::min<uint64_t>(meta.varint(), count)));
  std::vector<bool> linked(count, false);
  for (Link& link : links) {
    const uint64_t column = meta.varint();
    const uint64_t other = meta.varint();
    if (column >= count || linked[static_cast<size_t>(column)]) return damaged();
    link = {static_cast<uint32_t>(column), static_cast<uint32_t>(other >> 1),
            static_cast<LinkKind>(other & 1)};
    linked[link.column] = true;
  }
  if (!meta.ok()) return damaged();
  ColumnSkimmer skimmer(streams, meta, budget);
  std::vector<ValueSet> sets(count);
  for (size_t c = 0; c < count; ++c) {
    if (linked[c]) continue;
    if (counts[c] == 0) return damaged();
    PITH_ASSIGN(sets[c], skimmer.skim(counts[c]));
  }
  for (const Link& link : links) {
    const size_t n = counts[link.column];
    if (link.kind == LinkKind::kDifference) {
      PITH_ASSIGN(sets[link.column], skimmer.numbers(n));
      continue;
    }
    const uint64_t misses = meta.varint();
    const uint64_t flags = meta.varint();
    if (!meta.ok() || misses == 0 || misses > n || flags > n) return damaged();
    skimmer.skip_flags(static_cast<size_t>(flags));
    PITH_ASSIGN(sets[link.column], skimmer.skim(static_cast<size_t>(misses)));
  }
  if (!meta.ok() || meta.remaining() != 0 || !streams.ok()) return damaged();
  return sets;
}

}  // namespace pith::log

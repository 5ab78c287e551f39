#include "codecs/log/column_merge.h"

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>

namespace pith::log {
namespace {

constexpr size_t kMinShared = 8;         // words that two columns share
constexpr size_t kMaxColumnsOfWord = 8;  // in more columns a word says nothing
constexpr size_t kMinWord = 6;
constexpr size_t kMinNumber = 4;
constexpr size_t kMaxValues = size_t{1} << 20;  // that are looked at, and those of one line
constexpr size_t kMaxPairs = 256;
constexpr uint64_t kPartOfSmaller = 2;
constexpr uint64_t kPartOfBoth = 16;

// A value: the line that it stands in, its word.
struct Value {
  uint32_t line;
  uint32_t word;
};
using Values = std::vector<Value>;

class ColumnMerger {
 public:
  ColumnMerger(Parsed& parsed, std::string_view block, size_t lines)
      : parsed_(parsed),
        block_(block),
        lines_(lines),
        group_(parsed.columns.size()),
        seen_(parsed.words.size()) {
    std::iota(group_.begin(), group_.end(), 0U);
  }

  void run() {
    take_values();
    bool any = false;
    for (const auto& [a, b] : find_pairs()) any = try_pair(a, b) || any;
    if (any) rebuild();
  }

 private:
  struct Move {
    const uint32_t** from;
    uint32_t** to;
  };
  struct Pair {
    uint32_t a;
    uint32_t b;
  };

  void take_values() {
    values_.resize(parsed_.columns.size());
    std::vector<uint32_t> next(parsed_.columns.size(), 0);
    const size_t lines = std::min(parsed_.line_templates.size(), lines_);
    size_t values = 0;
    for (size_t i = 0; i < lines && values < kMaxValues; ++i) {
      values += parsed_.templates[parsed_.line_templates[i]].slots.size();
      for (const Slot& slot : parsed_.templates[parsed_.line_templates[i]].slots) {
        if (slot.copy_of != kNotACopy) continue;
        values_[slot.column].push_back(
            {static_cast<uint32_t>(i), parsed_.columns[slot.column][next[slot.column]++]});
      }
    }
  }

  // Short words and small numbers are in many columns by chance.
  bool tells_something(uint32_t word) const {
    const Piece& piece = parsed_.words[word];
    if (piece.size >= kMinWord) return true;
    const std::string_view text = block_.substr(piece.begin, piece.size);
    return piece.size >= kMinNumber &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  }

  // Columns that share words, those with most of them first.
  std::vector<Pair> find_pairs() {
    std::vector<Value> columns_of_words;  // here a column, not a line
    std::vector<size_t> distinct(values_.size(), 0);
    for (uint32_t c = 0; c < values_.size(); ++c) {
      ++epoch_;
      for (const Value& value : values_[c]) {
        if (seen_[value.word] == epoch_) continue;
        seen_[value.word] = epoch_;
        ++distinct[c];
        if (!tells_something(value.word)) continue;
        columns_of_words.push_back({c, value.word});
      }
    }
    std::stable_sort(columns_of_words.begin(), columns_of_words.end(),
                     [](const Value& a, const Value& b) { return a.word < b.word; });
    std::map<uint64_t, uint32_t> shared;
    for (size_t i = 0; i < columns_of_words.size();) {
      size_t end = i;
      while (end < columns_of_words.size() &&
             columns_of_words[end].word == columns_of_words[i].word) {
        ++end;
      }
      if (end - i <= kMaxColumnsOfWord) {
        for (size_t a = i; a < end; ++a) {
          for (size_t b = a + 1; b < end; ++b) {
            ++shared[uint64_t{columns_of_words[a].line} << 32 | columns_of_words[b].line];
          }
        }
      }
      i = end;
    }
    std::vector<std::pair<uint32_t, Pair>> ranked;
    for (const auto& [key, count] : shared) {
      const Pair pair{static_cast<uint32_t>(key >> 32), static_cast<uint32_t>(key)};
      const size_t least = std::min(distinct[pair.a], distinct[pair.b]);
      if (count >= kMinShared && count * 4 >= least) ranked.push_back({count, pair});
    }
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    std::vector<Pair> pairs;
    for (size_t i = 0; i < std::min(ranked.size(), kMaxPairs); ++i) {
      pairs.push_back(ranked[i].second);
    }
    return pairs;
  }

  uint32_t find(uint32_t column) const {
    while (group_[column] != column) column = group_[column];
    return column;
  }

  // What a column takes, roughly, in 1/16 byte: its values one after the other, or a dictionary and
  // places in it. What repeats the value before costs next to nothing.
  uint64_t cost(const Values& values) {
    ++epoch_;
    uint64_t repeats = 0;
    uint64_t all = 0;
    uint64_t entries = 0;
    uint64_t distinct = 0;
    uint64_t places = 0;
    uint32_t before = UINT32_MAX;
    for (const Value& value : values) {
      if (value.word == before) {
        ++repeats;
        continue;
      }
      before = value.word;
      const uint64_t text = 8 * uint64_t{parsed_.words[value.word].size} + 8;
      all += text;
      ++places;
      if (seen_[value.word] == epoch_) continue;
      seen_[value.word] = epoch_;
      ++distinct;
      entries += text;
    }
    const uint64_t place = 2 * static_cast<uint64_t>(std::bit_width(distinct - 1));
    return repeats + std::min(all, entries + places * place);
  }

  bool try_pair(uint32_t a, uint32_t b) {
    a = find(a);
    b = find(b);
    if (a == b) return false;
    if (a > b) std::swap(a, b);
    Values both(values_[a].size() + values_[b].size());
    std::merge(values_[a].begin(), values_[a].end(), values_[b].begin(), values_[b].end(),
               both.begin(), [](const Value& x, const Value& y) { return x.line < y.line; });
    const uint64_t of_a = cost(values_[a]);
    const uint64_t of_b = cost(values_[b]);
    const uint64_t worth =
        std::min(std::min(of_a, of_b) / kPartOfSmaller, (of_a + of_b) / kPartOfBoth);
    if (cost(both) + worth >= of_a + of_b) return false;
    group_[b] = a;
    values_[a] = std::move(both);
    values_[b] = {};
    return true;
  }

  // Columns get new numbers, in the order of the slots that use them first.
  void rebuild() {
    std::vector<uint32_t> numbers(group_.size(), UINT32_MAX);
    std::vector<size_t> sizes;
    for (const Template& t : parsed_.templates) {
      for (const Slot& slot : t.slots) {
        if (slot.copy_of != kNotACopy) continue;
        uint32_t& number = numbers[find(slot.column)];
        if (number == UINT32_MAX) {
          number = static_cast<uint32_t>(sizes.size());
          sizes.push_back(0);
        }
        sizes[number] += t.lines;
      }
    }
    // Columns on their own move as they are; of the others each template has a list.
    std::vector<bool> is_group(group_.size(), false);
    for (uint32_t c = 0; c < group_.size(); ++c) {
      if (group_[c] != c) is_group[c] = is_group[find(c)] = true;
    }
    std::vector<std::vector<uint32_t>> columns(sizes.size());
    std::vector<const uint32_t*> next(group_.size());
    std::vector<uint32_t*> ends(sizes.size(), nullptr);
    for (uint32_t c = 0; c < group_.size(); ++c) {
      const uint32_t number = numbers[find(c)];
      if (!is_group[c]) {
        columns[number] = std::move(parsed_.columns[c]);
      } else if (columns[number].empty()) {
        columns[number].resize(sizes[number]);
        ends[number] = columns[number].data();
      }
      next[c] = parsed_.columns[c].data();
    }
    std::vector<std::vector<Move>> moves(parsed_.templates.size());
    for (size_t t = 0; t < moves.size(); ++t) {
      for (const Slot& slot : parsed_.templates[t].slots) {
        if (slot.copy_of != kNotACopy || !is_group[slot.column]) continue;
        moves[t].push_back({&next[slot.column], &ends[numbers[find(slot.column)]]});
      }
    }
    for (const uint32_t t : parsed_.line_templates) {
      for (const Move& move : moves[t]) *(*move.to)++ = *(*move.from)++;
    }
    for (Template& t : parsed_.templates) {
      for (Slot& slot : t.slots) {
        if (slot.copy_of == kNotACopy) slot.column = numbers[find(slot.column)];
      }
    }
    parsed_.columns = std::move(columns);
  }

  Parsed& parsed_;
  std::string_view block_;
  size_t lines_;                 // that are looked at
  std::vector<uint32_t> group_;  // of each column: one that it is put together with, or itself
  std::vector<Values> values_;   // of the groups, by their first column
  std::vector<uint32_t> seen_;   // the last epoch in which a word was seen
  uint32_t epoch_ = 0;
};

}  // namespace

void merge_columns(Parsed& parsed, std::string_view block, size_t lines) {
  ColumnMerger(parsed, block, lines).run();
}

}  // namespace pith::log

#include "codecs/log/search.h"

#include <algorithm>

#include "codecs/log/block.h"
#include "codecs/log/column_values.h"
#include "codecs/log/string_search.h"
#include "codecs/log/template_text.h"
#include "codecs/log/trigrams.h"

namespace pith::log {
namespace {

// Frames hold at most 2^30 raw bytes.
constexpr uint64_t kMaxLines = (uint64_t{1} << 30) + 1;

auto damaged() { return fail(ErrorCode::kDamaged, "a log block is damaged"); }

// Fewer bytes are nearly everywhere: what they are not in is not worth looking for.
constexpr size_t kMinRefined = 3;
// More strings are not looked for in values.
constexpr size_t kMaxRefined = 16;

std::string folded(std::string string) {
  for (char& c : string) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return string;
}

}  // namespace

Result<BlockSummary> summarise(ByteView front, const Query& query) {
  ByteReader in(front);
  const BlockHead head = read_head(in);
  if (!in.ok() || head.lines == 0) return damaged();
  BlockSummary summary{
      .lines = head.lines, .ends_with_lf = head.ends_with_lf, .has_nul = head.has_nul};
  if (head.trigrams.empty()) return summary;
  summary.may_match =
      std::any_of(query.alternatives.begin(), query.alternatives.end(), [&](const auto& strings) {
        return std::all_of(strings.begin(), strings.end(), [&](const std::string& string) {
          return may_hold(head.trigrams, string);
        });
      });
  return summary;
}

namespace {

// A line must hold a string in these pieces.
struct Condition {
  size_t string = 0;
  PieceRange pieces;
};
// The lines of a template that may be looked for: those that meet all conditions of one of the
// alternatives. None: no line; an alternative without conditions: every line.
using Conditions = std::vector<std::vector<Condition>>;

bool every_line(const Conditions& conditions) {
  return std::any_of(conditions.begin(), conditions.end(),
                     [](const auto& one) { return one.empty(); });
}

// Puts together parts of lines, which it is led through in their order.
class LineReader {
 public:
  LineReader(const std::vector<Template>& templates, size_t columns)
      : templates_(templates), values_of_(columns, nullptr), next_(columns, 0) {}

  // The columns of slots must be given before lines are read in which they are asked for.
  void give(size_t column, const Pieces& values) { values_of_[column] = &values; }
  void start(const char* texts) {
    texts_ = texts;
    known_.assign(templates_.size(), {});
    for (size_t t = 0; t < templates_.size(); ++t) {
      const auto& slots = templates_[t].slots;
      for (size_t s = 0; s < slots.size(); ++s) {
        if (slots[s].copy_of == kNotACopy && values_of_[slots[s].column] != nullptr) {
          known_[t].push_back({static_cast<uint32_t>(s), slots[s].column});
        }
      }
    }
  }

  // Moves to the next line, which has this template.
  bool next_line(uint32_t t) {
    number_ = t;
    if (known_[t].empty()) return true;
    if (values_.size() < templates_[t].slots.size()) values_.resize(templates_[t].slots.size());
    for (const Known& known : known_[t]) {
      const Pieces& values = *values_of_[known.column];
      if (next_[known.column] == values.size()) return false;
      values_[known.slot] = values[next_[known.column]++];
    }
    return true;
  }

  // Appends pieces of the line; false if `out` would become larger than `most`.
  bool append(const PieceRange& pieces, size_t most, std::string& out) const {
    const Template& t = templates_[number_];
    const auto put = [&](const char* text, size_t size) {
      if (size > most - out.size()) return false;
      out.append(text, size);
      return true;
    };
    for (size_t k = pieces.first; k <= pieces.last; ++k) {
      if (k % 2 == 0) {
        if (!put(t.fixed(k / 2).data(), t.fixed(k / 2).size())) return false;
        continue;
      }
      size_t slot = k / 2;
      while (t.slots[slot].copy_of != kNotACopy) slot = t.slots[slot].copy_of;
      if (!put(texts_ + values_[slot].begin, values_[slot].size)) return false;
    }
    return true;
  }
  bool append_all(size_t most, std::string& out) const {
    return append({0, 2 * templates_[number_].slots.size()}, most, out);
  }

 private:
  struct Known {
    uint32_t slot;
    uint32_t column;
  };
  const std::vector<Template>& templates_;
  std::vector<const Pieces*> values_of_;
  std::vector<size_t> next_;
  std::vector<std::vector<Known>> known_;  // for each template the slots whose values are given
  std::vector<Piece> values_;              // of the line's slots
  const char* texts_ = nullptr;
  uint32_t number_ = 0;
};

// The search in one block, of which no more is decoded than it asks for.
class BlockSearch {
 public:
  BlockSearch(const Query& query, size_t block_size, MemoryBudget& budget)
      : query_(query), block_size_(block_size), budget_(budget) {}

  Result<Found> run(ByteView payload, Workspace& space) {
    ByteReader in(payload);
    head_ = read_head(in);
    if (!in.ok() || !is_valid(head_, kMaxLines)) return damaged();
    StreamReader streams;
    PITH_TRY(streams.open_lazily(in, budget_, space));
    PITH_ASSIGN(ReadTemplates read,
                read_templates(static_cast<size_t>(head_.templates), streams, budget_));
    templates_ = std::move(read.templates);
    PITH_ASSIGN(line_templates_, read_lines(head_, streams, budget_, templates_));
    PITH_ASSIGN(const Skimmed skimmed, skim_columns(templates_, read.columns, streams, budget_));
    ColumnValues values(skimmed, templates_, line_templates_, streams, budget_);
    constexpr uint64_t kPerCarry = sizeof(Carry) + kMaxNeedle * sizeof(Reached);
    if (!budget_.reserve((read.columns + 1) * kPerCarry)) return Found{};

    PITH_TRY(ask_templates(skimmed, values));
    return answer(skimmed, values);
  }

 private:
  // What each template's lines must hold.
  Result<void> ask_templates(const Skimmed& skimmed, ColumnValues& values) {
    conditions_.resize(templates_.size());
    size_t strings = 0;
    for (const auto& alternative : query_.alternatives) strings += alternative.size();
    for (const auto& alternative : query_.alternatives) {
      std::vector<bool> possible(templates_.size(), true);
      std::vector<std::vector<Condition>> needed(templates_.size());
      for (const std::string& string : alternative) {
        if (string.empty()) continue;
        StringSearch search(query_.fold_case ? folded(string) : string, query_.fold_case,
                            skimmed.columns);
        const bool refine = string.size() >= kMinRefined && strings <= kMaxRefined;
        std::vector<StringSearch::Answer> answers(templates_.size());
        PITH_TRY(ask(search, possible, refine ? &values : nullptr, answers));
        for (size_t t = 0; t < templates_.size(); ++t) {
          if (!possible[t]) continue;
          if (answers[t].holds == Holds::kNo) possible[t] = false;
          if (answers[t].holds == Holds::kMaybe) {
            needed[t].push_back({searches_.size(), answers[t].pieces});
          }
        }
        is_whole_ = is_whole_ && string.size() <= kMaxNeedle;
        is_refined_ = is_refined_ && refine;
        searches_.push_back(query_.fold_case ? folded(string) : string);
      }
      for (size_t t = 0; t < templates_.size(); ++t) {
        if (possible[t]) conditions_[t].push_back(std::move(needed[t]));
      }
    }
    return {};
  }

  // Asks templates, and for the values of columns until they would not change an answer.
  Result<void> ask(StringSearch& search, const std::vector<bool>& possible, ColumnValues* values,
                   std::vector<StringSearch::Answer>& answers) {
    std::vector<size_t> open;
    for (size_t t = 0; t < templates_.size(); ++t) {
      if (possible[t]) open.push_back(t);
    }
    while (!open.empty()) {
      std::vector<size_t> columns;
      std::vector<size_t> still_open;
      for (const size_t t : open) {
        answers[t] = search.in(templates_[t]);
        if (answers[t].column == StringSearch::kNone || values == nullptr) continue;
        columns.push_back(answers[t].column);
        still_open.push_back(t);
      }
      std::sort(columns.begin(), columns.end());
      columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
      for (const size_t column : columns) {
        PITH_ASSIGN(const Pieces* const known, values->occurring(static_cast<uint32_t>(column)));
        search.know(column, values->texts(), *known);
      }
      open = std::move(still_open);
    }
    return {};
  }

  Result<Found> answer(const Skimmed& skimmed, ColumnValues& values) {
    Found found{.kind = Found::Kind::kNone, .lines = 0, .numbers = {}, .text = {}};
    uint64_t certain = 0;
    uint64_t open = 0;
    for (size_t t = 0; t < templates_.size(); ++t) {
      if (conditions_[t].empty()) continue;
      (every_line(conditions_[t]) ? certain : open) += templates_[t].lines;
    }
    if (certain + open == 0) return found;
    if (open == 0 && query_.exact && query_.counts) {
      found.kind = Found::Kind::kCount;
      found.lines = certain;
      return found;
    }
    // Where most lines are asked for, decoding them all is faster.
    if (!is_refined_ || certain > head_.lines / 2) return Found{};
    PITH_TRY(find_lines(skimmed, values, found.numbers));
    if (found.numbers.empty()) return found;
    if (query_.exact && query_.counts && is_whole_) {
      found.kind = Found::Kind::kCount;
      found.lines = found.numbers.size();
      return found;
    }
    if (found.numbers.size() > head_.lines / 2) return Found{};
    found.kind = Found::Kind::kLines;
    PITH_TRY(read_found(values, found));
    return found;
  }

  // The lines that meet their template's conditions.
  Result<void> find_lines(const Skimmed& skimmed, ColumnValues& values,
                          std::vector<uint32_t>& numbers) {
    if (!budget_.reserve(block_size_ + line_templates_.size() * sizeof(uint32_t))) {
      return damaged();
    }
    LineReader lines(templates_, skimmed.columns.size());
    for (size_t t = 0; t < templates_.size(); ++t) {
      if (every_line(conditions_[t])) continue;
      for (const auto& alternative : conditions_[t]) {
        for (const Condition& condition : alternative) {
          for (size_t k = condition.pieces.first | 1; k <= condition.pieces.last; k += 2) {
            const size_t column = column_of(templates_[t], k / 2);
            PITH_ASSIGN(const Pieces* const all, values.all(static_cast<uint32_t>(column)));
            lines.give(column, *all);
          }
        }
      }
    }
    lines.start(values.texts());
    std::vector<CarryMaker> makers;
    for (const std::string& string : searches_) {
      makers.emplace_back(string.substr(0, kMaxNeedle), query_.fold_case);
    }
    std::string part;
    const auto meets = [&](const std::vector<Condition>& alternative) {
      return std::all_of(alternative.begin(), alternative.end(), [&](const Condition& condition) {
        part.clear();
        return !lines.append(condition.pieces, block_size_, part) ||
               makers[condition.string].holds(part);
      });
    };
    for (size_t i = 0; i < line_templates_.size(); ++i) {
      const uint32_t t = line_templates_[i];
      if (!lines.next_line(t)) return damaged();
      if (std::any_of(conditions_[t].begin(), conditions_[t].end(), meets)) {
        numbers.push_back(static_cast<uint32_t>(i));
      }
    }
    return {};
  }

  // Puts the found lines together.
  Result<void> read_found(ColumnValues& values, Found& found) {
    std::vector<bool> wanted(templates_.size(), false);
    for (const uint32_t number : found.numbers) wanted[line_templates_[number]] = true;
    size_t columns = 0;
    for (const Template& t : templates_) {
      for (const Slot& slot : t.slots) columns = std::max<size_t>(columns, slot.column + 1);
    }
    if (!budget_.reserve(block_size_)) return damaged();
    LineReader lines(templates_, columns);
    for (size_t t = 0; t < templates_.size(); ++t) {
      if (!wanted[t]) continue;
      for (const Slot& slot : templates_[t].slots) {
        if (slot.copy_of != kNotACopy) continue;
        PITH_ASSIGN(const Pieces* const all, values.all(slot.column));
        lines.give(slot.column, *all);
      }
    }
    lines.start(values.texts());
    size_t next = 0;
    for (size_t i = 0; i < line_templates_.size() && next < found.numbers.size(); ++i) {
      if (!lines.next_line(line_templates_[i])) return damaged();
      if (i != found.numbers[next]) continue;
      ++next;
      if (!lines.append_all(block_size_ - 1, found.text)) return damaged();
      if (i + 1 < line_templates_.size() || head_.ends_with_lf) found.text.push_back('\n');
    }
    return {};
  }

  const Query& query_;
  size_t block_size_;
  MemoryBudget& budget_;
  BlockHead head_;
  std::vector<Template> templates_;
  std::vector<uint32_t> line_templates_;
  std::vector<Conditions> conditions_;  // for each template
  std::vector<std::string> searches_;   // the strings
  bool is_whole_ = true;                // none of them is too long to be searched to its end
  bool is_refined_ = true;              // all of them were looked for in values
};

}  // namespace

Result<Found> search_block(ByteView payload, size_t block_size, const Query& query,
                           MemoryBudget& budget, Workspace& space) {
  return BlockSearch(query, block_size, budget).run(payload, space);
}

}  // namespace pith::log

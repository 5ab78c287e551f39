#include "codecs/log/search.h"

#include <algorithm>

#include "codecs/log/block.h"
#include "codecs/log/carry.h"
#include "codecs/log/column_skim.h"
#include "codecs/log/template_text.h"
#include "codecs/log/trigrams.h"

namespace pith::log {
namespace {

// Frames hold at most 2^30 raw bytes.
constexpr uint64_t kMaxLines = (uint64_t{1} << 30) + 1;

auto damaged() { return fail(ErrorCode::kDamaged, "a log block is damaged"); }

// Whether lines of a template hold a string.
enum class Holds : uint8_t { kNo, kMaybe, kYes };

// A template's lines, for one string. The string is cut to kMaxNeedle for what is not certain.
class StringSearch {
 public:
  StringSearch(const std::string& string, bool fold, const std::vector<ValueSet>& columns)
      : whole_(string, fold), carries_(string.substr(0, kMaxNeedle), fold) {
    of_columns_.reserve(columns.size());
    for (const ValueSet& set : columns) of_columns_.push_back(carries_.of(set));
  }

  Holds in(const Template& t) const {
    for (size_t i = 0; i < t.cuts.size(); ++i) {
      if (whole_.holds(t.fixed(i))) return Holds::kYes;
    }
    Reached reached;
    for (size_t i = 0; i < t.cuts.size(); ++i) {
      reached = next(reached, carries_.of_text(t.fixed(i)));
      if (i == t.slots.size()) break;
      size_t slot = i;
      while (t.slots[slot].copy_of != kNotACopy) slot = t.slots[slot].copy_of;
      reached = next(reached, of_columns_[t.slots[slot].column]);
    }
    return reached.end ? Holds::kMaybe : Holds::kNo;
  }

 private:
  static Reached next(const Reached& before, const Carry& piece) {
    Reached after = CarryMaker::advance(before, piece);
    after.places |= piece.fresh.places;
    after.end = after.end || piece.fresh.end;
    return after;
  }

  CarryMaker whole_;
  CarryMaker carries_;
  std::vector<Carry> of_columns_;
};

std::string folded(std::string string) {
  for (char& c : string) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return string;
}

}  // namespace

Result<BlockSummary> summarise(ByteView front, const Query& query) {
  VarintReader in(front);
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

Result<Found> search_block(ByteView payload, const Query& query, MemoryBudget& budget,
                           Workspace& zstd) {
  VarintReader in(payload);
  const BlockHead head = read_head(in);
  if (!in.ok() || !is_valid(head, kMaxLines)) return damaged();
  StreamReader streams;
  PITH_TRY(streams.open(in, budget, zstd, kSkimmedPools));
  PITH_ASSIGN(ReadTemplates read,
              read_templates(static_cast<size_t>(head.templates), streams, budget));
  PITH_TRY(read_lines(head, streams, budget, read.templates));
  PITH_ASSIGN(const std::vector<ValueSet> columns,
              skim_columns(read.templates, read.columns, streams, budget));

  constexpr uint64_t kPerCarry = sizeof(Carry) + kMaxNeedle * sizeof(Reached);
  if (!budget.reserve((columns.size() + 1) * kPerCarry)) return Found{};
  std::vector<Holds> all(read.templates.size(), Holds::kNo);  // the best of the alternatives
  for (const auto& strings : query.alternatives) {
    std::vector<Holds> here(read.templates.size(), Holds::kYes);
    for (const std::string& string : strings) {
      if (string.empty()) continue;
      const StringSearch search(query.fold_case ? folded(string) : string, query.fold_case,
                                columns);
      for (size_t t = 0; t < here.size(); ++t) {
        if (here[t] == Holds::kNo) continue;
        const Holds holds = search.in(read.templates[t]);
        if (holds == Holds::kNo || here[t] == Holds::kYes) here[t] = holds;
      }
    }
    for (size_t t = 0; t < here.size(); ++t) {
      const Holds holds = query.exact ? here[t] : std::min(here[t], Holds::kMaybe);
      all[t] = std::max(all[t], holds);
    }
  }
  Found found{.kind = Found::Kind::kNone, .lines = 0};
  for (size_t t = 0; t < all.size(); ++t) {
    if (all[t] == Holds::kMaybe) return Found{};
    if (all[t] == Holds::kYes) {
      found.kind = Found::Kind::kCount;
      found.lines += read.templates[t].lines;
    }
  }
  return found;
}

}  // namespace pith::log

#include "codecs/log/string_search.h"

#include <algorithm>

namespace pith::log {
namespace {

using Places = std::bitset<kMaxNeedle>;

// How much of the string the values of a piece may take up, of matches that come to the end; 0 if
// there are none. `before`: where matches come into it; `ends`: from which places behind it they go
// on to the end, `ends_before` from which in front of it.
size_t share_of(const Carry& piece, const Places& before, const Places& ends_before,
                const Places& ends) {
  const size_t n = piece.from.size();
  if (piece.fresh.end) return n;
  size_t most = 0;
  const Places fresh = piece.fresh.places & ends;
  for (size_t p = 1; p < n; ++p) {
    if (fresh[p]) most = std::max(most, p);
    if (!before[p] || !ends_before[p]) continue;
    const Reached& to = piece.from[p];
    const Places next = to.places & ends;
    size_t q = to.end ? n : n - 1;
    while (q > p && q < n && !next[q]) --q;
    most = std::max(most, std::max<size_t>(q - p, 1));
  }
  return most;
}

}  // namespace

StringSearch::StringSearch(const std::string& string, bool fold,
                           const std::vector<SkimmedColumn>& columns)
    : whole_(string, fold), carries_(string.substr(0, kMaxNeedle), fold), columns_(columns) {
  contacts_.reserve(columns.size());
  of_columns_.resize(columns.size());
  is_known_.reserve(columns.size());
  for (const SkimmedColumn& column : columns) {
    contacts_.push_back(carries_.contact_of(column.set));
    is_known_.push_back(column.is_exact);
  }
}

// At a glance, which settles most templates: delimiters end most fixed texts, and a string without
// them stands in one piece or in none.
bool StringSearch::may_be_in(const Template& t) const {
  ContactChain chain;
  for (size_t i = 0; i < t.cuts.size(); ++i) {
    const std::string_view fixed = t.fixed(i);
    if (!fixed.empty()) chain.add(carries_.edges_of_text(fixed));
    if (i < t.slots.size()) chain.add(contacts_[column_of(t, i)]);
  }
  return chain.contact().whole || carries_.holds(t.text);
}

const Carry& StringSearch::carry_of(size_t column) {
  std::optional<Carry>& carry = of_columns_[column];
  if (!carry) carry = carries_.of(columns_[column].set);
  return *carry;
}

StringSearch::Answer StringSearch::in(const Template& t) {
  Answer answer;
  if (!may_be_in(t)) return answer;
  for (size_t i = 0; i < t.cuts.size(); ++i) {
    if (whole_.holds(t.fixed(i))) return {.holds = Holds::kYes, .pieces = {}, .column = kNone};
  }
  std::vector<Carry> fixed;
  fixed.reserve(t.cuts.size());
  for (size_t i = 0; i < t.cuts.size(); ++i) fixed.push_back(carries_.of_text(t.fixed(i)));
  const size_t count = 2 * t.slots.size() + 1;
  const auto piece = [&](size_t k) -> const Carry& {
    return k % 2 == 0 ? fixed[k / 2] : carry_of(column_of(t, k / 2));
  };
  Reached reached;
  std::vector<Places> before(count);
  for (size_t k = 0; k < count; ++k) {
    before[k] = reached.places;
    const Carry& carry = piece(k);
    Reached after = CarryMaker::advance(reached, carry);
    after.places |= carry.fresh.places;
    after.end = after.end || carry.fresh.end;
    reached = after;
  }
  if (!reached.end) return answer;
  answer.holds = Holds::kMaybe;
  // Back from the end: the pieces that matches run through, and those in which most is open.
  answer.pieces = {count, 0};
  Places ends;
  size_t best = 0;
  for (size_t k = count; k-- > 0;) {
    const Carry& carry = piece(k);
    Places ends_before;
    for (size_t p = 1; p < carry.from.size(); ++p) {
      ends_before[p] = carry.from[p].end || (carry.from[p].places & ends).any();
    }
    const size_t share = share_of(carry, before[k], ends_before, ends);
    ends = ends_before;
    if (share == 0) continue;
    answer.pieces.first = k;
    answer.pieces.last = std::max(answer.pieces.last, k);
    if (k % 2 == 0) continue;
    const size_t column = column_of(t, k / 2);
    if (is_known_[column]) continue;
    const bool shorter = answer.column != kNone && share == best &&
                         columns_[column].count < columns_[answer.column].count;
    if (share > best || shorter) {
      best = share;
      answer.column = column;
    }
  }
  return answer;
}

void StringSearch::know(size_t column, const char* base, const Pieces& values) {
  const Carry carry = carries_.of_pieces(base, values);
  contacts_[column] = CarryMaker::contact_of(carry);
  of_columns_[column] = carry;
  is_known_[column] = true;
}

}  // namespace pith::log

#include "codecs/log/carry.h"

#include <algorithm>
#include <cstring>

namespace pith::log {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

void merge(Reached& into, const Reached& more) {
  into.places |= more.places;
  into.end = into.end || more.end;
}

void merge(Carry& into, const Carry& more) {
  merge(into.fresh, more.fresh);
  for (size_t p = 1; p < into.from.size(); ++p) merge(into.from[p], more.from[p]);
}

}  // namespace

CarryMaker::CarryMaker(std::string needle, bool fold)
    : needle_(std::move(needle)), fold_(fold), digits_(needle_.size() + 1, 0) {
  for (size_t i = needle_.size(); i-- > 0;) {
    digits_[i] = needle_[i] >= '0' && needle_[i] <= '9' ? digits_[i + 1] + 1 : 0;
  }
  for (size_t p = 1; p < needle_.size(); ++p) {
    behind_[static_cast<uint8_t>(needle_[p - 1])].push_back(static_cast<uint8_t>(p));
    before_[static_cast<uint8_t>(needle_[p])].push_back(static_cast<uint8_t>(p));
  }
}

bool CarryMaker::same(std::string_view a, std::string_view b) const {
  if (a.size() != b.size()) return false;
  if (!fold_) return std::memcmp(a.data(), b.data(), a.size()) == 0;
  return std::equal(a.begin(), a.end(), b.begin(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool CarryMaker::holds(std::string_view text) const {
  if (!fold_) {
    return ::memmem(text.data(), text.size(), needle_.data(), needle_.size()) != nullptr;
  }
  return std::search(text.begin(), text.end(), needle_.begin(), needle_.end(),
                     [](char x, char y) { return lower(x) == y; }) != text.end();
}

// A text other than the needle's place in it: holds() is asked once for many.
void CarryMaker::add_text(std::string_view text, Carry& carry) const {
  const std::string_view needle = needle_;
  const size_t n = needle.size();
  if (text.empty()) {
    for (size_t p = 1; p < n; ++p) carry.from[p].places.set(p);
    return;
  }
  const char first = fold_ ? lower(text.front()) : text.front();
  const char last = fold_ ? lower(text.back()) : text.back();
  for (const size_t p : behind_[static_cast<uint8_t>(last)]) {
    if (p <= text.size() && same(text.substr(text.size() - p), needle.substr(0, p))) {
      carry.fresh.places.set(p);
    }
  }
  for (const size_t p : before_[static_cast<uint8_t>(first)]) {
    const size_t left = n - p;
    if (text.size() >= left) {
      if (same(text.substr(0, left), needle.substr(p))) carry.from[p].end = true;
    } else if (same(text, needle.substr(p, text.size()))) {
      carry.from[p].places.set(p + text.size());
    }
  }
}

Carry CarryMaker::of_text(std::string_view text) const {
  Carry carry(needle_.size());
  carry.fresh.end = holds(text);
  add_text(text, carry);
  return carry;
}

Carry CarryMaker::of_texts(std::string_view texts) const {
  Carry carry(needle_.size());
  carry.fresh.end = holds(texts);
  while (!texts.empty()) {
    const size_t lf = std::min(texts.find('\n'), texts.size() - 1);
    add_text(texts.substr(0, lf), carry);
    texts.remove_prefix(lf + 1);
  }
  return carry;
}

// Whether the character of the needle at this place is one of the set's.
bool CarryMaker::is_in_set(const ValueSet& set, size_t place) const {
  const char c = needle_[place];
  const auto code = static_cast<uint8_t>(c);
  return set.characters[code] || (fold_ && c >= 'a' && c <= 'z' && set.characters[code - 32U]);
}

Carry CarryMaker::of_characters(const ValueSet& set) const {
  const size_t n = needle_.size();
  Carry carry(n);
  // The most characters from each place on that a value may have.
  std::vector<size_t> run(n + 1, 0);
  for (size_t i = n; i-- > 0;) run[i] = is_in_set(set, i) ? run[i + 1] + 1 : 0;
  for (size_t p = 1; p <= std::min({run[0], set.most, n - 1}); ++p) carry.fresh.places.set(p);
  carry.fresh.end = run[0] == n && n <= set.most;
  for (size_t p = 1; p < n; ++p) {
    // The value ends before the needle does, or goes on behind it.
    for (size_t size = set.least; size <= std::min(run[p], set.most) && p + size < n; ++size) {
      carry.from[p].places.set(p + size);
    }
    carry.from[p].end = run[p] == n - p && n - p <= set.most;
  }
  return carry;
}

// Numbers with as many digits as both bounds have.
void CarryMaker::add_numbers(std::string_view least, std::string_view most, Carry& carry) const {
  const size_t n = needle_.size();
  const size_t size = least.size();
  size_t common = 0;
  while (common < size && least[common] == most[common]) ++common;
  // Digits [from, from + count) of the number are those of the needle at `at`.
  const auto can_be = [&](size_t from, size_t count, size_t at) {
    if (digits_[at] < count) return false;
    const auto part = std::string_view(needle_).substr(at, count);
    if (from == 0) return part >= least.substr(0, count) && part <= most.substr(0, count);
    const size_t fixed = std::min(count, common - std::min(common, from));
    return part.substr(0, fixed) == least.substr(from, fixed);
  };
  for (size_t from = 0; from < size; ++from) {  // the match begins at this digit
    const size_t count = std::min(n, size - from);
    if (!can_be(from, count, 0)) continue;
    if (count == n) {
      carry.fresh.end = true;
    } else {
      carry.fresh.places.set(count);
    }
  }
  for (size_t p = 1; p < n; ++p) {  // it comes in with the first digit
    const size_t count = std::min(n - p, size);
    if (!can_be(0, count, p)) continue;
    if (count == n - p) {
      carry.from[p].end = true;
    } else {
      carry.from[p].places.set(p + count);
    }
  }
}

Carry CarryMaker::of_numbers(uint64_t least, uint64_t most) const {
  Carry carry(needle_.size());
  // One size after the other.
  for (uint64_t first = least;;) {
    std::string last(std::to_string(first).size(), '9');
    const std::string all_most = std::to_string(most);
    if (last.size() == all_most.size()) last = all_most;
    add_numbers(std::to_string(first), last, carry);
    if (last == all_most) return carry;
    first = std::stoull(last) + 1;
  }
}

Reached CarryMaker::advance(const Reached& before, const Carry& piece) {
  Reached after;
  after.end = before.end;
  for (size_t p = 1; p < piece.from.size(); ++p) {
    if (before.places[p]) merge(after, piece.from[p]);
  }
  return after;
}

Carry CarryMaker::of_pieces(const char* base, const Pieces& values) const {
  Carry carry(needle_.size());
  for (const Piece& value : values) {
    const std::string_view text(base + value.begin, value.size);
    carry.fresh.end = carry.fresh.end || (text.size() >= needle_.size() && holds(text));
    add_text(text, carry);
  }
  return carry;
}

Carry CarryMaker::of_sequence(const ValueSet& set) const {
  std::vector<Carry> pieces;
  for (size_t i = 0; i < set.fixed.size(); ++i) {
    pieces.push_back(of_text(set.fixed[i]));
    if (i < set.parts.size()) pieces.push_back(of(set.parts[i]));
  }
  Carry whole(needle_.size());
  for (const Carry& piece : pieces) {
    Reached next = advance(whole.fresh, piece);
    merge(next, piece.fresh);
    whole.fresh = next;
  }
  for (size_t p = 1; p < needle_.size(); ++p) {
    Reached reached;
    reached.places.set(p);
    for (const Carry& piece : pieces) {
      if (reached.places.none()) break;
      reached = advance(reached, piece);
    }
    whole.from[p] = reached;
  }
  return whole;
}

Carry CarryMaker::of(const ValueSet& set) const {
  switch (set.kind) {
    case ValueSet::Kind::kTexts:
      return of_texts(set.texts);
    case ValueSet::Kind::kCharacters:
      return of_characters(set);
    case ValueSet::Kind::kNumbers:
      return of_numbers(set.least, set.most);
    case ValueSet::Kind::kSequence:
      return of_sequence(set);
    case ValueSet::Kind::kAlternatives:
      break;
  }
  Carry any(needle_.size());
  for (const ValueSet& part : set.parts) merge(any, of(part));
  return any;
}

Contact CarryMaker::edges_of_text(std::string_view text) const {
  const char first = fold_ ? lower(text.front()) : text.front();
  const char last = fold_ ? lower(text.back()) : text.back();
  return {.whole = false,
          .leaves = !behind_[static_cast<uint8_t>(last)].empty(),
          .enters = !before_[static_cast<uint8_t>(first)].empty()};
}

Contact CarryMaker::contact_of_text(std::string_view text) const {
  Contact contact = edges_of_text(text);
  contact.whole = holds(text);
  return contact;
}

Contact CarryMaker::contact_of(const Carry& carry) {
  return {.whole = carry.fresh.end,
          .leaves = carry.fresh.places.any(),
          .enters = std::any_of(carry.from.begin(), carry.from.end(), [](const Reached& reached) {
            return reached.end || reached.places.any();
          })};
}

Contact CarryMaker::contact_of(const ValueSet& set) const {
  const size_t n = needle_.size();
  switch (set.kind) {
    case ValueSet::Kind::kTexts:
      return {.whole = holds(set.texts), .leaves = true, .enters = true};
    case ValueSet::Kind::kCharacters: {
      Contact contact{.whole = n <= set.most, .leaves = false, .enters = set.least == 0};
      for (size_t i = 0; i < n; ++i) {
        const bool fits = is_in_set(set, i);
        contact.whole = contact.whole && fits;
        (i == 0 ? contact.leaves : contact.enters) |= fits;
      }
      return contact;
    }
    case ValueSet::Kind::kNumbers:
      return {.whole = digits_[0] == n,
              .leaves = digits_[0] > 0,
              .enters = std::any_of(digits_.begin() + 1, digits_.end(),
                                    [](size_t digits) { return digits > 0; })};
    case ValueSet::Kind::kSequence: {
      ContactChain chain;
      for (size_t i = 0; i < set.fixed.size(); ++i) {
        if (!set.fixed[i].empty()) chain.add(contact_of_text(set.fixed[i]));
        if (i < set.parts.size()) chain.add(contact_of(set.parts[i]));
      }
      return chain.contact();
    }
    case ValueSet::Kind::kAlternatives:
      break;
  }
  Contact any;
  for (const ValueSet& part : set.parts) {
    const Contact contact = contact_of(part);
    any.whole = any.whole || contact.whole;
    any.leaves = any.leaves || contact.leaves;
    any.enters = any.enters || contact.enters;
  }
  return any;
}

}  // namespace pith::log

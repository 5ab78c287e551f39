// How a match of a string runs through a line: piece by piece, the places in the string that have
// been reached at the end of each piece. It answers whether the string can stand in a line of which
// only sets of values are known.
#pragma once

#include <array>
#include <bitset>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/log/parsed.h"
#include "codecs/log/value_set.h"

namespace pith::log {

// Longer strings are searched by their first bytes.
inline constexpr size_t kMaxNeedle = 128;

// Places of a string that matches have reached, and whether one has come to the end.
struct Reached {
  std::bitset<kMaxNeedle> places;  // place p: bytes [0, p) have matched, up to the piece's end
  bool end = false;
};

// What a piece of a line does to matches: where those that begin in it get to, and where those that
// come into it go on to.
struct Carry {
  Reached fresh;
  std::vector<Reached> from;  // for each place; [0] is not used

  explicit Carry(size_t needle) : from(needle) {}
};

// What a piece may have of matches, as far as that is told at a glance: more than it has, never
// less.
struct Contact {
  bool whole = false;   // a match within it
  bool leaves = false;  // the beginning of one that goes on behind it
  bool enters = false;  // more of one that began before it
};

// The contacts of pieces that follow each other.
class ContactChain {
 public:
  void add(const Contact& piece) {
    all_.whole = all_.whole || piece.whole || (all_.leaves && piece.enters);
    all_.enters = all_.enters || piece.enters;
    all_.leaves = piece.leaves || (all_.leaves && piece.enters);
  }
  const Contact& contact() const { return all_; }

 private:
  Contact all_;
};

class CarryMaker {
 public:
  // The needle is not empty and at most kMaxNeedle bytes; in lower case if `fold`.
  CarryMaker(std::string needle, bool fold);

  Carry of_text(std::string_view text) const;
  Carry of(const ValueSet& set) const;
  // Of values that are known: texts at `base`.
  Carry of_pieces(const char* base, const Pieces& values) const;
  // Of a text that is not empty; edges: without a look at what is inside.
  Contact contact_of_text(std::string_view text) const;
  Contact edges_of_text(std::string_view text) const;
  Contact contact_of(const ValueSet& set) const;
  static Contact contact_of(const Carry& carry);
  // The matches behind a piece.
  static Reached advance(const Reached& before, const Carry& piece);

  // True if the text holds the needle.
  bool holds(std::string_view text) const;
  std::string_view needle() const { return needle_; }

 private:
  bool is_in_set(const ValueSet& set, size_t place) const;
  bool same(std::string_view a, std::string_view b) const;
  void add_text(std::string_view text, Carry& carry) const;
  Carry of_texts(std::string_view texts) const;
  Carry of_characters(const ValueSet& set) const;
  Carry of_numbers(uint64_t least, uint64_t most) const;
  void add_numbers(std::string_view least, std::string_view most, Carry& carry) const;
  Carry of_sequence(const ValueSet& set) const;

  std::string needle_;
  bool fold_;
  std::vector<size_t> digits_;  // how many digits there are from each place on
  // The places behind a character of the needle, and those in front of one, by the character.
  std::array<std::vector<uint8_t>, 256> behind_;
  std::array<std::vector<uint8_t>, 256> before_;
};

}  // namespace pith::log

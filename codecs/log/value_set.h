// What the values of a column can be, as far as it is known without its numbers and places: a
// superset. Built from the column's description and texts (column_skim.cpp), used by the search.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace pith::log {

struct ValueSet {
  enum class Kind : uint8_t {
    kTexts,         // one of the texts, each with an LF behind it
    kCharacters,    // any string of these characters, of these sizes
    kNumbers,       // decimal numbers from `least` to `most`, without leading zeros
    kSequence,      // fixed texts with a value of each part between them
    kAlternatives,  // a value of one of the parts
  };
  explicit ValueSet(Kind what = Kind::kTexts) : kind(what) {}

  Kind kind;
  std::string_view texts;
  std::bitset<256> characters;
  uint64_t least = 0;  // characters, or the number
  uint64_t most = UINT64_MAX;
  std::vector<std::string> fixed;  // one more than parts
  std::vector<ValueSet> parts;
};

}  // namespace pith::log

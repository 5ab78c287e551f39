// Which templates' lines may hold a string, and in which of their pieces: from what the values of
// their columns can be, or, once they have been decoded, are.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "codecs/log/carry.h"
#include "codecs/log/column_skim.h"
#include "codecs/log/parsed.h"

namespace pith::log {

// Whether lines of a template hold a string.
enum class Holds : uint8_t { kNo, kMaybe, kYes };

// The pieces of a line: its fixed texts and values by turns, a fixed text first.
struct PieceRange {
  size_t first = 0;
  size_t last = 0;
};

inline size_t column_of(const Template& t, size_t slot) {
  while (t.slots[slot].copy_of != kNotACopy) slot = t.slots[slot].copy_of;
  return t.slots[slot].column;
}

// Longer strings are searched by their first kMaxNeedle bytes where nothing is certain.
class StringSearch {
 public:
  StringSearch(const std::string& string, bool fold, const std::vector<SkimmedColumn>& columns);

  struct Answer {
    Holds holds = Holds::kNo;
    // If lines may hold it: it stands in these pieces.
    PieceRange pieces;
    // The column whose values would tell most of those that are not known; kNone: there is none.
    size_t column = kNone;
  };
  static constexpr size_t kNone = SIZE_MAX;
  Answer in(const Template& t);

  // From here on all values of a column are known: texts at `base`.
  void know(size_t column, const char* base, const Pieces& values);

  // True if a text holds the string, or as much of it as is searched.
  bool is_in(std::string_view text) const { return carries_.holds(text); }

 private:
  bool may_be_in(const Template& t) const;
  const Carry& carry_of(size_t column);

  CarryMaker whole_;
  CarryMaker carries_;
  const std::vector<SkimmedColumn>& columns_;
  std::vector<Contact> contacts_;                 // of the columns
  std::vector<std::optional<Carry>> of_columns_;  // made when they are asked for
  std::vector<bool> is_known_;
};

}  // namespace pith::log

// What a block of log lines is made of: templates and columns. A line is an instance of a template:
// fixed texts with slots between them. A slot takes the next value of its column, or repeats the
// value of an earlier slot of the line. Slots of several templates may share a column: its values
// then stand in the order of the lines.
//
// This is what the serialisation (log_codec.cpp) writes and a model of lines may start from. It
// refers to the block by position; nothing here is copied but the texts of templates.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pith::log {

inline constexpr uint32_t kMaxTemplates = 65536;
inline constexpr uint32_t kNotACopy = UINT32_MAX;

struct Slot {
  uint32_t column = 0;           // if it is no copy
  uint32_t copy_of = kNotACopy;  // the earlier slot of the template that it repeats
};

struct Template {
  std::string text;            // the fixed texts, back to back
  std::vector<uint32_t> cuts;  // where in `text` each fixed text ends: one more than slots
  std::vector<Slot> slots;
  uint32_t lines = 0;

  std::string_view fixed(size_t i) const {
    const uint32_t begin = i == 0 ? 0 : cuts[i - 1];
    return std::string_view(text).substr(begin, cuts[i] - begin);
  }
};

// A value: bytes of the block.
struct Piece {
  uint32_t begin = 0;
  uint32_t size = 0;
};

using Pieces = std::vector<Piece>;

struct Parsed {
  std::vector<Template> templates;
  std::vector<uint32_t> line_templates;
  // The values of each column, as numbers of words: equal values have equal numbers.
  std::vector<std::vector<uint32_t>> columns;
  Pieces words;  // where each is found
  bool ends_with_lf = false;
};

// What stands to the left of each slot, hashed: the last word of the fixed text before it, or,
// where that has none, the text and the key of the slot before. Slots with equal keys are taken to
// be of a kind; coder and decoder tell columns by them.
std::vector<uint64_t> slot_keys(const Template& t);

// Numbers the values of a column afresh: 0, 1, … in the order of first occurrence.
class DenseIds {
 public:
  explicit DenseIds(size_t words) : known_(words) {}

  // Calls take(i, id) for each of `words`; stops where it returns false.
  template <class Take>
  void number(std::span<const uint32_t> words, Take take) {
    ++epoch_;
    uint32_t next = 0;
    for (size_t i = 0; i < words.size(); ++i) {
      Known& known = known_[words[i]];
      if (known.epoch != epoch_) known = {epoch_, next++};
      if (!take(i, known.id)) return;
    }
  }

 private:
  struct Known {
    uint32_t epoch = 0;  // the last one in which the word was seen
    uint32_t id = 0;
  };
  std::vector<Known> known_;
  uint32_t epoch_ = 0;
};

}  // namespace pith::log

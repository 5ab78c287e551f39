// The words that have codes in one block, and how they are sent.
//
// The words of each of the two groups (one-byte and two-byte codes) are ordered by their reversed
// spelling: words that end alike (-ing, -ed, -ly) get neighbouring codes, which mostly play the
// same part in a sentence; and a front-coded list in that order is short. Words that the caller's
// base list holds are named by their index there.
//
// The serial form is described in docs/codecs/text_transforms.md.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/text/word_tokens.h"

namespace pith::text {

// Base lists hold at most this many words; they are sets of small-letter words of at most
// kMaxWordLength letters.
inline constexpr size_t kMaxBaseWords = size_t{1} << 16;

// A word with room to be copied by 32 bytes at a time. Bytes behind its end are zero.
struct ListedWord {
  std::array<uint8_t, kMaxWordLength> letters{};
  uint8_t length = 0;

  std::string_view view() const { return {reinterpret_cast<const char*>(letters.data()), length}; }
  static ListedWord from(std::string_view word);
};

// The order of a group.
bool reversed_less(const ListedWord& a, const ListedWord& b);

class WordGroup {
 public:
  // Sorts the words; they must be distinct.
  explicit WordGroup(std::vector<ListedWord> words = {});

  const std::vector<ListedWord>& words() const { return words_; }
  size_t size() const { return words_.size(); }

  // The memory that read() reserves for a group of `words` words.
  static uint64_t memory(size_t words) { return words * sizeof(ListedWord); }

  void write(std::span<const std::string_view> base_words, ByteWriter& out) const;
  // kDamaged for what write() does not write, for more than `max_words` words, or if they do not
  // fit into the budget.
  static Result<WordGroup> read(std::span<const std::string_view> base_words, size_t max_words,
                                ByteReader& in, MemoryBudget& budget);

 private:
  std::vector<ListedWord> words_;
};

}  // namespace pith::text

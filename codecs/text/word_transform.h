// The word transform: words that occur often in a block get codes of one or two bytes, in any case.
//
// Purpose: fewer symbols for the coder behind it (prose: about half as many), which is faster and
// mostly smaller. Lossless for any bytes: `decode` gives back exactly what `encode` was given, also
// for a text other than the one that the words were learnt from (a model can be primed with a
// built-in text in the words of the block).
//
// The form of the header and of coded text: docs/codecs/text_transforms.md. The idea of replacing
// words and capitals: P. Skibinski, S. Grabowski, S. Deorowicz, "Revisiting dictionary-based
// compression", Software: Practice and Experience 35 (2005).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/text/word_alphabet.h"
#include "codecs/text/word_dictionary.h"
#include "codecs/text/word_tokens.h"

namespace pith::text {

// What kind of coder follows.
enum class Purpose : uint8_t {
  kSorted,  // a block-sorting (BWT) coder
  kMixed,   // context mixing that knows the tokens (WordAlphabet)
};

struct WordOptions {
  uint32_t min_count = 12;      // words that occur less often are spelled
  uint32_t min_base_count = 3;  // the same for words of the base list
  uint32_t min_length = 2;      // letters
  bool imply_spaces = false;    // leave out the space before a code where one mostly stands
  uint32_t max_singles = 256;   // codes of one byte
  uint32_t max_words = 30000;   // in all, at most 65,535
  uint32_t min_gain = 24;       // decline if fewer than these of 256 bytes are saved

  // What suits a block of `size` bytes.
  static WordOptions for_block(Purpose purpose, size_t size);
};

class WordCoder {
 public:
  // Learns the words of a block. Nothing if the block is not worth it (no words, no free byte
  // values, too little saved). `base_words`: known to the reader too, see word_dictionary.h.
  static std::optional<WordCoder> learn(ByteView text, const WordOptions& options,
                                        std::span<const std::string_view> base_words = {});

  // All that parse() needs, with the same base words.
  void write_header(std::span<const std::string_view> base_words, ByteWriter& out) const;
  // Appends the coded text, without the header.
  void encode(ByteView text, ByteBuffer& out) const;

  // Reads a header and leaves `in` behind it. kDamaged if it is none.
  static Result<WordCoder> parse(std::span<const std::string_view> base_words, ByteReader& in,
                                 MemoryBudget& budget);
  // Fills `text` exactly, or fails with kDamaged. Takes any bytes.
  Result<void> decode(ByteView coded, MutableBytes text) const;

  const WordAlphabet& alphabet() const { return alphabet_; }
  // The word of a one-byte or two-byte code, in small letters; empty if the code has none.
  std::string_view word(uint8_t single) const { return listed_view(single_index_[single]); }
  std::string_view word(uint8_t lead, uint8_t second) const {
    return listed_view(index_of(lead, second));
  }
  size_t word_count() const { return words_.size(); }
  // What parse() reserves for this coder.
  uint64_t memory() const { return memory(words_.size()); }

 private:
  static constexpr uint32_t kNoWord = UINT32_MAX;
  static constexpr size_t kFlagValues = 4;  // escape, capital, upper, join
  static uint64_t memory(size_t words);
  struct Layout {
    std::array<bool, 256> code{};  // the byte values that do not stand for themselves
    std::array<bool, 256> space_follows{};
    uint8_t leads = 0;        // how many of them are first bytes
    uint8_t last_second = 0;  // how many values a second byte has, less one
  };
  struct Lookup {
    uint32_t hash = 0;
    uint32_t index = kNoWord;
  };

  WordCoder(const Layout& layout, WordGroup singles, WordGroup pairs);
  uint32_t find(uint32_t hash, const uint8_t* letters, size_t length) const;
  uint32_t index_of(uint8_t lead, uint8_t second) const {
    const uint32_t index = lead_base_[lead] + second_rank_[second];
    return second_rank_[second] <= layout_.last_second ? index : kNoWord;
  }
  std::string_view listed_view(uint32_t index) const {
    return index < words_.size() ? words_[index].view() : std::string_view{};
  }

  Layout layout_;
  WordGroup singles_;
  WordGroup pairs_;
  WordAlphabet alphabet_;
  uint8_t escape_ = 0;
  uint8_t capital_ = 0;
  uint8_t upper_ = 0;
  uint8_t join_ = 0;
  std::vector<ListedWord> words_;              // singles, then pairs
  std::vector<std::array<uint8_t, 2>> codes_;  // of words_; a single has its byte twice
  std::array<uint32_t, 256> single_index_{};   // index in words_
  std::array<uint32_t, 256> lead_base_{};      // index of the lead's first word
  std::array<uint16_t, 256> second_rank_{};
  std::vector<Lookup> lookup_;  // open addressing
};

}  // namespace pith::text

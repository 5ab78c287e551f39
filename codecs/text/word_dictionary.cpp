#include "codecs/text/word_dictionary.h"

#include <algorithm>
#include <cstring>

namespace pith::text {
namespace {

constexpr uint8_t kSharedBase = 'A';  // 'A' + n: a word that shares its last n letters
constexpr uint8_t kMaxShared = 25;
constexpr uint8_t kListEnd = '.';
// A gap in the base list: one byte below 0xC0, or two bytes.
constexpr uint32_t kShortGaps = 0xC0;

Error damaged() { return Error{ErrorCode::kDamaged, "the word list is damaged"}; }

void write_gap(uint32_t gap, ByteWriter& out) {
  // 64 · 256 values in two bytes; longer gaps are made of full steps.
  constexpr uint32_t kLongGaps = 0x3F * 256;
  while (gap >= kShortGaps + kLongGaps) {
    out.u8(0xFF);
    gap -= kShortGaps + kLongGaps;
  }
  if (gap < kShortGaps) {
    out.u8(static_cast<uint8_t>(gap));
  } else {
    gap -= kShortGaps;
    out.u8(static_cast<uint8_t>(kShortGaps + gap / 256));
    out.u8(static_cast<uint8_t>(gap % 256));
  }
}

uint32_t read_gap(ByteReader& in) {
  constexpr uint32_t kLongGaps = 0x3F * 256;
  uint32_t gap = 0;
  while (in.ok()) {
    const uint32_t byte = in.u8();
    if (byte < kShortGaps) return gap + byte;
    if (byte != 0xFF) return gap + kShortGaps + (byte - kShortGaps) * 256 + in.u8();
    gap += kShortGaps + kLongGaps;
    if (gap > kMaxBaseWords) break;
  }
  return kMaxBaseWords;
}

// How many letters two words share at their ends.
uint8_t shared_ending(const ListedWord& a, const ListedWord& b) {
  const uint8_t limit = std::min({a.length, b.length, kMaxShared});
  uint8_t shared = 0;
  while (shared < limit && a.letters[a.length - 1U - shared] == b.letters[b.length - 1U - shared]) {
    ++shared;
  }
  return shared;
}

}  // namespace

ListedWord ListedWord::from(std::string_view word) {
  ListedWord listed;
  listed.length = checked_cast<uint8_t>(std::min(word.size(), kMaxWordLength));
  std::memcpy(listed.letters.data(), word.data(), listed.length);
  return listed;
}

bool reversed_less(const ListedWord& a, const ListedWord& b) {
  return std::lexicographical_compare(std::make_reverse_iterator(a.letters.begin() + a.length),
                                      std::make_reverse_iterator(a.letters.begin()),
                                      std::make_reverse_iterator(b.letters.begin() + b.length),
                                      std::make_reverse_iterator(b.letters.begin()));
}

WordGroup::WordGroup(std::vector<ListedWord> words) : words_(std::move(words)) {
  std::sort(words_.begin(), words_.end(), reversed_less);
}

void WordGroup::write(std::span<const std::string_view> base_words, ByteWriter& out) const {
  // The indices of the words that the base list holds, in the order of that list.
  out.u16(checked_cast<uint16_t>(words_.size()));
  std::vector<uint8_t> in_base(words_.size(), 0);
  if (!base_words.empty()) {
    std::vector<uint32_t> indices;
    for (size_t i = 0; i < base_words.size(); ++i) {
      const ListedWord word = ListedWord::from(base_words[i]);
      const auto found = std::lower_bound(words_.begin(), words_.end(), word, reversed_less);
      if (found == words_.end() || found->view() != base_words[i]) continue;
      uint8_t& mark = in_base[static_cast<size_t>(found - words_.begin())];
      if (mark == 0) indices.push_back(checked_cast<uint32_t>(i));
      mark = 1;
    }
    out.u16(checked_cast<uint16_t>(indices.size()));
    uint32_t next = 0;
    for (const uint32_t index : indices) {
      write_gap(index - next, out);
      next = index + 1;
    }
  }
  const ListedWord none;
  const ListedWord* previous = &none;
  for (size_t i = 0; i < words_.size(); ++i) {
    if (in_base[i] != 0) continue;
    const ListedWord& word = words_[i];
    const uint8_t shared = shared_ending(*previous, word);
    out.u8(static_cast<uint8_t>(kSharedBase + shared));
    for (size_t k = shared; k < word.length; ++k) out.u8(word.letters[word.length - 1U - k]);
    previous = &word;
  }
  out.u8(kListEnd);
}

Result<WordGroup> WordGroup::read(std::span<const std::string_view> base_words, size_t max_words,
                                  ByteReader& in, MemoryBudget& budget) {
  std::vector<ListedWord> words;
  const size_t total = in.u16();
  if (total > max_words || !budget.reserve(memory(total))) return tl::unexpected(damaged());
  words.reserve(total);
  if (!base_words.empty()) {
    const size_t count = in.u16();
    if (count > total || count > base_words.size()) return tl::unexpected(damaged());
    size_t next = 0;
    for (size_t i = 0; i < count; ++i) {
      const size_t index = next + read_gap(in);
      if (!in.ok() || index >= base_words.size()) return tl::unexpected(damaged());
      words.push_back(ListedWord::from(base_words[index]));
      next = index + 1;
    }
  }
  ListedWord previous;
  uint8_t byte = in.u8();
  while (in.ok() && byte != kListEnd) {
    const auto shared = static_cast<uint8_t>(byte - kSharedBase);
    if (shared > kMaxShared || shared > previous.length || words.size() == total) {
      return tl::unexpected(damaged());
    }
    std::array<uint8_t, kMaxWordLength> reversed{};
    for (size_t k = 0; k < shared; ++k) reversed[k] = previous.letters[previous.length - 1U - k];
    size_t length = shared;
    for (byte = in.u8(); is_lower(byte); byte = in.u8()) {
      if (length == kMaxWordLength) return tl::unexpected(damaged());
      reversed[length++] = byte;
    }
    if (length == 0) return tl::unexpected(damaged());
    ListedWord word;
    word.length = static_cast<uint8_t>(length);
    for (size_t k = 0; k < length; ++k) word.letters[k] = reversed[length - 1 - k];
    words.push_back(word);
    previous = word;
  }
  if (!in.ok() || words.size() != total) return tl::unexpected(damaged());
  return WordGroup(std::move(words));
}

}  // namespace pith::text

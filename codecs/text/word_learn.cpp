// How WordCoder chooses words, byte values and settings for a block.

#include <algorithm>
#include <unordered_set>

#include "codecs/text/word_counts.h"
#include "codecs/text/word_transform.h"

namespace pith::text {
namespace {

ListedWord listed(const uint8_t* letters, size_t length) {
  ListedWord word;
  word.length = static_cast<uint8_t>(length);
  for (size_t i = 0; i < length; ++i) word.letters[i] = letters[i] | kCaseBit;
  return word;
}

}  // namespace

WordOptions WordOptions::for_block(Purpose purpose, size_t size) {
  WordOptions options;
  if (purpose == Purpose::kSorted) {
    // A word's entry in the list is learnt at the cost of the text that follows.
    options.min_count = size < (size_t{1} << 18) ? 20 : size < (size_t{1} << 20) ? 54 : 14;
  } else {
    options.min_count = size < (size_t{1} << 18) ? 8 : 12;
    options.imply_spaces = true;
  }
  return options;
}

std::optional<WordCoder> WordCoder::learn(ByteView text, const WordOptions& options,
                                          std::span<const std::string_view> base_words) {
  const WordCounts counts = count_words(text);
  if (counts.letters < text.size() / 8) return std::nullopt;
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());

  // Byte values that are rare enough to be escaped.
  Layout layout;
  const size_t rare = text.size() >> 13;
  size_t values = 0;
  for (size_t i = 0; i < 256; ++i) {
    const auto byte = static_cast<uint8_t>(i);
    if (is_lower(byte) || byte == ' ' || byte == '\n') continue;
    // Capitals become a flag and a small letter, but for those that stand alone.
    const bool free = (is_upper(byte) ? counts.alone[i] : counts.bytes[i]) <= rare;
    layout.code[i] = free;
    values += free ? 1 : 0;
    layout.space_follows[i] = false;
  }
  if (values < kFlagValues + 8) return std::nullopt;
  if (options.imply_spaces) {
    bool last = false;
    for (size_t i = 0; i < 256; ++i) {
      if (i == ' ' || i == 255) {  // 255: see write_set()
        last = false;
      } else if (counts.spaced[i] + counts.attached[i] > 0) {
        last = counts.spaced[i] > counts.attached[i];
      }
      layout.space_follows[i] = last;
    }
  }

  std::unordered_set<std::string_view> base(base_words.begin(), base_words.end());
  std::vector<CountedWord> chosen;
  for (const CountedWord& word : counts.words) {
    if (word.length < options.min_length) continue;
    if (word.count < options.min_count) {
      if (word.count < options.min_base_count || base.empty()) continue;
      if (!base.contains(listed(bytes + word.position, word.length).view())) continue;
    }
    chosen.push_back(word);
  }
  const auto reversed_before = [&](const CountedWord& a, const CountedWord& b) {
    return reversed_less(listed(bytes + a.position, a.length),
                         listed(bytes + b.position, b.length));
  };
  std::sort(chosen.begin(), chosen.end(), [&](const CountedWord& a, const CountedWord& b) {
    return a.count != b.count ? a.count > b.count : reversed_before(a, b);
  });
  if (chosen.size() > options.max_words) chosen.resize(options.max_words);
  if (chosen.empty()) return std::nullopt;

  // As few first bytes as hold all words, but no more than three quarters of the values.
  const size_t usable = values - kFlagValues;
  const size_t seconds = values;
  size_t leads = 0;
  const auto singles_with = [&](size_t n) {
    return std::min<size_t>(usable - n, options.max_singles);
  };
  while (singles_with(leads) + leads * seconds < chosen.size() && leads < usable * 3 / 4) ++leads;
  const size_t singles = std::min(singles_with(leads), chosen.size());
  const size_t pairs = std::min(leads * seconds, chosen.size() - singles);
  layout.leads = static_cast<uint8_t>(leads);
  layout.last_second = static_cast<uint8_t>(seconds - 1);
  // Values without a use stand for themselves again: capitals last, since a capital that is a code
  // value costs nothing more.
  size_t spare = usable - leads - singles;
  for (size_t i = 256; i-- > 0 && spare > 0;) {
    if (layout.code[i] && !is_upper(static_cast<uint8_t>(i))) {
      layout.code[i] = false;
      --spare;
    }
  }

  uint64_t saved = 0;
  uint64_t lost = counts.capitals;
  for (size_t i = 0; i < 256; ++i) {
    if (!is_letter(static_cast<uint8_t>(i)) && layout.code[i]) lost += counts.bytes[i];
  }
  std::vector<ListedWord> single_words;
  std::vector<ListedWord> pair_words;
  for (size_t i = 0; i < singles + pairs; ++i) {
    const CountedWord& word = chosen[i];
    const size_t code = i < singles ? 1 : 2;
    if (word.length > code) saved += uint64_t{word.count} * (word.length - code);
    (i < singles ? single_words : pair_words).push_back(listed(bytes + word.position, word.length));
  }
  if (saved < lost + text.size() / 256 * options.min_gain) return std::nullopt;
  return WordCoder(layout, WordGroup(std::move(single_words)), WordGroup(std::move(pair_words)));
}

}  // namespace pith::text

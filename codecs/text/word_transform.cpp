#include "codecs/text/word_transform.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "codecs/text/word_counts.h"

namespace pith::text {
namespace {

constexpr uint8_t kHeaderVersion = 1;

Error damaged(const char* what) { return Error{ErrorCode::kDamaged, what}; }

// A set of byte values as the lengths of alternating runs, the first of values that are not in it;
// 255 stands for the rest of the values, and ends the list (so no run is 255 long: learn() sees to
// it).
void write_set(const std::array<bool, 256>& set, ByteWriter& out) {
  bool in = false;
  for (size_t at = 0; at < 256;) {
    size_t end = at;
    while (end < 256 && set[end] == in) ++end;
    if (end == 256) break;
    out.u8(static_cast<uint8_t>(end - at));
    at = end;
    in = !in;
  }
  out.u8(0xFF);
}

bool read_set(std::array<bool, 256>& set, ByteReader& in) {
  bool inside = false;
  size_t at = 0;
  for (;;) {
    const uint8_t run = in.u8();
    if (!in.ok()) return false;
    const size_t end = run == 0xFF ? 256 : at + run;
    if (end > 256) return false;
    std::fill(set.begin() + static_cast<std::ptrdiff_t>(at),
              set.begin() + static_cast<std::ptrdiff_t>(end), inside);
    if (run == 0xFF) return true;
    at = end;
    inside = !inside;
  }
}

size_t lookup_size(size_t words) { return std::bit_ceil(words * 2 + 1); }

uint32_t hash_of(const ListedWord& word) {
  return next_word(word.letters.data(), 0, word.length).hash;
}

}  // namespace

uint64_t WordCoder::memory(size_t words) {
  return WordGroup::memory(words) + words * (sizeof(ListedWord) + sizeof(codes_[0])) +
         lookup_size(words) * sizeof(Lookup);
}

WordCoder::WordCoder(const Layout& layout, WordGroup singles, WordGroup pairs)
    : layout_(layout), singles_(std::move(singles)), pairs_(std::move(pairs)) {
  std::vector<uint8_t> values;
  std::vector<uint8_t> seconds;
  for (size_t i = 0; i < 256; ++i) {
    if (layout.code[i]) values.push_back(static_cast<uint8_t>(i));
  }
  seconds = values;
  for (size_t i = 0; i < 256; ++i) {
    if (!layout.code[i]) seconds.push_back(static_cast<uint8_t>(i));
    alphabet_.space_follows[i] = layout.space_follows[i] ? 1 : 0;
  }
  for (size_t i = 0; i < 256; ++i) second_rank_[seconds[i]] = static_cast<uint16_t>(i);
  escape_ = values[0];
  capital_ = values[1];
  upper_ = values[2];
  join_ = values[3];
  const auto mark = [&](uint8_t value, ByteKind kind) {
    alphabet_.kind[value] = static_cast<uint8_t>(kind);
  };
  mark(escape_, ByteKind::kEscape);
  mark(capital_, ByteKind::kCapital);
  mark(upper_, ByteKind::kUpper);
  mark(join_, ByteKind::kJoin);
  single_index_.fill(kNoWord);
  words_.reserve(singles_.size() + pairs_.size());
  codes_.reserve(singles_.size() + pairs_.size());
  const size_t first_single = kFlagValues + layout.leads;
  for (size_t i = 0; i < singles_.size(); ++i) {
    const uint8_t value = values[first_single + i];
    mark(value, ByteKind::kSingle);
    single_index_[value] = static_cast<uint32_t>(words_.size());
    words_.push_back(singles_.words()[i]);
    codes_.push_back({value, value});
  }
  const size_t per_lead = layout.last_second + size_t{1};
  for (size_t i = 0; i < layout.leads; ++i) {
    const uint8_t lead = values[kFlagValues + i];
    mark(lead, ByteKind::kLead);
    lead_base_[lead] = static_cast<uint32_t>(singles_.size() + i * per_lead);
  }
  for (size_t i = 0; i < pairs_.size(); ++i) {
    words_.push_back(pairs_.words()[i]);
    codes_.push_back({values[kFlagValues + i / per_lead], seconds[i % per_lead]});
  }
  lookup_.assign(lookup_size(words_.size()), Lookup{});
  const size_t mask = lookup_.size() - 1;
  for (size_t i = 0; i < words_.size(); ++i) {
    const uint32_t hash = hash_of(words_[i]);
    size_t slot = hash & mask;
    while (lookup_[slot].index != kNoWord) slot = (slot + 1) & mask;
    lookup_[slot] = {hash, static_cast<uint32_t>(i)};
  }
}

uint32_t WordCoder::find(uint32_t hash, const uint8_t* letters, size_t length) const {
  const size_t mask = lookup_.size() - 1;
  for (size_t slot = hash & mask;; slot = (slot + 1) & mask) {
    const Lookup& entry = lookup_[slot];
    if (entry.index == kNoWord) return kNoWord;
    if (entry.hash != hash) continue;
    const ListedWord& word = words_[entry.index];
    if (word.length == length && same_letters(word.letters.data(), letters, length)) {
      return entry.index;
    }
  }
}

void WordCoder::write_header(std::span<const std::string_view> base_words, ByteWriter& out) const {
  out.u8(kHeaderVersion);
  write_set(layout_.code, out);
  write_set(layout_.space_follows, out);
  out.u8(layout_.leads);
  out.u8(layout_.last_second);
  singles_.write(base_words, out);
  pairs_.write(base_words, out);
}

Result<WordCoder> WordCoder::parse(std::span<const std::string_view> base_words, ByteReader& in,
                                   MemoryBudget& budget) {
  if (in.u8() != kHeaderVersion) return tl::unexpected(damaged("unknown word transform"));
  Layout layout;
  if (!read_set(layout.code, in) || !read_set(layout.space_follows, in)) {
    return tl::unexpected(damaged("the word transform's header is damaged"));
  }
  layout.leads = in.u8();
  layout.last_second = in.u8();
  size_t values = 0;
  for (size_t i = 0; i < 256; ++i) {
    const auto byte = static_cast<uint8_t>(i);
    if (!layout.code[i]) continue;
    if (is_lower(byte) || byte == ' ') {
      return tl::unexpected(damaged("the word transform's header is damaged"));
    }
    ++values;
  }
  if (!in.ok() || values < kFlagValues + layout.leads || layout.space_follows[' ']) {
    return tl::unexpected(damaged("the word transform's header is damaged"));
  }
  const size_t max_pairs = layout.leads * (layout.last_second + size_t{1});
  PITH_ASSIGN(WordGroup singles,
              WordGroup::read(base_words, values - kFlagValues - layout.leads, in, budget));
  PITH_ASSIGN(WordGroup pairs, WordGroup::read(base_words, max_pairs, in, budget));
  const size_t words = singles.size() + pairs.size();
  if (!budget.reserve(memory(words) - WordGroup::memory(words))) {
    return tl::unexpected(damaged("the word list takes too much memory"));
  }
  return WordCoder(layout, std::move(singles), std::move(pairs));
}

void WordCoder::encode(ByteView bytes, ByteBuffer& out) const {
  const auto* text = reinterpret_cast<const uint8_t*>(bytes.data());
  const size_t size = bytes.size();
  size_t used = out.size();  // bytes of `out` that are written
  out.resize(used + size / 2 + 64);
  for (size_t at = 0; at < size;) {
    const bool is_word = is_letter(text[at]);
    const WordToken word = is_word ? next_word(text, at, size) : WordToken{.end = at + 1};
    const size_t length = word.end - at;
    // Room for the longest code: two flags, two bytes or the letters.
    if (out.size() - used < length + 4) out.resize(out.size() + out.size() / 2 + length + 4);
    auto* const data = reinterpret_cast<uint8_t*>(out.data());
    uint8_t* to = data + used;
    if (!is_word) {
      if (layout_.code[text[at]]) *to++ = escape_;
      *to++ = text[at];
      used = static_cast<size_t>(to - data);
      at = word.end;
      continue;
    }
    const uint32_t index = find(word.hash, text + at, length);
    if (index != kNoWord) {
      const uint8_t before = at > 0 ? text[at - 1] : uint8_t{'\n'};
      if (before != ' ') {
        if (layout_.space_follows[before]) *to++ = join_;
      } else if (layout_.space_follows[at > 1 ? text[at - 2] : uint8_t{'\n'}]) {
        --to;  // over the space just written
      }
    }
    const bool bare_capital = length == 1 && word.letter_case == LetterCase::kCapital &&
                              index == kNoWord && !layout_.code[text[at]];
    if (word.letter_case == LetterCase::kCapital && !bare_capital) *to++ = capital_;
    if (word.letter_case == LetterCase::kUpper) *to++ = upper_;
    if (index != kNoWord) {
      const std::array<uint8_t, 2> code = codes_[index];
      *to++ = code[0];
      if (index >= singles_.size()) *to++ = code[1];
    } else if (bare_capital) {
      *to++ = text[at];
    } else {
      for (size_t i = at; i < word.end; ++i) *to++ = text[i] | kCaseBit;
    }
    used = static_cast<size_t>(to - data);
    at = word.end;
  }
  out.resize(used);
}

Result<void> WordCoder::decode(ByteView coded, MutableBytes raw) const {
  const auto* in = reinterpret_cast<const uint8_t*>(coded.data());
  auto* out = reinterpret_cast<uint8_t*>(raw.data());
  const size_t in_size = coded.size();
  const size_t out_size = raw.size();
  const auto bad = [] { return tl::unexpected(damaged("the word-coded text is damaged")); };
  size_t at = 0;
  size_t to = 0;
  uint8_t last = '\n';  // the last byte written
  while (at < in_size) {
    uint8_t byte = in[at++];
    ByteKind kind = alphabet_[byte];
    if (kind == ByteKind::kLiteral) {
      if (to == out_size) return bad();
      out[to++] = last = byte;
      continue;
    }
    if (kind == ByteKind::kEscape) {
      if (at == in_size || to == out_size) return bad();
      out[to++] = last = in[at++];
      continue;
    }
    bool space = alphabet_.space_follows[last] != 0;
    LetterCase letter_case = LetterCase::kLower;
    bool joined = false;
    if (kind == ByteKind::kJoin) {
      if (at == in_size) return bad();
      space = false;
      joined = true;
      byte = in[at++];
      kind = alphabet_[byte];
    }
    if (kind == ByteKind::kCapital || kind == ByteKind::kUpper) {
      if (at == in_size) return bad();
      letter_case = kind == ByteKind::kCapital ? LetterCase::kCapital : LetterCase::kUpper;
      byte = in[at++];
      kind = alphabet_[byte];
      if (!joined && is_lower(byte)) {  // a spelled word
        const size_t limit = letter_case == LetterCase::kCapital ? 1 : SIZE_MAX;
        size_t done = 0;
        for (--at; at < in_size && done < limit && is_lower(in[at]); ++at, ++done) {
          if (to == out_size) return bad();
          out[to++] = last = in[at] ^ kCaseBit;
        }
        continue;
      }
    }
    uint32_t index = kNoWord;
    if (kind == ByteKind::kSingle) {
      index = single_index_[byte];
    } else if (kind == ByteKind::kLead && at < in_size) {
      index = index_of(byte, in[at++]);
    }
    if (index >= words_.size()) return bad();
    const ListedWord& word = words_[index];
    const size_t wanted = word.length + (space ? size_t{1} : 0);
    if (wanted > out_size - to) return bad();
    if (space) out[to++] = ' ';
    if (out_size - to >= kMaxWordLength) {
      std::memcpy(out + to, word.letters.data(), kMaxWordLength);
    } else {
      std::memcpy(out + to, word.letters.data(), word.length);
    }
    if (letter_case == LetterCase::kCapital) {
      out[to] ^= kCaseBit;
    } else if (letter_case == LetterCase::kUpper) {
      for (size_t i = 0; i < word.length; ++i) out[to + i] ^= kCaseBit;
    }
    to += word.length;
    last = out[to - 1];
  }
  if (to != out_size) return bad();
  return {};
}

}  // namespace pith::text

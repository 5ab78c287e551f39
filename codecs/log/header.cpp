#include "codecs/log/header.h"

#include <algorithm>
#include <unordered_map>

#include "codecs/log/interner.h"

namespace pith::log {
namespace {

// Lines that begin like most others have a header; of those that have its first tokens, so many
// percent must have the next.
constexpr size_t kFirstPercent = 40;
constexpr size_t kNextPercent = 93;
// A word that changes less often than once in so many lines is a value (a month); others may tell
// templates apart.
constexpr size_t kSlowWord = 32;
constexpr size_t kSample = 4096;

// What a token and the delimiters before it look like.
uint64_t look_of(const char* text, const Tokens& tokens, const Line& line, size_t i) {
  const Token& token = tokens.tokens[line.first_token + i];
  const Token* before = i == 0 ? nullptr : &token - 1;
  const uint32_t begin = before == nullptr ? line.begin : before->begin + before->size;
  return mix_hash(hash_bytes(text + begin, token.begin - begin), tokens.word_has_digit[token.word]);
}

}  // namespace

Header find_header(ByteView block, const Tokens& tokens) {
  const char* text = as_text(block).data();
  Header header;
  header.depths.assign(tokens.lines.size(), 0);
  std::vector<uint32_t> with;
  for (uint32_t i = 0; i < tokens.lines.size(); ++i) with.push_back(i);
  for (size_t p = 0; p < kMaxHeader && !with.empty(); ++p) {
    std::unordered_map<uint64_t, size_t> counts;
    const size_t step = std::max<size_t>(1, with.size() / kSample);
    size_t asked = 0;
    for (size_t i = 0; i < with.size(); i += step, ++asked) {
      const Line& line = tokens.lines[with[i]];
      if (line.tokens > p) ++counts[look_of(text, tokens, line, p)];
    }
    const auto most =
        std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
          return a.second != b.second ? a.second < b.second : a.first < b.first;
        });
    const size_t percent = p == 0 ? kFirstPercent : kNextPercent;
    if (counts.empty() || most->second * 100 < asked * percent) break;
    const uint64_t look = most->first;
    size_t kept = 0;
    size_t changes = 0;
    bool digits = false;
    uint32_t last = UINT32_MAX;
    for (const uint32_t i : with) {
      const Line& line = tokens.lines[i];
      if (line.tokens <= p || look_of(text, tokens, line, p) != look) continue;
      ++header.depths[i];
      with[kept++] = i;
      const uint32_t word = tokens.tokens[line.first_token + p].word;
      digits = tokens.word_has_digit[word] != 0;
      if (word != last) ++changes;
      last = word;
    }
    with.resize(kept);
    // What never changes is fixed text.
    header.is_slot[p] = changes > 1 && (digits || changes * kSlowWord < kept);
  }
  return header;
}

}  // namespace pith::log

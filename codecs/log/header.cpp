#include "codecs/log/header.h"

#include <algorithm>
#include <string_view>

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
// More kinds of beginnings are not counted.
constexpr size_t kMaxLooks = 32;

// The delimiters before a token.
std::string_view before(std::string_view text, const Tokens& tokens, const Line& line, size_t i) {
  const Token& token = tokens.tokens[line.first_token + i];
  const uint32_t begin = i == 0 ? line.begin : (&token)[-1].begin + (&token)[-1].size;
  return text.substr(begin, token.begin - begin);
}

bool has_digit(const Tokens& tokens, const Line& line, size_t i) {
  return tokens.word_has_digit[tokens.tokens[line.first_token + i].word] != 0;
}

// What a token and the delimiters before it look like.
struct Look {
  std::string_view delimiters;
  bool digit = false;
  size_t count = 0;

  bool is_of(std::string_view text, const Tokens& tokens, const Line& line, size_t i) const {
    const std::string_view found = before(text, tokens, line, i);
    return found.size() == delimiters.size() && digit == has_digit(tokens, line, i) &&
           (delimiters.size() == 1 ? found[0] == delimiters[0] : found == delimiters);
  }
};

}  // namespace

Header find_header(ByteView block, const Tokens& tokens) {
  const std::string_view text = as_text(block);
  Header header;
  header.depths.assign(tokens.lines.size(), 0);
  std::vector<uint32_t> with;
  for (uint32_t i = 0; i < tokens.lines.size(); ++i) with.push_back(i);
  for (size_t p = 0; p < kMaxHeader && !with.empty(); ++p) {
    std::vector<Look> looks;
    const size_t step = std::max<size_t>(1, with.size() / kSample);
    size_t asked = 0;
    for (size_t i = 0; i < with.size(); i += step, ++asked) {
      const Line& line = tokens.lines[with[i]];
      if (line.tokens <= p) continue;
      const auto known = std::find_if(looks.begin(), looks.end(), [&](const Look& look) {
        return look.is_of(text, tokens, line, p);
      });
      if (known != looks.end()) {
        ++known->count;
      } else if (looks.size() < kMaxLooks) {
        looks.push_back({before(text, tokens, line, p), has_digit(tokens, line, p), 1});
      }
    }
    const auto most = std::max_element(
        looks.begin(), looks.end(), [](const Look& a, const Look& b) { return a.count < b.count; });
    const size_t percent = p == 0 ? kFirstPercent : kNextPercent;
    if (looks.empty() || most->count * 100 < asked * percent) break;
    size_t kept = 0;
    size_t changes = 0;
    bool digits = false;
    uint32_t last = UINT32_MAX;
    for (const uint32_t i : with) {
      const Line& line = tokens.lines[i];
      if (line.tokens <= p || !most->is_of(text, tokens, line, p)) continue;
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

#include "codecs/log/header.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <unordered_map>

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

// What a token and the delimiters before it look like: a number for each kind.
constexpr uint32_t kNone = UINT32_MAX;

class Looks {
 public:
  // Of the tokens at place `p`.
  Looks(std::string_view text, const Tokens& tokens, size_t p) : tokens_(tokens), place_(p) {
    std::unordered_map<std::string_view, uint32_t> numbers;
    of_shapes_.reserve(tokens.shapes.size());
    for (const Shape& shape : tokens.shapes) {
      if (shape.tokens <= p) {
        of_shapes_.push_back(kNone);
        continue;
      }
      const Piece& gap = tokens.gap(shape, p);
      const auto number = static_cast<uint32_t>(numbers.size());
      of_shapes_.push_back(
          numbers.try_emplace(text.substr(gap.begin, gap.size), number).first->second);
    }
    count_ = 2 * numbers.size();
  }

  size_t count() const { return count_; }
  // kNone where the line has no such token.
  uint32_t of(const Line& line) const {
    const uint32_t delimiters = of_shapes_[line.shape];
    return delimiters == kNone ? kNone : delimiters * 2 + tokens_.word_has_digit[word(line)];
  }
  uint32_t word(const Line& line) const { return tokens_.tokens[line.first_token + place_]; }

 private:
  const Tokens& tokens_;
  size_t place_;
  size_t count_ = 0;
  std::vector<uint32_t> of_shapes_;  // twice these, and 1 for a digit, are looks
};

}  // namespace

Header find_header(ByteView block, const Tokens& tokens) {
  Header header;
  header.depths.assign(tokens.lines.size(), 0);
  std::vector<uint32_t> with(tokens.lines.size());
  std::iota(with.begin(), with.end(), 0);
  for (size_t p = 0; p < kMaxHeader && !with.empty(); ++p) {
    const Looks looks(as_text(block), tokens, p);
    std::vector<size_t> counts(looks.count(), 0);
    const size_t step = std::max<size_t>(1, with.size() / kSample);
    size_t asked = 0;
    for (size_t i = 0; i < with.size(); i += step, ++asked) {
      const uint32_t look = looks.of(tokens.lines[with[i]]);
      if (look != kNone) ++counts[look];
    }
    const auto most = std::max_element(counts.begin(), counts.end());
    const size_t percent = p == 0 ? kFirstPercent : kNextPercent;
    if (most == counts.end() || *most == 0 || *most * 100 < asked * percent) break;
    const auto wanted = static_cast<uint32_t>(most - counts.begin());
    size_t kept = 0;
    size_t changes = 0;
    uint32_t last = kNone;
    for (const uint32_t i : with) {
      const Line& line = tokens.lines[i];
      if (looks.of(line) != wanted) continue;
      ++header.depths[i];
      with[kept++] = i;
      const uint32_t word = looks.word(line);
      if (word != last) ++changes;
      last = word;
    }
    with.resize(kept);
    // What never changes is fixed text.
    const bool digits = wanted % 2 != 0;
    header.is_slot[p] = changes > 1 && (digits || changes * kSlowWord < kept);
  }
  return header;
}

}  // namespace pith::log

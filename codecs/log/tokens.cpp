#include "codecs/log/tokens.h"

#include <algorithm>
#include <array>

#include "codecs/log/interner.h"

namespace pith::log {
namespace {

constexpr std::array<bool, 256> kIsDelimiter = [] {
  std::array<bool, 256> table{};
  for (const char c : std::string_view(" \t,;\"'()[]{}<>|=&?\r")) {
    table[static_cast<uint8_t>(c)] = true;
  }
  table[0] = true;
  return table;
}();

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Tokeniser {
 public:
  Tokeniser(ByteView block, Quoted quoted)
      : text_(as_text(block)), words_(text_.data()), size_(text_.size()), quoted_(quoted) {
    out_.tokens.reserve(size_ / 6);
    out_.lines.reserve(size_ / 64);
  }

  Tokens run() {
    size_t at = 0;
    while (at < size_) {
      const void* lf = std::memchr(text_.data() + at, '\n', size_ - at);
      const size_t end =
          lf == nullptr ? size_ : static_cast<size_t>(static_cast<const char*>(lf) - text_.data());
      add_line(at, end);
      at = end + 1;
    }
    out_.ends_with_lf = size_ > 0 && text_.back() == '\n';
    return std::move(out_);
  }

 private:
  void add_line(size_t begin, size_t end) {
    Line line;
    line.begin = static_cast<uint32_t>(begin);
    line.end = static_cast<uint32_t>(end);
    line.first_token = static_cast<uint32_t>(out_.tokens.size());
    if (end - begin > kMaxLineToTokenise || !tokenise(begin, end, line)) {
      out_.tokens.resize(line.first_token);
      line.tokens = 0;
      line.whole = true;
      line.shape = 0;
    }
    out_.lines.push_back(line);
  }

  // ':' right after '"' is one too; `from`: where the delimiters begin.
  static bool is_delimiter(const char* text, size_t from, size_t at) {
    return kIsDelimiter[static_cast<uint8_t>(text[at])] ||
           (text[at] == ':' && at > from && text[at - 1] == '"');
  }

  // The comma of HH:MM:SS,mmm.
  static bool is_in_time(const char* text, size_t start, size_t comma, size_t end) {
    return comma >= start + 8 && comma + 3 < end && text[comma - 3] == ':' &&
           text[comma - 6] == ':' && is_digit(text[comma - 1]) && is_digit(text[comma - 2]) &&
           is_digit(text[comma + 1]) && is_digit(text[comma + 2]) && is_digit(text[comma + 3]);
  }

  // The end of the quoted string that begins at `start`, behind the delimiters from `at` on;
  // `start` if there is none.
  static size_t end_of_quoted(const char* text, size_t at, size_t start, size_t end,
                              size_t& quotes) {
    quotes += static_cast<size_t>(std::count(text + at, text + start, '"'));
    if (quotes % 2 == 0 || start == at || start == end || text[start - 1] != '"') return start;
    const void* quote = std::memchr(text + start, '"', end - start);
    return quote == nullptr ? start : static_cast<size_t>(static_cast<const char*>(quote) - text);
  }

  bool tokenise(size_t begin, size_t end, Line& line) {
    const char* text = text_.data();
    uint64_t shape = 0x13198A2E03707344ULL;
    size_t at = begin;
    size_t quotes = 0;  // before `at`
    hashes_.clear();
    while (true) {
      size_t start = at;
      while (start < end && is_delimiter(text, at, start)) ++start;
      size_t value = start;
      size_t stop = quoted_ == Quoted::kWhole ? end_of_quoted(text, at, start, end, quotes) : start;
      if (stop == start) {
        while (stop < end && (!kIsDelimiter[static_cast<uint8_t>(text[stop])] ||
                              (text[stop] == ',' && is_in_time(text, start, stop, end)))) {
          ++stop;
        }
        // Spaces before a number, beyond the first, pad it.
        if (start < stop && start > at + 1 && is_digit(text[start])) {
          while (value > at + 1 && text[value - 1] == ' ' && text[value - 2] == ' ') --value;
        }
      }
      for (size_t i = at; i < value; i += 8) {
        const size_t left = std::min<size_t>(8, value - i);
        shape = mix_hash(shape, load_up_to_8(text + i, left) + (left << 56));
      }
      shape = mix_hash(shape, 1);
      if (start == end) break;
      if (line.tokens == kMaxTokensOfLine) return false;
      ++line.tokens;
      const auto from = static_cast<uint32_t>(value);
      const auto size = static_cast<uint32_t>(stop - value);
      hashes_.push_back(words_.prepare(from, size));
      out_.tokens.push_back({from, size, 0});
      at = stop;
    }
    line.shape = mix_hash(shape, line.tokens);
    number_words(line);
    return true;
  }

  void number_words(const Line& line) {
    Token* token = out_.tokens.data() + line.first_token;
    for (const uint64_t hash : hashes_) {
      token->word = words_.intern(token->begin, token->size, hash);
      if (token->word == out_.word_has_digit.size()) {
        const std::string_view text = text_.substr(token->begin, token->size);
        out_.word_has_digit.push_back(std::any_of(text.begin(), text.end(), is_digit) ? 1 : 0);
      }
      ++token;
    }
  }

  std::string_view text_;
  Interner words_;
  size_t size_;
  Quoted quoted_;
  std::vector<uint64_t> hashes_;  // of the line's tokens
  Tokens out_;
};

}  // namespace

Tokens tokenise(ByteView block, Quoted quoted) { return Tokeniser(block, quoted).run(); }

}  // namespace pith::log

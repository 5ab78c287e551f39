#include "codecs/log/tokens.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "codecs/log/delimiters.h"
#include "codecs/log/interner.h"

namespace pith::log {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Tokeniser {
 public:
  Tokeniser(ByteView block, Quoted quoted)
      : text_(as_text(block)),
        quoted_(quoted),
        delimiters_(find_delimiters(block)),
        words_(text_.data(), std::bit_ceil(text_.size() / 32 + 1)) {
    out_.tokens.reserve(text_.size() / 6);
    out_.lines.reserve(text_.size() / 64);
  }

  Tokens run() {
    const size_t size = text_.size();
    size_t at = 0;
    while (at < size) {
      const void* lf = std::memchr(text_.data() + at, '\n', size - at);
      const size_t end =
          lf == nullptr ? size : static_cast<size_t>(static_cast<const char*>(lf) - text_.data());
      add_line(at, end);
      at = end + 1;
    }
    out_.ends_with_lf = size > 0 && text_.back() == '\n';
    out_.words.resize(words_.count());
    for (size_t i = 0; i < out_.words.size(); ++i) {
      out_.words[i] = {words_.begin_of(i), words_.size_of(i)};
    }
    return std::move(out_);
  }

 private:
  struct Found {
    Piece text;
    uint64_t hash;
  };

  void add_line(size_t begin, size_t end) {
    Line line;
    line.begin = static_cast<uint32_t>(begin);
    line.end = static_cast<uint32_t>(end);
    line.first_token = static_cast<uint32_t>(out_.tokens.size());
    const bool whole = end - begin > kMaxLineToTokenise || !find_tokens(begin, end);
    if (whole) found_.clear();
    line.shape = shapes_.number_of(whole ? 0 : shape_hash_);
    if (line.shape == out_.shapes.size()) add_shape(line, whole);
    number_words();
    out_.lines.push_back(line);
  }

  void add_shape(const Line& line, bool whole) {
    out_.shapes.push_back(
        {static_cast<uint32_t>(found_.size()), static_cast<uint32_t>(out_.gaps.size()), whole});
    uint32_t at = line.begin;
    for (const Found& token : found_) {
      out_.gaps.push_back({at, token.text.begin - at});
      at = token.text.begin + token.text.size;
    }
    out_.gaps.push_back({at, line.end - at});
  }

  // Where the line's tokens begin and end, by turns. Returns how many places these are.
  size_t find_edges(size_t begin, size_t end) {
    constexpr size_t kBits = 64;
    if (edges_.size() < end - begin + 2) edges_.resize(end - begin + 2);
    uint32_t* out = edges_.data();
    uint64_t before = 1;
    for (size_t at = begin / kBits * kBits; at < end; at += kBits) {
      // What is around the line delimits.
      uint64_t delimiters = delimiters_[at / kBits];
      if (at < begin) delimiters |= ~(~uint64_t{0} << (begin - at));
      if (end - at < kBits) delimiters |= ~uint64_t{0} << (end - at);
      uint64_t changes = delimiters ^ (delimiters << 1 | before);
      before = delimiters >> (kBits - 1);
      for (; changes != 0; changes &= changes - 1) {
        *out++ = static_cast<uint32_t>(at) + static_cast<uint32_t>(std::countr_zero(changes));
      }
    }
    if (before == 0) *out++ = static_cast<uint32_t>(end);
    return static_cast<size_t>(out - edges_.data());
  }

  // The same with each quoted string as one token. Returns how many places are left.
  size_t join_quoted(size_t begin, size_t end, size_t edges) {
    const char* const text = text_.data();
    size_t quotes = 0;
    size_t at = begin;  // behind the last token
    size_t kept = 0;
    for (size_t e = 0; e < edges; e += 2) {
      const size_t start = edges_[e];
      size_t stop = edges_[e + 1];
      quotes += static_cast<size_t>(std::count(text + at, text + start, '"'));
      if (quotes % 2 != 0 && start > at && text[start - 1] == '"') {
        const void* quote = std::memchr(text + start, '"', end - start);
        if (quote != nullptr) stop = static_cast<size_t>(static_cast<const char*>(quote) - text);
        while (e + 2 < edges && edges_[e + 2] < stop) e += 2;
      }
      edges_[kept++] = static_cast<uint32_t>(start);
      edges_[kept++] = static_cast<uint32_t>(stop);
      at = stop;
    }
    return kept;
  }

  // The comma of HH:MM:SS,mmm.
  static bool is_in_time(const char* text, size_t start, size_t comma, size_t end) {
    return comma >= start + 8 && comma + 3 < end && text[comma - 3] == ':' &&
           text[comma - 6] == ':' && is_digit(text[comma - 1]) && is_digit(text[comma - 2]) &&
           is_digit(text[comma + 1]) && is_digit(text[comma + 2]) && is_digit(text[comma + 3]);
  }

  // Sets found_ and shape_hash_; false if there are too many tokens.
  bool find_tokens(size_t begin, size_t end) {
    const char* const text = text_.data();
    size_t edges = find_edges(begin, end);
    if (quoted_ == Quoted::kWhole) edges = join_quoted(begin, end, edges);
    shape_hash_ = 0x13198A2E03707344ULL;
    found_.clear();
    size_t at = begin;
    for (size_t e = 0; e < edges; e += 2) {
      const size_t start = edges_[e];
      while (e + 2 < edges && text[edges_[e + 1]] == ',' &&
             is_in_time(text, start, edges_[e + 1], end)) {
        e += 2;
      }
      const size_t stop = edges_[e + 1];
      // Spaces before a number, beyond the first, pad it.
      size_t value = start;
      if (start > at + 1 && is_digit(text[start])) {
        while (value > at + 1 && text[value - 1] == ' ' && text[value - 2] == ' ') --value;
      }
      if (found_.size() == kMaxTokensOfLine) return false;
      hash_gap(at, value - at);
      const uint64_t hash = hash_word(value, stop - value);
      words_.prepare(hash);
      found_.push_back({{static_cast<uint32_t>(value), static_cast<uint32_t>(stop - value)}, hash});
      at = stop;
    }
    hash_gap(at, end - at);
    shape_hash_ = mix_hash(shape_hash_, found_.size()) | 1;
    return true;
  }

  void hash_gap(size_t begin, size_t size) {
    if (size < 8) {
      shape_hash_ = mix_hash(shape_hash_, first_bytes(begin, size) | uint64_t{size} << 56);
    } else {
      shape_hash_ = mix_hash(shape_hash_, uint64_t{8} << 56 | size);
      shape_hash_ = mix_hash(shape_hash_, hash_bytes(text_.data() + begin, size));
    }
  }

  // At most 8, as a number.
  uint64_t first_bytes(size_t begin, size_t size) const {
    uint64_t bytes = 0;
    if (text_.size() - begin < 8) {
      std::memcpy(&bytes, text_.data() + begin, std::min<size_t>(size, 8));
      return bytes;
    }
    std::memcpy(&bytes, text_.data() + begin, 8);
    return size < 8 ? bytes & ~(~uint64_t{0} << (8 * size)) : bytes;
  }

  // For words of one size of at most 8 bytes no two have the same, as the interner asks for.
  uint64_t hash_word(size_t begin, size_t size) const {
    const uint64_t hash = mix_hash(uint64_t{size} << 32, first_bytes(begin, size));
    return size <= 8 ? hash : hash_rest(hash, text_.data() + begin, size);
  }

  static uint64_t hash_rest(uint64_t hash, const char* word, size_t size) {
    for (size_t done = 8; done + 8 < size; done += 8) {
      hash = mix_hash(hash, load_up_to_8(word + done, 8));
    }
    return mix_hash(hash, load_up_to_8(word + size - 8, 8));
  }

  void number_words() {
    for (const Found& token : found_) words_.prepare_more(token.hash);
    for (const Found& token : found_) {
      const uint32_t word = words_.intern(token.text.begin, token.text.size, token.hash);
      out_.tokens.push_back(word);
      if (word == out_.word_has_digit.size()) {
        const std::string_view text = text_.substr(token.text.begin, token.text.size);
        out_.word_has_digit.push_back(std::any_of(text.begin(), text.end(), is_digit) ? 1 : 0);
      }
    }
  }

  std::string_view text_;
  Quoted quoted_;
  std::vector<uint64_t> delimiters_;
  Interner words_;
  NumberMap shapes_;
  std::vector<uint32_t> edges_;  // of the line's tokens
  std::vector<Found> found_;     // the line's tokens
  uint64_t shape_hash_ = 0;
  Tokens out_;
};

}  // namespace

Tokens tokenise(ByteView block, Quoted quoted) { return Tokeniser(block, quoted).run(); }

}  // namespace pith::log

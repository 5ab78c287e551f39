#include "cli/grep/pattern.h"

#include <algorithm>

#include "base/utf8.h"

namespace pith::grep {
namespace {

// More alternatives than these are worth nothing: a search for each would take longer than one for
// the expression.
constexpr size_t kMaxAlternatives = 32;
constexpr int kMaxRepeat = 1000;  // RE2's own limit
constexpr int kMaxDepth = 100;

const Requirement kNothing{.alternatives = std::vector<std::vector<std::string>>(1)};

// A parsed piece of the expression.
struct Piece {
  std::string re2;
  std::optional<std::string> literal;  // it matches this string and nothing else
  Requirement required = kNothing;
};

Requirement required_of(const std::string& literal) {
  return literal.empty() ? kNothing : Requirement{{{literal}}};
}

Requirement both(const Requirement& a, const Requirement& b) {
  if (!a.says_something()) return b;
  if (!b.says_something()) return a;
  if (a.alternatives.size() * b.alternatives.size() > kMaxAlternatives) {
    return a.alternatives.size() <= b.alternatives.size() ? a : b;
  }
  Requirement all;
  for (const auto& x : a.alternatives) {
    for (const auto& y : b.alternatives) {
      all.alternatives.push_back(x);
      auto& strings = all.alternatives.back();
      strings.insert(strings.end(), y.begin(), y.end());
    }
  }
  return all;
}

Requirement either_of(const Requirement& a, const Requirement& b) {
  Requirement all = a;
  all.alternatives.insert(all.alternatives.end(), b.alternatives.begin(), b.alternatives.end());
  const bool useful = all.says_something() && all.alternatives.size() <= kMaxAlternatives;
  return useful ? all : kNothing;
}

std::string quoted(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\.[]()*+?{}|^$").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

// Recursive descent; `failed_` is set at the first thing whose meaning is not plainly the same in
// both syntaxes and in RE2.
class Parser {
 public:
  Parser(std::string_view text, bool extended, bool utf8)
      : text_(text), extended_(extended), utf8_(utf8) {}

  Pattern parse() {
    Piece piece = alternation(0);
    Pattern pattern;
    pattern.required = kNothing;
    if (failed_ || at_ != text_.size()) return pattern;
    pattern.re2 = std::move(piece.re2);
    pattern.ascii_only = ascii_only_;
    pattern.required = std::move(piece.required);
    pattern.literal = std::move(piece.literal);
    return pattern;
  }

 private:
  bool looking_at(std::string_view token) const { return text_.substr(at_).starts_with(token); }
  bool take(std::string_view token) {
    if (!looking_at(token)) return false;
    at_ += token.size();
    return true;
  }
  std::string_view open() const { return extended_ ? "(" : "\\("; }
  std::string_view close() const { return extended_ ? ")" : "\\)"; }
  std::string_view bar() const { return extended_ ? "|" : "\\|"; }
  bool at_end() const { return at_ == text_.size() || looking_at(bar()) || looking_at(close()); }
  Piece fail() {
    failed_ = true;
    return {};
  }

  Piece alternation(int depth) {
    if (depth > kMaxDepth) return fail();
    Piece whole = sequence(depth);
    while (!failed_ && take(bar())) {
      Piece next = sequence(depth);
      whole.re2 += "|" + next.re2;
      whole.required = either_of(whole.required, next.required);
      whole.literal.reset();
    }
    return whole;
  }

  Piece sequence(int depth) {
    Piece whole{.re2 = "", .literal = "", .required = kNothing};
    std::string run;  // literals that stand side by side
    const size_t start = at_;
    while (!failed_ && !at_end()) {
      const Piece next = repeated(depth, start);
      whole.re2 += next.re2;
      if (next.literal) {
        run += *next.literal;
      } else {
        whole.required = both(both(whole.required, required_of(run)), next.required);
        run.clear();
        whole.literal.reset();
      }
    }
    if (whole.literal) whole.literal = run;
    whole.required = both(whole.required, required_of(run));
    return whole;
  }

  Piece repeated(int depth, size_t start) {
    const size_t before = at_;
    Piece piece = atom(depth, start);
    const bool is_anchor = piece.re2 == "^" || piece.re2 == "$";
    while (!failed_) {
      int low = 0;
      int high = -1;
      if (!take_repeat(low, high)) return piece;
      // Repeated anchors, and repeats of repeats, are told apart by nobody the same way.
      if (is_anchor || failed_ || before == at_) return fail();
      const bool whole =
          piece.re2.size() == 1 || piece.re2.starts_with("[") ||
          (piece.re2.starts_with("(") && piece.re2.ends_with(")")) ||
          (piece.literal && utf8_sequence_size(*piece.literal) == piece.literal->size());
      piece.re2 = (whole ? piece.re2 : "(" + piece.re2 + ")") + "{" + std::to_string(low) + "," +
                  (high < 0 ? "" : std::to_string(high)) + "}";
      if (low == 0) {
        piece.required = kNothing;
      } else if (piece.literal) {
        piece.required = required_of(*piece.literal);
      }
      piece.literal.reset();
      piece.re2 = "(" + piece.re2 + ")";
    }
    return piece;
  }

  // A repetition operator. False if there is none.
  bool take_repeat(int& low, int& high) {
    if (take("*")) return true;
    if (take(extended_ ? "+" : "\\+")) {
      low = 1;
      return true;
    }
    if (take(extended_ ? "?" : "\\?")) {
      high = 1;
      return true;
    }
    if (!take(extended_ ? "{" : "\\{")) return false;
    const auto number = [&](int& value) {
      const size_t from = at_;
      value = 0;
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9' && value <= kMaxRepeat) {
        value = value * 10 + (text_[at_++] - '0');
      }
      return at_ > from && value <= kMaxRepeat;
    };
    bool good = number(low);
    high = low;
    if (good && take(",")) {
      high = -1;
      if (!looking_at(extended_ ? "}" : "\\}")) good = number(high) && high >= low;
    }
    if (!good || !take(extended_ ? "}" : "\\}")) failed_ = true;
    return true;
  }

  Piece literal(std::string_view bytes) {
    return {.re2 = quoted(bytes), .literal = std::string(bytes), .required = kNothing};
  }
  static Piece special(std::string re2) {
    return {.re2 = std::move(re2), .literal = std::nullopt, .required = kNothing};
  }

  Piece atom(int depth, size_t start) {
    if (take(open())) {
      Piece inner = alternation(depth + 1);
      if (failed_ || !take(close())) return fail();
      inner.re2 = "(" + inner.re2 + ")";
      if (inner.literal) {
        inner.required = required_of(*inner.literal);
        inner.literal.reset();
      }
      return inner;
    }
    const char c = text_[at_];
    switch (c) {
      case '.':
        ++at_;
        return special(".");
      case '[':
        return set();
      case '\\':
        return escaped();
      case '^':
        ++at_;
        if (extended_ || at_ - 1 == start) return special("^");
        return literal("^");
      case '$':
        ++at_;
        if (extended_ || at_end()) return special("$");
        return literal("$");
      case '*':
        // The basic syntax takes it for itself at the beginning; the extended one is not sure.
        if (extended_ || at_ != start) return fail();
        ++at_;
        return literal("*");
      case '+':
      case '?':
      case '{':
      case '|':
      case '(':
      case ')':
        if (extended_) return fail();
        break;
      default:
        break;
    }
    return character();
  }

  // One character of the text.
  Piece character() {
    size_t size = 1;
    if (static_cast<unsigned char>(text_[at_]) >= 0x80) {
      if (!utf8_) return fail();  // left to the C library: RE2 would see Latin-1
      size = utf8_sequence_size(text_.substr(at_));
      if (size == 0) return fail();
    }
    at_ += size;
    return literal(text_.substr(at_ - size, size));
  }

  Piece escaped() {
    if (at_ + 1 == text_.size()) return fail();
    const char c = text_[at_ + 1];
    at_ += 2;
    switch (c) {
      case 'w':
        ascii_only_ = true;
        return special("[0-9A-Za-z_]");
      case 'W':
        ascii_only_ = true;
        return special("[^0-9A-Za-z_\\n]");
      case 's':
        ascii_only_ = true;
        return special("[ \\t\\v\\f\\r]");
      case 'S':
        ascii_only_ = true;
        return special("[^ \\t\\v\\f\\r\\n]");
      default:
        break;
    }
    if (std::string_view(".[]*^$\\/-\"'").find(c) == std::string_view::npos &&
        !(extended_ && std::string_view("()+?{}|").find(c) != std::string_view::npos)) {
      return fail();  // back-references, edges of words, and what has no meaning
    }
    return literal(std::string_view(&c, 1));
  }

  // [...]
  Piece set() {
    ++at_;
    const bool negated = take("^");
    std::string re2 = negated ? "[^\\n" : "[";
    bool first = true;
    while (at_ < text_.size() && (first || text_[at_] != ']')) {
      first = false;
      if (looking_at("[.") || looking_at("[=")) return fail();
      if (take("[:")) {
        const size_t end = text_.find(":]", at_);
        if (end == std::string_view::npos) return fail();
        const std::string_view name = text_.substr(at_, end - at_);
        static constexpr std::string_view kNames[] = {"alpha", "digit", "alnum", "upper",
                                                      "lower", "space", "blank", "punct",
                                                      "print", "graph", "cntrl", "xdigit"};
        if (std::find(std::begin(kNames), std::end(kNames), name) == std::end(kNames)) {
          return fail();
        }
        ascii_only_ = true;
        re2 += "[:" + std::string(name) + ":]";
        at_ = end + 2;
        continue;
      }
      std::string_view low;
      if (!one_of_set(low)) return fail();
      re2 += in_set(low);
      if (looking_at("-") && !looking_at("-]") && at_ + 1 < text_.size()) {
        ++at_;
        std::string_view high;
        if (looking_at("[") || !one_of_set(high)) return fail();
        if (low.size() != 1 || high.size() != 1 || low[0] > high[0]) return fail();
        re2 += "-" + in_set(high);
      }
    }
    if (!take("]")) return fail();
    return special(re2 + "]");
  }
  bool one_of_set(std::string_view& found) {
    size_t size = 1;
    if (static_cast<unsigned char>(text_[at_]) >= 0x80) {
      size = utf8_ ? utf8_sequence_size(text_.substr(at_)) : 0;
    }
    found = text_.substr(at_, size);
    at_ += size;
    return size != 0;
  }
  static std::string in_set(std::string_view c) {
    const bool special = std::string_view("\\[]^-").find(c) != std::string_view::npos;
    return (special ? "\\" : "") + std::string(c);
  }

  std::string_view text_;
  bool extended_;
  bool utf8_;
  size_t at_ = 0;
  bool failed_ = false;
  bool ascii_only_ = false;
};

}  // namespace

bool Requirement::says_something() const {
  return std::none_of(alternatives.begin(), alternatives.end(),
                      [](const auto& strings) { return strings.empty(); });
}

Pattern parse_pattern(std::string_view text, Syntax syntax, bool utf8) {
  if (syntax != Syntax::kFixed) return Parser(text, syntax == Syntax::kExtended, utf8).parse();
  Pattern pattern;
  pattern.literal = std::string(text);
  pattern.required = required_of(*pattern.literal);
  bool plain = true;
  for (size_t at = 0; at < text.size();) {
    const size_t size = static_cast<unsigned char>(text[at]) < 0x80 ? 1
                        : utf8 ? utf8_sequence_size(text.substr(at))
                               : 0;
    plain = plain && size != 0;
    at += std::max<size_t>(size, 1);
  }
  if (plain) pattern.re2 = quoted(text);
  return pattern;
}

Requirement either(const std::vector<Pattern>& patterns) {
  Requirement all;
  for (const Pattern& pattern : patterns) all = either_of(all, pattern.required);
  return all;
}

}  // namespace pith::grep

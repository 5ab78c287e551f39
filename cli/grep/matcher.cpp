#include "cli/grep/matcher.h"

#include <re2/re2.h>
#include <regex.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <vector>

#include "base/utf8.h"

namespace pith::grep {
namespace {

constexpr int64_t kRe2Memory = 64 << 20;

size_t find_string(std::string_view text, std::string_view what, size_t from) {
  if (from > text.size()) return std::string_view::npos;
  const void* found = ::memmem(text.data() + from, text.size() - from, what.data(), what.size());
  return found == nullptr ? std::string_view::npos
                          : static_cast<size_t>(static_cast<const char*>(found) - text.data());
}

Span line_around(std::string_view text, size_t at) {
  const size_t before = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  const size_t end = text.find('\n', at);
  return {before == std::string_view::npos ? 0 : before + 1,
          end == std::string_view::npos ? text.size() : end};
}

// One pattern in the C library. GNU's own interface takes a text with its length.
class LibraryPattern {
 public:
  static Result<std::unique_ptr<LibraryPattern>> make(const std::string& text,
                                                      const GrepOptions& options) {
    auto made = std::unique_ptr<LibraryPattern>(new LibraryPattern);
    reg_syntax_t syntax = options.syntax == Syntax::kExtended ? RE_SYNTAX_EGREP : RE_SYNTAX_GREP;
    if (options.ignore_case) syntax |= RE_ICASE;
    std::string expression = text;
    if (options.syntax == Syntax::kFixed) {
      expression.clear();
      for (const char c : text) {
        if (std::string_view("\\.[]*^$").find(c) != std::string_view::npos) expression += '\\';
        expression += c;
      }
    }
    re_set_syntax(syntax);
    if (const char* wrong =
            re_compile_pattern(expression.data(), expression.size(), &made->buffer_)) {
      return fail(ErrorCode::kUsage, wrong);
    }
    made->buffer_.newline_anchor = 1;
    return made;
  }
  LibraryPattern(const LibraryPattern&) = delete;
  ~LibraryPattern() { regfree(&buffer_); }

  // The leftmost longest match that begins at `from` or behind it.
  std::optional<Span> search(std::string_view line, size_t from) {
    re_registers registers{};
    registers.num_regs = 0;
    const auto size = static_cast<regoff_t>(line.size());
    const auto start = static_cast<regoff_t>(from);
    const auto at = re_search(&buffer_, line.data(), size, start, size - start, &registers);
    std::optional<Span> found;
    if (at >= 0) {
      found = Span{static_cast<size_t>(registers.start[0]), static_cast<size_t>(registers.end[0])};
    }
    ::free(registers.start);
    ::free(registers.end);
    buffer_.regs_allocated = REGS_UNALLOCATED;
    return found;
  }
  // The length of the longest match that begins at `from` and ends at `limit` at most.
  std::optional<size_t> match(std::string_view line, size_t from, size_t limit) {
    const auto size = re_match(&buffer_, line.data(), static_cast<regoff_t>(limit),
                               static_cast<regoff_t>(from), nullptr);
    if (size < 0) return std::nullopt;
    return static_cast<size_t>(size);
  }

 private:
  LibraryPattern() = default;
  re_pattern_buffer buffer_{};
};

// A character that may stand in a word, which ends at (or begins at) `at`.
bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '_' || std::isalnum(byte) != 0;
}

bool word_before(std::string_view line, size_t at, bool utf8) {
  if (at == 0) return false;
  if (!utf8 || static_cast<unsigned char>(line[at - 1]) < 0x80) return is_word_byte(line[at - 1]);
  size_t begin = at - 1;
  while (begin > 0 && at - begin < 4 && (static_cast<unsigned char>(line[begin]) & 0xC0) == 0x80) {
    --begin;
  }
  wchar_t wide = 0;
  std::mbstate_t state{};
  const size_t size = std::mbrtowc(&wide, line.data() + begin, at - begin, &state);
  return size == at - begin && std::iswalnum(static_cast<wint_t>(wide)) != 0;
}

bool word_behind(std::string_view line, size_t at, bool utf8) {
  if (at >= line.size()) return false;
  if (!utf8 || static_cast<unsigned char>(line[at]) < 0x80) return is_word_byte(line[at]);
  wchar_t wide = 0;
  std::mbstate_t state{};
  const size_t size = std::mbrtowc(&wide, line.data() + at, line.size() - at, &state);
  return size != 0 && size <= line.size() - at && std::iswalnum(static_cast<wint_t>(wide)) != 0;
}

}  // namespace

Text::Text(std::string_view lines) : bytes(lines) {
  unsigned char all = 0;
  for (const char c : lines) all = static_cast<unsigned char>(all | static_cast<unsigned char>(c));
  is_ascii = all < 0x80;
}

class Matcher::Parts {
 public:
  Parts(const GrepOptions& options, bool utf8) : options_(options), utf8_(utf8) {}

  Result<void> build() {
    std::vector<Pattern> parsed;
    for (const std::string& text : options_.patterns) {
      PITH_ASSIGN(auto compiled, LibraryPattern::make(text, options_));
      library_.push_back(std::move(compiled));
      parsed.push_back(parse_pattern(text, options_.syntax, utf8_));
    }
    required_ = either(parsed);
    if (options_.ignore_case) fold(required_);
    required_is_exact_ = !options_.whole_words && !options_.whole_lines &&
                         std::all_of(parsed.begin(), parsed.end(), [](const Pattern& pattern) {
                           return pattern.literal && pattern.re2;
                         });
    choose(parsed);
    return {};
  }

  std::optional<Span> next_line(const Text& text, size_t from) const {
    if (library_.empty()) return std::nullopt;
    if (!search_.empty()) return next_with_string(text.bytes, from);
    if (re2_ != nullptr && (!re2_ascii_only_ || text.is_ascii)) {
      return next_by_re2(text.bytes, from);
    }
    while (from < text.bytes.size()) {
      const Span line = line_around(text.bytes, from);
      if (matches(text.bytes.substr(line.begin, line.end - line.begin))) return line;
      from = line.end + 1;
    }
    return std::nullopt;
  }

  std::optional<Span> next_match(std::string_view line, size_t from) const {
    std::optional<Span> best;
    for (const auto& pattern : library_) {
      const auto found = options_.whole_lines   ? whole_line(*pattern, line, from)
                         : options_.whole_words ? whole_word(*pattern, line, from)
                                                : not_empty(*pattern, line, from);
      if (found && (!best || found->begin < best->begin ||
                    (found->begin == best->begin && found->end > best->end))) {
        best = found;
      }
    }
    return best;
  }

  const Requirement& required() const { return required_; }
  bool is_required_exact() const { return required_is_exact_; }
  bool folds_case() const { return options_.ignore_case; }

 private:
  static void fold(Requirement& required) {
    for (auto& strings : required.alternatives) {
      for (std::string& string : strings) {
        for (char& c : string) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      }
    }
  }

  // How lines are looked for: by a string, by RE2, or by the C library alone.
  void choose(const std::vector<Pattern>& parsed) {
    if (!options_.ignore_case && required_.alternatives.size() == 1 &&
        !required_.alternatives[0].empty()) {
      const auto& strings = required_.alternatives[0];
      search_ = *std::max_element(strings.begin(), strings.end(),
                                  [](const auto& a, const auto& b) { return a.size() < b.size(); });
      // A string that is valid UTF-8 stands nowhere but between characters.
      string_is_all_ = parsed.size() == 1 && parsed[0].literal == search_ && parsed[0].re2 &&
                       !options_.whole_words && !options_.whole_lines;
    }
    std::string all;
    for (const Pattern& pattern : parsed) {
      if (!pattern.re2) return;
      all += (all.empty() ? "(" : "|(") + *pattern.re2 + ")";
      re2_ascii_only_ = re2_ascii_only_ || pattern.ascii_only;
    }
    if (all.empty()) return;
    if (options_.whole_lines) {
      all = "^(" + all + ")$";
    } else if (options_.whole_words) {
      all = "(^|[^0-9A-Za-z_\\n])(" + all + ")($|[^0-9A-Za-z_\\n])";
      re2_ascii_only_ = true;
    }
    RE2::Options re2;
    re2.set_posix_syntax(true);
    re2.set_longest_match(true);
    re2.set_never_nl(true);
    re2.set_one_line(false);
    re2.set_log_errors(false);
    re2.set_case_sensitive(!options_.ignore_case);
    re2.set_encoding(utf8_ ? RE2::Options::EncodingUTF8 : RE2::Options::EncodingLatin1);
    re2.set_max_mem(kRe2Memory);
    auto compiled = std::make_unique<RE2>(all, re2);
    if (compiled->ok()) re2_ = std::move(compiled);
  }

  std::optional<Span> next_with_string(std::string_view text, size_t from) const {
    while (true) {
      const size_t at = find_string(text, search_, from);
      if (at == std::string_view::npos) return std::nullopt;
      const Span line = line_around(text, at);
      if (string_is_all_ || matches(text.substr(line.begin, line.end - line.begin))) return line;
      from = line.end + 1;
    }
  }

  std::optional<Span> next_by_re2(std::string_view text, size_t from) const {
    re2::StringPiece found;
    const re2::StringPiece whole(text.data(), text.size());
    if (from >= text.size() || !re2_->Match(whole, from, text.size(), RE2::UNANCHORED, &found, 1)) {
      return std::nullopt;
    }
    const auto at = static_cast<size_t>(found.data() - text.data());
    // Behind the last end of line there is no line, though an empty match is found there.
    if (at == text.size() && text.back() == '\n') return std::nullopt;
    return line_around(text, at);
  }

  bool matches(std::string_view line) const {
    if (re2_ != nullptr && (!re2_ascii_only_ || Text(line).is_ascii)) {
      return re2_->Match({line.data(), line.size()}, 0, line.size(), RE2::UNANCHORED, nullptr, 0);
    }
    return std::any_of(library_.begin(), library_.end(), [&](const auto& pattern) {
      if (options_.whole_lines) return pattern->match(line, 0, line.size()) == line.size();
      if (options_.whole_words) return whole_word(*pattern, line, 0, true).has_value();
      return pattern->search(line, 0).has_value();
    });
  }

  static std::optional<Span> not_empty(LibraryPattern& pattern, std::string_view line,
                                       size_t from) {
    while (from <= line.size()) {
      const auto found = pattern.search(line, from);
      if (!found || found->end > found->begin) return found;
      from = found->end + 1;
    }
    return std::nullopt;
  }

  static std::optional<Span> whole_line(LibraryPattern& pattern, std::string_view line,
                                        size_t from) {
    if (from != 0 || line.empty()) return std::nullopt;
    if (pattern.match(line, 0, line.size()) != line.size()) return std::nullopt;
    return Span{0, line.size()};
  }

  // As grep does it: the longest match at a place; if words go on around it, shorter ones, then
  // the next place.
  std::optional<Span> whole_word(LibraryPattern& pattern, std::string_view line, size_t from,
                                 bool may_be_empty = false) const {
    while (from <= line.size()) {
      const auto found = pattern.search(line, from);
      if (!found) return std::nullopt;
      size_t end = found->end;
      while (true) {
        if (!word_before(line, found->begin, utf8_) && !word_behind(line, end, utf8_) &&
            (may_be_empty || end > found->begin)) {
          return Span{found->begin, end};
        }
        if (end == found->begin) break;
        const auto shorter = pattern.match(line, found->begin, end - 1);
        if (!shorter) break;
        end = found->begin + *shorter;
      }
      from = found->begin + 1;
      while (utf8_ && from < line.size() &&
             (static_cast<unsigned char>(line[from]) & 0xC0) == 0x80) {
        ++from;  // not into a character
      }
    }
    return std::nullopt;
  }

  const GrepOptions& options_;
  bool utf8_;
  std::vector<std::unique_ptr<LibraryPattern>> library_;
  std::unique_ptr<RE2> re2_;
  bool re2_ascii_only_ = false;
  Requirement required_;
  bool required_is_exact_ = false;
  std::string search_;          // every line with a match holds it; empty: nothing is known
  bool string_is_all_ = false;  // and every line that holds it matches
};

Matcher::Matcher(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Matcher::Matcher(Matcher&&) noexcept = default;
Matcher::~Matcher() = default;

Result<Matcher> Matcher::make(const GrepOptions& options, bool utf8) {
  auto parts = std::make_unique<Parts>(options, utf8);
  PITH_TRY(parts->build());
  return Matcher(std::move(parts));
}

std::optional<Span> Matcher::next_line(const Text& text, size_t from) const {
  return parts_->next_line(text, from);
}

std::optional<Span> Matcher::next_match(std::string_view line, size_t from) const {
  return parts_->next_match(line, from);
}

const Requirement& Matcher::required() const { return parts_->required(); }
bool Matcher::is_required_exact() const { return parts_->is_required_exact(); }
bool Matcher::folds_case() const { return parts_->folds_case(); }

}  // namespace pith::grep

// Finds the lines of a text that match. The meaning of the patterns is that of GNU's regular
// expressions in the C library; where RE2 gives the same answer it is asked, because it is much
// faster, and where a string must stand in the line, that is looked for first.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "cli/grep/options.h"

namespace pith::grep {

// A part of a text, [begin, end).
struct Span {
  size_t begin = 0;
  size_t end = 0;

  bool operator==(const Span&) const = default;
};

// A row of lines that end with '\n' (the last one may lack it).
struct Text {
  explicit Text(std::string_view lines);

  std::string_view bytes;
  bool is_ascii;
};

class Matcher {
 public:
  // `utf8`: the locale's encoding is UTF-8, else single bytes. kUsage for a pattern that is wrong.
  static Result<Matcher> make(const GrepOptions& options, bool utf8);
  Matcher(Matcher&&) noexcept;
  ~Matcher();

  // The first line that begins at `from`, where a line begins, or behind it and matches; without
  // its end.
  std::optional<Span> next_line(const Text& text, size_t from) const;

  // The first match in a line at `from` or behind it; the longest that begins there. Not empty.
  std::optional<Span> next_match(std::string_view line, size_t from) const;

  // What a line with a match must hold. With `folds_case` upper and lower case are the same;
  // beyond ASCII that says nothing.
  const Requirement& required() const;
  // True if a line that holds one of the required strings has a match.
  bool is_required_exact() const;
  bool folds_case() const;

 private:
  class Parts;
  explicit Matcher(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace pith::grep

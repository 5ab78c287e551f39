// A pattern of grep: a POSIX basic or extended regular expression with GNU's extensions (grep(1),
// "REGULAR EXPRESSIONS"), or a fixed string. From it come the same expression for RE2, where it has
// the same meaning there, and the strings that every line with a match must hold.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pith::grep {

enum class Syntax { kBasic, kExtended, kFixed };

// What a line with a match must hold: all strings of one of the alternatives. An alternative
// without strings says nothing; without alternatives nothing matches.
struct Requirement {
  std::vector<std::vector<std::string>> alternatives;

  // True if there is a string in every alternative.
  bool says_something() const;
};

struct Pattern {
  // For RE2 with longest match and one_line off; nothing if the pattern's meaning may differ there.
  std::optional<std::string> re2;
  // RE2's meaning is the same in ASCII text only: the pattern has classes or words in it.
  bool ascii_only = false;
  Requirement required;
  // The pattern is this string and nothing else.
  std::optional<std::string> literal;
};

// Any text is accepted; an expression that is wrong or unusual has neither `re2` nor requirements
// that say something. `utf8`: the text is UTF-8, else single bytes.
Pattern parse_pattern(std::string_view text, Syntax syntax, bool utf8);

// What a line must hold that matches one of the patterns.
Requirement either(const std::vector<Pattern>& patterns);

}  // namespace pith::grep

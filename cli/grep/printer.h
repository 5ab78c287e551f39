// Writes selected lines as grep does: names, numbers, colours, context and the marks between
// groups.
#pragma once

#include <string>
#include <string_view>

#include "base/sink.h"
#include "cli/grep/matcher.h"

namespace pith::grep {

// The colours of grep's output, by the names of GREP_COLORS (grep(1), "ENVIRONMENT").
struct Colors {
  std::string match_selected = "01;31";
  std::string match_context = "01;31";
  std::string selected_line;
  std::string context_line;
  std::string file_name = "35";
  std::string line_number = "32";
  std::string separator = "36";
  bool swap_for_inverted = false;  // rv

  // The defaults, changed by what GREP_COLORS says.
  static Colors from_environment();
};

class Printer {
 public:
  Printer(const GrepOptions& options, const Matcher& matcher, bool with_names, Sink& sink)
      : options_(options),
        matcher_(matcher),
        colors_(options.color ? Colors::from_environment() : Colors()),
        with_names_(with_names),
        sink_(sink) {}

  // A line, without its end. `number` counts from 1.
  Result<void> line(std::string_view file, std::string_view text, uint64_t number, bool selected);
  // The mark between lines that do not follow each other.
  Result<void> gap();
  Result<void> count(std::string_view file, uint64_t lines);
  Result<void> name(std::string_view file);
  // True if a line was printed, of whatever file.
  bool has_printed() const { return has_printed_; }
  // Hands over what is held back.
  Result<void> flush();

 private:
  void colored(std::string_view color, std::string_view text);
  void head(std::string_view file, uint64_t number, char separator);
  void with_matches(std::string_view text, bool selected, std::string_view match_color);
  Result<void> spill();

  const GrepOptions& options_;
  const Matcher& matcher_;
  Colors colors_;
  bool with_names_;
  Sink& sink_;
  std::string out_;
  bool has_printed_ = false;
};

}  // namespace pith::grep

// The search in one file, whose bytes arrive in pieces: selects lines, counts them, and prints what
// the options ask for.
#pragma once

#include <deque>
#include <string>

#include "cli/grep/printer.h"

namespace pith::grep {

class FileSearch {
 public:
  // `utf8`: the locale's encoding; lines that are none of it make a file binary.
  FileSearch(const GrepOptions& options, const Matcher& matcher, Printer& printer, std::string file,
             bool utf8);

  // The next bytes of the file.
  Result<void> feed(std::string_view bytes);
  // After the last bytes: prints counts and names.
  Result<void> finish();

  // Lines that need not be fed: none is selected but `selected` of them, which are not printed.
  // They are whole, the last one of the file perhaps without its end.
  void pass(uint64_t bytes, uint64_t lines, uint64_t selected);
  // True if what comes next begins a line.
  bool is_at_line_start() const { return partial_.empty(); }
  // True if the next lines are printed even if they are not selected.
  bool wants_context() const { return after_left_ > 0; }
  // The last lines of what was passed, in case they are context of what follows.
  void remember(std::string_view lines);

  // True if the rest of the file changes nothing.
  bool is_done() const { return done_; }
  uint64_t selected() const { return selected_; }
  // Lines were selected that are not shown, because the file is not text.
  bool is_binary_match() const { return binary_match_; }

 private:
  struct Line {
    std::string text;
    uint64_t number;
  };

  Result<void> feed_lines(std::string_view bytes);
  Result<void> search(std::string_view lines);
  Result<void> select_all(std::string_view lines, size_t from, size_t to);
  Result<void> select(std::string_view lines, Span line);
  Result<void> pass_over(std::string_view lines, size_t from, size_t to);
  Result<void> print_selected(std::string_view lines, Span line);
  Result<void> print_before(std::string_view lines, size_t until);
  Result<void> print(std::string_view text, uint64_t number, bool selected);
  void keep_last_lines(std::string_view lines, size_t until);
  // True if lines are printed whose numbers matter.
  bool numbered() const {
    return options_.prints_lines() && (options_.line_numbers || options_.has_context);
  }
  uint64_t number_at(std::string_view lines, size_t at);

  const GrepOptions& options_;
  const Matcher& matcher_;
  Printer& printer_;
  std::string file_;
  bool utf8_;

  uint64_t offset_ = 0;  // bytes that were fed
  std::string partial_;  // the beginning of a line whose end has not come
  bool binary_ = false;
  bool binary_match_ = false;
  bool done_ = false;

  uint64_t selected_ = 0;
  uint64_t after_left_ = 0;  // lines to print as context
  bool stopping_ = false;    // the last selected line has been: only context may follow

  // Numbers of lines, counted no further than they are asked for.
  uint64_t lines_before_ = 0;  // lines in front of counted_to_
  size_t counted_to_ = 0;      // in the current piece

  std::deque<Line> before_;    // last lines of earlier pieces that are not printed
  size_t unprinted_from_ = 0;  // lines of the current piece from here on are not printed
  uint64_t last_printed_ = 0;  // number of the last line that was printed; 0: none yet
};

}  // namespace pith::grep

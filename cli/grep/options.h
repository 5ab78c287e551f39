// The command line of pith grep: the options of grep(1) that matter for compressed files, with the
// same meaning.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/grep/pattern.h"

namespace pith::grep {

struct GrepOptions {
  std::vector<std::string> patterns;  // a line matches if one of them does
  Syntax syntax = Syntax::kBasic;
  bool ignore_case = false;
  bool invert = false;
  bool whole_words = false;
  bool whole_lines = false;

  std::vector<std::string> files;  // "-": standard input

  bool count = false;
  bool only_matching = false;
  bool line_numbers = false;
  bool names_of_matching = false;      // -l
  bool names_of_not_matching = false;  // -L
  bool quiet = false;
  bool no_messages = false;  // -s
  bool text = false;         // -a: no file is binary
  std::optional<bool> with_names;
  uint64_t max_count = UINT64_MAX;
  uint64_t before = 0;
  uint64_t after = 0;
  bool has_context = false;  // -A, -B or -C was given, if only with 0
  bool color = false;
  std::string label = "(standard input)";

  std::optional<unsigned> threads;
  std::optional<uint64_t> memory_limit;

  bool prints_lines() const {
    return !count && !names_of_matching && !names_of_not_matching && !quiet;
  }
};

// Options, or the exit status after --help or an error (a message was printed).
std::variant<GrepOptions, int> parse_grep_options(int argc, char** argv);

}  // namespace pith::grep

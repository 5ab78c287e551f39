#include "cli/grep/options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <fstream>
#include <iostream>
#include <iterator>

#include "cli/arguments.h"
#include "cli/options.h"

namespace pith::grep {
namespace {

constexpr int kTrouble = 2;  // grep's exit status for errors

[[noreturn]] void reject(const std::string& message) {
  throw CLI::ValidationError(message, CLI::ExitCodes::ValidationError);
}

uint64_t number_of(const std::string& text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    reject(fmt::format("'{}' is not a number", text));
  }
  return value;
}

// A list of patterns, one a line.
void add_patterns(GrepOptions& options, const std::string& text) {
  size_t at = 0;
  while (true) {
    const size_t end = text.find('\n', at);
    options.patterns.push_back(text.substr(at, end - at));
    if (end == std::string::npos) return;
    at = end + 1;
  }
}

void read_patterns(GrepOptions& options, const std::string& path) {
  std::string text;
  if (path == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
  } else {
    std::ifstream file(path, std::ios::binary);
    if (!file) reject(fmt::format("{}: cannot be read", path));
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  if (text.empty()) return;  // no patterns: nothing matches
  if (text.back() == '\n') text.pop_back();
  add_patterns(options, text);
}

void set_color(GrepOptions& options, const std::string& when) {
  if (when == "always" || when == "yes" || when == "force") {
    options.color = true;
  } else if (when == "never" || when == "no" || when == "none") {
    options.color = false;
  } else if (when.empty() || when == "auto" || when == "tty" || when == "if-tty") {
    const char* terminal = std::getenv("TERM");
    const char* refused = std::getenv("NO_COLOR");
    options.color = ::isatty(STDOUT_FILENO) != 0 && terminal != nullptr &&
                    std::string_view(terminal) != "dumb" &&
                    (refused == nullptr || *refused == '\0');
  } else {
    reject("color is never, always or auto");
  }
}

class Formatter : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App*, std::string) const override {
    return "Usage: pith grep [OPTION]... PATTERN [FILE]...\n";
  }
};

// Everything the options say, in the order of the command line.
struct Parsed {
  GrepOptions options;
  std::vector<std::string> words;  // the pattern, unless -e or -f gave one, and files
  bool has_patterns = false;
  std::optional<uint64_t> context;
  std::optional<uint64_t> before;
  std::optional<uint64_t> after;
};

void add_options(CLI::App& app, Parsed& p) {
  GrepOptions& o = p.options;
  const auto flag = [&](const char* names, const char* help, auto apply) {
    app.add_flag_function(
           names, [apply](int64_t) { apply(); }, help)
        ->trigger_on_parse()
        ->disable_flag_override();
  };
  const auto value = [&](const char* names, const char* type, const char* help, auto apply,
                         int least = 1) {
    app.add_option_function<std::string>(
           names, [apply](const std::string& v) { apply(cli::unmarked(v)); }, help)
        ->type_name(type)
        ->trigger_on_parse()
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->expected(least, 1);
  };
  flag("-G,--basic-regexp", "PATTERN is a basic regular expression (the default)",
       [&] { o.syntax = Syntax::kBasic; });
  flag("-E,--extended-regexp", "PATTERN is an extended regular expression",
       [&] { o.syntax = Syntax::kExtended; });
  flag("-F,--fixed-strings", "PATTERN is a string", [&] { o.syntax = Syntax::kFixed; });
  value("-e,--regexp", "PATTERN", "a pattern; may be given several times",
        [&](const std::string& v) {
          p.has_patterns = true;
          add_patterns(o, v);
        });
  value("-f,--file", "FILE", "take patterns from FILE, one a line", [&](const std::string& v) {
    p.has_patterns = true;
    read_patterns(o, v);
  });
  flag("-i,--ignore-case,-y", "take upper and lower case for the same",
       [&] { o.ignore_case = true; });
  flag("--no-ignore-case", "tell upper and lower case apart (the default)",
       [&] { o.ignore_case = false; });
  flag("-v,--invert-match", "select the lines that do not match", [&] { o.invert = true; });
  flag("-w,--word-regexp", "match whole words only", [&] { o.whole_words = true; });
  flag("-x,--line-regexp", "match whole lines only", [&] { o.whole_lines = true; });
  flag("-c,--count", "print how many lines are selected", [&] { o.count = true; });
  flag("-o,--only-matching", "print what matches, not the lines", [&] { o.only_matching = true; });
  flag("-n,--line-number", "print line numbers", [&] { o.line_numbers = true; });
  flag("-l,--files-with-matches", "print the names of files with selected lines", [&] {
    o.names_of_matching = true;
    o.names_of_not_matching = false;
  });
  flag("-L,--files-without-match", "print the names of files without selected lines", [&] {
    o.names_of_not_matching = true;
    o.names_of_matching = false;
  });
  flag("-q,--quiet,--silent", "print nothing; the exit status tells", [&] { o.quiet = true; });
  flag("-s,--no-messages", "say nothing of files that cannot be read",
       [&] { o.no_messages = true; });
  flag("-a,--text", "take no file for binary", [&] { o.text = true; });
  flag("-H,--with-filename", "print file names", [&] { o.with_names = true; });
  flag("-h,--no-filename", "print no file names", [&] { o.with_names = false; });
  value("--label", "NAME", "the name of standard input",
        [&](const std::string& v) { o.label = v; });
  value("-m,--max-count", "NUM", "stop after NUM selected lines",
        [&](const std::string& v) { o.max_count = number_of(v); });
  value("-B,--before-context", "NUM", "print NUM lines before each selected one",
        [&](const std::string& v) { p.before = number_of(v); });
  value("-A,--after-context", "NUM", "print NUM lines after each selected one",
        [&](const std::string& v) { p.after = number_of(v); });
  value("-C,--context", "NUM", "print NUM lines before and after; also -NUM",
        [&](const std::string& v) { p.context = number_of(v); });
  value(
      "--color,--colour", "WHEN", "mark what matches: never, always, auto",
      [&](const std::string& v) {
        // Without a value, in front of the pattern.
        static constexpr std::string_view kWords[] = {"always", "yes",  "force",  "never", "no",
                                                      "none",   "auto", "if-tty", "tty",   ""};
        if (std::find(std::begin(kWords), std::end(kWords), v) != std::end(kWords)) {
          set_color(o, v);
        } else {
          set_color(o, "auto");
          p.words.push_back(v);
        }
      },
      0);
  value("-T,--threads", "N", "threads that decode; 0 (the default): all that the system allows",
        [&](const std::string& v) {
          const uint64_t threads = number_of(v);
          if (threads > 1024) reject("threads are at most 1024");
          o.threads = static_cast<unsigned>(threads);
        });
  value("--memlimit", "SIZE", "memory to use at most", [&](const std::string& v) {
    o.memory_limit = cli::parse_size(v);
    if (!o.memory_limit) reject(fmt::format("'{}' is not a size", v));
  });
}

// Whether the word is an option, or options, of which the last one takes the next word.
bool takes_next(const std::string& word) {
  constexpr std::string_view kLong[] = {"--regexp",         "--file",    "--label",
                                        "--max-count",      "--context", "--after-context",
                                        "--before-context", "--threads", "--memlimit"};
  if (word.starts_with("--")) return std::ranges::find(kLong, word) != std::end(kLong);
  return word.starts_with('-') && word.find_first_of("efmABCT") == word.size() - 1;
}

// What CLI11 does not know of grep: values that begin with a dash are fastened to their options,
// and -NUM is a context. `words`: the last one first.
void settle_dashes(std::vector<std::string>& words) {
  std::vector<std::string> settled;
  bool only_values = false;  // behind --
  for (auto word = words.rbegin(); word != words.rend(); ++word) {
    const bool is_option = !only_values && word->size() > 1 && word->front() == '-';
    only_values = only_values || *word == "--";
    const auto next = std::next(word);
    if (is_option && takes_next(*word) && next != words.rend()) {
      const bool fastened = next->size() > 1 && next->front() == '-';
      settled.push_back(fastened ? *word + (word->starts_with("--") ? "=" : "") + *next : *word);
      if (!fastened) settled.push_back(*next);
      ++word;
    } else if (is_option && word->find_first_not_of("0123456789", 1) == std::string::npos) {
      settled.push_back("--context=" + word->substr(1));
    } else {
      settled.push_back(*word);
    }
  }
  words.assign(settled.rbegin(), settled.rend());
}

void settle(Parsed& p) {
  GrepOptions& o = p.options;
  if (!p.has_patterns) {
    if (p.words.empty()) reject("a pattern is needed: pith grep [OPTION]... PATTERN [FILE]...");
    add_patterns(o, p.words.front());
    p.words.erase(p.words.begin());
  }
  o.files = std::move(p.words);
  if (o.files.empty()) o.files = {"-"};
  o.before = p.before.value_or(p.context.value_or(0));
  o.after = p.after.value_or(p.context.value_or(0));
  if (o.names_of_matching || o.names_of_not_matching || o.quiet) o.count = false;
  o.has_context = o.prints_lines() && (p.before || p.after || p.context);
  if (!o.prints_lines()) o.before = o.after = 0;
}

}  // namespace

std::variant<GrepOptions, int> parse_grep_options(int argc, char** argv) {
  Parsed parsed;
  CLI::App app(
      "Searches .pith files as grep searches what is in them: for each FILE the output is that of\n"
      "pithcat FILE | grep. Plain files are searched as they are. With no FILE, or when FILE is "
      "-,\n"
      "reads standard input.\n");
  app.name("pith grep");
  app.set_help_flag("--help", "print this and exit");
  app.formatter(std::make_shared<Formatter>());
  app.add_option("FILE", parsed.words, "")->group("");
  add_options(app, parsed);
  std::vector<std::string> arguments = cli::marked_arguments(argc, argv);
  settle_dashes(arguments);
  try {
    app.parse(std::move(arguments));
    cli::unmark(parsed.words);
    settle(parsed);
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::Error& error) {
    fmt::print(stderr, "pith grep: {}\nTry 'pith grep --help'.\n", error.what());
    return kTrouble;
  }
  return std::move(parsed.options);
}

}  // namespace pith::grep

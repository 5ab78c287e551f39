#include "cli/tools/tool.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <new>

#include "cli/arguments.h"
#include "cli/resources.h"

namespace pith::cli {
namespace {

class ToolFormatter : public CLI::Formatter {
 public:
  explicit ToolFormatter(const ToolUsage& usage) : usage_(usage) {}
  std::string make_usage(const CLI::App*, std::string) const override {
    return fmt::format("Usage: {} {}\n", usage_.name, usage_.arguments);
  }

 private:
  const ToolUsage& usage_;
};

void add_common_options(CLI::App& app, Options& options) {
  add_value(app, "-T,--threads", "N", "threads; 0 (the default): all that the system allows",
            [&](const std::string& v) {
              options.threads = static_cast<unsigned>(std::min<uint64_t>(whole_number(v), 1024));
            });
  add_value(app, "--memlimit", "SIZE", "memory to use at most (default: half of what there is)",
            [&](const std::string& v) {
              options.memory_limit = parse_size(v);
              if (!options.memory_limit) reject_argument(fmt::format("'{}' is not a size", v));
            });
  add_flag(app, "-v,--verbose", "say what is done", [&] { ++options.verbosity; });
  add_flag(app, "-q,--quiet", "no warnings; twice: no errors either", [&] { --options.verbosity; });
}

Result<int> guarded(const ToolMain& main, const std::vector<std::string>& words, const Run& run) {
  try {
    return main(words, run);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kLimit, "not enough memory");
  }
}

}  // namespace

void reject_argument(const std::string& message) {
  throw CLI::ValidationError(message, CLI::ExitCodes::ValidationError);
}

double positive_number(const std::string& text) {
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest != end || !(value > 0) || !std::isfinite(value)) {
    reject_argument(fmt::format("'{}' is not a number above 0", text));
  }
  return value;
}

uint64_t whole_number(const std::string& text) {
  uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || rest != end) {
    reject_argument(fmt::format("'{}' is not a whole number", text));
  }
  return value;
}

void add_value(CLI::App& app, const char* names, const char* type, const char* help,
               std::function<void(const std::string&)> apply) {
  app.add_option_function<std::string>(
         names, [apply = std::move(apply)](const std::string& v) { apply(unmarked(v)); }, help)
      ->type_name(type)
      ->trigger_on_parse()
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
      ->expected(1, 1);
}

void add_flag(CLI::App& app, const char* names, const char* help, std::function<void()> apply) {
  app.add_flag_function(
         names, [apply = std::move(apply)](int64_t) { apply(); }, help)
      ->trigger_on_parse()
      ->disable_flag_override();
}

int run_tool(int argc, char** argv, const ToolUsage& usage, const AddOptions& add_options,
             const ToolMain& main) {
  Options options;
  std::vector<std::string> words;
  CLI::App app(usage.purpose);
  app.name(usage.name);
  app.set_help_flag("-h,--help", "print this and exit");
  app.formatter(std::make_shared<ToolFormatter>(usage));
  app.add_option("FILE", words, "")->group("");
  add_options(app);
  add_common_options(app, options);
  try {
    app.parse(marked_arguments(argc, argv));
    unmark(words);
    if (words.size() < usage.least_words || words.size() > usage.most_words) {
      reject_argument(fmt::format("usage: {} {}", usage.name, usage.arguments));
    }
  } catch (const CLI::Success& success) {
    app.exit(success);
    std::cout.flush();
    return std::cout.good() ? kExitOk : kExitError;
  } catch (const CLI::Error& error) {
    fmt::print(stderr, "{}: {}\nTry '{} --help'.\n", usage.name, error.what(), usage.name);
    return kExitError;
  }
  Messages messages(options.verbosity);
  const unsigned asked = options.threads.value_or(0);
  std::set<std::string> outputs;
  const Run run{.options = options,
                .messages = messages,
                .threads = asked != 0 ? asked : available_threads(),
                .memory_limit = options.memory_limit.value_or(default_memory_limit()),
                .outputs = outputs};
  const auto status = guarded(main, words, run);
  if (!status) messages.error(words.front(), status.error());
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    messages.error("(stdout)", errno_error("(stdout)", "write error", errno));
  }
  return std::max(messages.exit_status(), status.value_or(kExitOk));
}

}  // namespace pith::cli

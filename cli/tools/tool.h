// What the commands that look at values have in common: `pith compare`, `pith convert` and
// `pith preview`. Each is a word in front of its own options.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "cli/commands.h"

namespace pith::cli {

struct ToolUsage {
  const char* name;       // "pith compare"
  const char* arguments;  // "[OPTION]... A B"
  const char* purpose;
  size_t least_words = 1;  // arguments that are no options
  size_t most_words = SIZE_MAX;
};

// Adds the tool's own options; they are applied where they stand on the line.
using AddOptions = std::function<void(CLI::App& app)>;
// Does the work; returns the exit status, unless it failed.
using ToolMain = std::function<Result<int>(const std::vector<std::string>& words, const Run& run)>;

// Reads the command line (argv[0] is the tool's word), runs the tool and returns the exit status.
int run_tool(int argc, char** argv, const ToolUsage& usage, const AddOptions& add_options,
             const ToolMain& main);

// An option with a value, whose text is given to `apply`; the last one on the line counts.
void add_value(CLI::App& app, const char* names, const char* type, const char* help,
               std::function<void(const std::string&)> apply);
void add_flag(CLI::App& app, const char* names, const char* help, std::function<void()> apply);

// Throws what CLI11 makes a message of.
[[noreturn]] void reject_argument(const std::string& message);

// A number above 0, or a whole number.
double positive_number(const std::string& text);
uint64_t whole_number(const std::string& text);

}  // namespace pith::cli

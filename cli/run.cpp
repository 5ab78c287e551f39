#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <iostream>
#include <new>

#include "cli/commands.h"
#include "cli/grep/command.h"
#include "cli/resources.h"
#include "cli/seekable.h"
#include "cli/signals.h"
#include "cli/tools/compare.h"
#include "cli/tools/convert.h"
#include "cli/tools/preview.h"

namespace pith::cli {
namespace {

using FileCommand = Result<void> (*)(const std::string&, const Run&);

FileCommand command_of(const Options& options) {
  switch (options.command) {
    case Command::kCompress:
      return options.append ? append_file : compress_file;
    case Command::kDecompress:
      return decompress_file;
    case Command::kTest:
      return test_file;
    case Command::kExplain:
      return explain_file;
    case Command::kRange:
      return restore_range;
    case Command::kRecover:
      return recover_file;
    case Command::kReindex:
      return reindex_file;
    case Command::kExtract:
      return extract_tensors;
    case Command::kList:
      break;
  }
  return nullptr;
}

// The base of --base: opened once, for all inputs.
struct OpenBase {
  InputFile input;
  SeekableInput seekable;
  std::unique_ptr<BaseFile> file;
};

Result<std::optional<OpenBase>> open_base(const Options& options, uint64_t memory_limit) {
  if (options.base.empty()) return std::nullopt;
  PITH_ASSIGN(InputFile input, open_any_input(options.base));
  PITH_ASSIGN(SeekableInput seekable, SeekableInput::open(input));
  PITH_ASSIGN(auto file, BaseFile::open(seekable.file(), memory_limit));
  const bool compresses =
      options.command == Command::kCompress || options.command == Command::kExplain;
  if (compresses) PITH_TRY(file->find_tensors());
  return OpenBase{std::move(input), std::move(seekable), std::move(file)};
}

uint64_t memory_of(const std::optional<OpenBase>& base) { return base ? base->file->memory() : 0; }

// Allocations outside the codecs are small, but even they can fail.
Result<void> guarded(FileCommand command, const std::string& path, const Run& run) {
  try {
    return command(path, run);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kLimit, "not enough memory");
  }
}

// Words in the first place that stand for a program of their own. A file of such a name is ./NAME.
struct Tool {
  std::string_view word;
  int (*run)(int argc, char** argv);
};
constexpr std::array<Tool, 4> kTools = {{{"grep", grep::run_grep},
                                         {"compare", run_compare},
                                         {"convert", run_convert},
                                         {"preview", run_preview}}};

const Tool* find_tool(std::string_view word) {
  const auto* const found = std::find_if(kTools.begin(), kTools.end(),
                                         [&](const Tool& tool) { return tool.word == word; });
  return found != kTools.end() ? found : nullptr;
}

}  // namespace

int run(int argc, char** argv) {
  prepare_process();
  const std::string_view name = argc > 0 ? argv[0] : "";
  if (name.substr(name.rfind('/') + 1) == "pithgrep") return grep::run_grep(argc, argv);
  if (const Tool* tool = argc > 1 ? find_tool(argv[1]) : nullptr; tool != nullptr) {
    return tool->run(argc - 1, argv + 1);
  }
  auto parsed = parse_options(argc, argv);
  if (const int* status = std::get_if<int>(&parsed)) {
    // --help that could not be written has failed.
    std::cout.flush();
    const bool written = std::fflush(stdout) == 0 && std::cout.good();
    return written || *status != kExitOk ? *status : kExitError;
  }
  const Options& options = std::get<Options>(parsed);
  Messages messages(options.verbosity);
  const unsigned asked = options.threads.value_or(0);
  std::set<std::string> outputs;
  const uint64_t memory_limit = options.memory_limit.value_or(default_memory_limit());
  const auto base = open_base(options, memory_limit);
  if (!base) {
    messages.error(options.base, base.error());
    return messages.exit_status();
  }
  const Run run{.options = options,
                .messages = messages,
                .threads = asked != 0 ? asked : available_threads(),
                .memory_limit = memory_limit - std::min(memory_limit, memory_of(*base)),
                .outputs = outputs,
                .base = *base ? (*base)->file.get() : nullptr,
                .base_input = *base ? &(*base)->input : nullptr};
  if (options.command == Command::kList) {
    list_files(run);
  } else {
    const FileCommand command = command_of(options);
    for_each_input(options, messages, [&](const std::string& path) {
      if (auto done = guarded(command, path, run); !done) {
        messages.error(path == "-" ? "(stdin)" : path, done.error());
      }
    });
  }
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    messages.error("(stdout)", errno_error("(stdout)", "write error", errno));
  }
  return messages.exit_status();
}

}  // namespace pith::cli

// Where the output of an input goes: its name, and the file or standard output behind it.
#pragma once

#include <optional>
#include <string>

#include "base/output_file.h"
#include "base/sink.h"
#include "cli/commands.h"
#include "cli/inputs.h"

namespace pith::cli {

// True if outputs get names that are made from those of the inputs.
bool is_in_place(const Options& options, const std::string& input);

// The output's path; "-" for standard output. Nothing if the input's name does not fit the command
// (a warning was given).
Result<std::optional<std::string>> output_path(const Options& options, const std::string& input,
                                               Messages& messages);

// An open output. Nothing stands under its name before commit().
class Output {
 public:
  // `compressed`: a terminal is refused. `sparse`: long runs of zeros may become holes.
  static Result<Output> open(const std::string& path, const InputFile& input, const Run& run,
                             bool compressed);
  Sink& sink() { return file_ ? file_->sink() : *stdout_; }
  // Completes the output, and removes the input if that was asked for and the input is unchanged.
  Result<void> commit(const InputFile& input, const Options& options, Messages& messages);

 private:
  std::optional<OutputFile> file_;
  std::unique_ptr<FdSink> stdout_;
};

}  // namespace pith::cli

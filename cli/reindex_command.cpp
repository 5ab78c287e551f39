#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/outputs.h"
#include "cli/seekable.h"
#include "container/reindex.h"

namespace pith::cli {

// Without -o or -c the file itself is replaced, in one step and after all checks.
Result<void> reindex_file(const std::string& path, const Run& run) {
  const Options& options = run.options;
  const bool in_place = is_in_place(options, path);
  PITH_ASSIGN(auto input, open_input(path, in_place, options, run.messages));
  if (!input) return {};
  PITH_ASSIGN(const SeekableInput seekable, SeekableInput::open(*input));
  ReindexSummary summary;
  if (in_place) {
    PITH_ASSIGN(OutputFile file,
                OutputFile::create(path, {.overwrite = true, .sync = options.sync}));
    PITH_ASSIGN(summary, reindex(seekable.file(), run.memory_limit, file.sink(), run.base));
    if (input->has_changed()) return fail(ErrorCode::kIo, path + ": changed while it was read");
    PITH_TRY(file.commit(input->status));
  } else {
    const std::string target = options.output.empty() ? "-" : options.output;
    PITH_ASSIGN(Output output, Output::open(target, *input, run, true));
    PITH_ASSIGN(summary, reindex(seekable.file(), run.memory_limit, output.sink(), run.base));
    PITH_TRY(output.commit(*input, options, run.messages));
  }
  if (summary.unfinished > 0) {
    run.messages.warning(input->name,
                         fmt::format("{} streams had no trailer: bytes may be missing behind the "
                                     "{} that are there",
                                     summary.unfinished, summary.raw_size));
  }
  run.messages.info(input->name, fmt::format("{} streams, {} blocks, {} bytes", summary.streams,
                                             summary.blocks, summary.raw_size));
  return {};
}

}  // namespace pith::cli

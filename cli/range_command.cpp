#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/outputs.h"
#include "cli/seekable.h"
#include "container/range.h"

namespace pith::cli {

Result<void> restore_range(const std::string& path, const Run& run) {
  const Options& options = run.options;
  PITH_ASSIGN(const InputFile input, open_any_input(path));
  const std::string target = options.output.empty() ? "-" : options.output;
  PITH_ASSIGN(const SeekableInput seekable, SeekableInput::open(input));
  PITH_ASSIGN(Output output, Output::open(target, input, run, false));
  PITH_ASSIGN(const RangeResult result,
              pith::restore_range(seekable.file(), options.range.offset, options.range.length,
                                  run.memory_limit, output.sink(), run.base));
  PITH_TRY(output.commit(input, options, run.messages));
  run.messages.info(input.name,
                    fmt::format("{} bytes from {} blocks", result.bytes, result.blocks));
  return {};
}

}  // namespace pith::cli

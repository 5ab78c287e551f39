#include "cli/restore_ranges.h"

#include <fmt/format.h>

#include "cli/outputs.h"

namespace pith::cli {

Result<void> restore_ranges(const InputFile& input, const SeekableInput& seekable,
                            std::span<const ContentRange> ranges, uint64_t blocks, const Run& run) {
  const Options& options = run.options;
  const std::string target = options.output.empty() ? "-" : options.output;
  PITH_ASSIGN(Output output, Output::open(target, input, run, false));
  RangeResult total{.bytes = 0, .blocks = blocks};
  for (const ContentRange& range : ranges) {
    PITH_ASSIGN(const RangeResult result,
                pith::restore_range(seekable.file(), range.offset, range.size, run.memory_limit,
                                    output.sink(), run.base));
    total.bytes += result.bytes;
    total.blocks += result.blocks;
  }
  PITH_TRY(output.commit(input, options, run.messages));
  run.messages.info(input.name, fmt::format("{} bytes from {} blocks", total.bytes, total.blocks));
  return {};
}

}  // namespace pith::cli

// What the commands share that restore parts of a file.
#pragma once

#include <span>

#include "cli/commands.h"
#include "cli/seekable.h"
#include "container/range.h"

namespace pith::cli {

// Writes the ranges, one behind the other, to where the options say, by default to standard output.
// `blocks` were decoded to find them.
Result<void> restore_ranges(const InputFile& input, const SeekableInput& seekable,
                            std::span<const ContentRange> ranges, uint64_t blocks, const Run& run);

}  // namespace pith::cli

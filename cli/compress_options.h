// How a run compresses its inputs.
#pragma once

#include "cli/commands.h"
#include "cli/progress.h"
#include "container/compressor.h"

namespace pith::cli {

// What the options of the run say; `progress` is told of every block and must live as long.
CompressOptions compress_options(const Run& run, Progress& progress);

}  // namespace pith::cli

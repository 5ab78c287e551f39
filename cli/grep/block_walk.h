// The search through the blocks of a seekable .pith file. Log blocks without a line that could
// match are passed over, by their summaries or by their templates and columns; all others are
// decoded and searched.
#pragma once

#include "base/source.h"
#include "cli/grep/search.h"

namespace pith::grep {

// False if no block can be passed over, so that the file is better read from front to end; the
// search has seen nothing then.
Result<bool> search_blocks(const RandomAccess& file, const GrepOptions& options,
                           const Matcher& matcher, unsigned threads, uint64_t memory_limit,
                           FileSearch& search);

}  // namespace pith::grep

// Files without a name, for what is too large for memory.
#pragma once

#include "base/fd.h"
#include "base/result.h"

namespace pith {

// A new file in TMPDIR (/tmp without it), open for reading and writing. It goes when it is closed.
Result<UniqueFd> open_temporary();

}  // namespace pith

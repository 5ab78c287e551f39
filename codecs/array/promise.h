// Whether neighbours say something of each other: told from a few rows, before any work is done.
#pragma once

#include "codecs/array/plan.h"

namespace pith::array {

// True unless the numbers look like trained weights: as well coded one by one as by their
// neighbours. `bytes`: a run of whole cells of a variable of Form::kCells that is not shuffled.
bool neighbours_help(const Variable& variable, ByteView bytes);

}  // namespace pith::array

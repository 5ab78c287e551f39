// Codec 3: Burrows-Wheeler transform and a mixed model of its runs (docs/codecs/bwt.md), for text
// and unknown bytes at levels 4 to 6.
#pragma once

#include "codecs/codec.h"

namespace pith {

const Codec& bwt_codec();

}  // namespace pith

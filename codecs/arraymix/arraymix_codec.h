// Codec 13: arrays of numbers by prediction and context mixing (levels 7 to 9). See
// docs/codecs/arraymix.md.
#pragma once

#include "codecs/codec.h"

namespace pith {

const Codec& arraymix_codec();

}  // namespace pith

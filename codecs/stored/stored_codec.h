// Codec 0: the payload is the block (docs/codecs/stored.md).
#pragma once

#include "codecs/codec.h"

namespace pith {

const Codec& stored_codec();

}  // namespace pith

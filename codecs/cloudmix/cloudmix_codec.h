// Point clouds at the levels of context mixing (docs/codecs/cloudmix.md).
#pragma once

#include "codecs/codec.h"

namespace pith {

const Codec& cloudmix_codec();

}  // namespace pith

// The codec of log text of the highest levels: its bytes by context mixing (docs/codecs/logmix.md).
#pragma once

#include "codecs/codec.h"

namespace pith {

const Codec& logmix_codec();

}  // namespace pith

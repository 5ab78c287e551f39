// The codec of survey points: the records of LAS files (docs/codecs/las.md).
#pragma once

#include "codecs/codec.h"

namespace pith {

const Codec& las_codec();

}  // namespace pith

// The codec of arrays with several axes: grids, images, time series (docs/codecs/array.md).
#pragma once

#include "codecs/codec.h"

namespace pith {

const Codec& array_codec();

}  // namespace pith

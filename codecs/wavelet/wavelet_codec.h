// Codec `wavelet`: arrays of smooth values, restored within a bound (docs/codecs/wavelet.md).
#pragma once

#include "codecs/codec.h"

namespace pith {

const Codec& wavelet_codec();

}  // namespace pith

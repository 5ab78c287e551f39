// The codec of point clouds; levels 1 to 6 are its own (docs/codecs/cloud.md).
#pragma once

#include "codecs/codec.h"

namespace pith {

const Codec& cloud_codec();

}  // namespace pith

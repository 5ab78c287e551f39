// Arrays as videos, through libavcodec: near their values (HEVC, AV1) on request, or exact (FFV1).
#pragma once

#include "codecs/codec.h"

namespace pith {

const Codec& video_codec();

}  // namespace pith

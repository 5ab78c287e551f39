// Codec 1: one Zstandard frame (RFC 8878) with its content size and without its checksum
// (docs/codecs/zstd.md). The fast default for data that no other codec is made for.
#pragma once

#include "codecs/codec.h"

namespace pith {

const Codec& zstd_codec();

}  // namespace pith

// Codec 2: deflate streams (gzip members, zlib streams) coded by what they hold.
//
// A stream whose bytes the deflate encoder of codecs/deflated/ makes again from its content is
// replaced by that content and the encoder's parameters; everything else of the block is kept as it
// is. The resulting bytes are cut into inner blocks, each coded by the codec that suits it.
// The encoder is pith's own: what it restores does not depend on a library's version.
// Bitstream: docs/codecs/deflated.md.
#pragma once

#include "codecs/codec.h"

namespace pith {

const Codec& deflated_codec();

}  // namespace pith

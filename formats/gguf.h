// GGUF versions 2 and 3, little-endian (ggml, docs/gguf.md): key-value pairs, the descriptions of
// the tensors, then, at a multiple of general.alignment, their data. The header is found by parsing
// what there is of it and then twice as much.
#pragma once

#include "formats/format.h"

namespace pith {

const Format& gguf_format();

}  // namespace pith

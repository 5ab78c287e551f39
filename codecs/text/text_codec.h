// The codec `text`: context mixing for text, source, markup, tables, executables and unknown bytes,
// levels 7 to 9. Payload: docs/codecs/text.md.
//
// A block is transformed if that helps (transform.h), then each bit is predicted by the model of
// the level (text_model-inl.h) and coded arithmetically. For small blocks the model may first run
// over a built-in text (packs.h). Decoding takes the time and the memory that encoding took.
#pragma once

#include "codecs/codec.h"

namespace pith {

const Codec& text_codec();

}  // namespace pith

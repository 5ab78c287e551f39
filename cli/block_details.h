// What a block's payload says of its content, for --explain -v: the templates and columns of a log,
// the pieces of a block of tensors.
#pragma once

#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/source.h"
#include "codecs/codec.h"

namespace pith::cli {

// Lines of text, indented; empty for codecs of which there is nothing to tell, and for payloads
// that do not decode. `name_at` tells what tensor lies at a place of the block; may give "".
// `base`: what the block is coded against, if it is.
std::string block_details(CodecId codec, ByteView payload, size_t raw_size,
                          const RandomAccess* base,
                          const std::function<std::string(uint64_t)>& name_at);

}  // namespace pith::cli

// safetensors (huggingface/safetensors, README "Format"): u64 length of the header, the header as a
// JSON object of tensors {dtype, shape, data_offsets}, then the data.
#pragma once

#include "formats/format.h"

namespace pith {

const Format& safetensors_format();

}  // namespace pith

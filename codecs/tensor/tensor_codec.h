// The codec of tensors: weights, checkpoints and other arrays of numbers (docs/codecs/tensor.md).
#pragma once

#include "codecs/codec.h"

namespace pith {

const Codec& tensor_codec();

}  // namespace pith

// Makes the payload of a block (docs/codecs/tensor.md).
#pragma once

#include "base/result.h"
#include "codecs/codec.h"
#include "codecs/entropy/kernel.h"

namespace pith::tensor {

struct Encoded {
  bool useful = false;  // false: the payload would be larger than the block
  uint64_t decode_memory = 0;
  bool doubtful = false;  // a base was used, and might have been better left alone
};

Result<Encoded> encode_block(const BlockView& block, Level level, entropy::Kernel kernel,
                             ByteBuffer& out);

}  // namespace pith::tensor

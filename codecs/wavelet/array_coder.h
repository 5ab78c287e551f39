// Arrays as fields of near values.
#pragma once

#include "codecs/near/near_block.h"

namespace pith::wavelet {

class ArrayCoder : public near::NearCoder {
 public:
  Result<bool> encode(const array::Variable& variable, ByteView original,
                      const Tolerance& tolerance, const EncodeOptions& options,
                      MutableBytes restored, ByteBuffer& code, uint64_t& memory) override;
  Result<void> decode(const array::Variable& variable, ByteView code, MutableBytes bytes,
                      MemoryBudget& budget) override;
};

// Upper bounds for arrays of so many bytes.
uint64_t array_encode_memory(size_t raw_size);
uint64_t array_decode_memory(size_t raw_size);

}  // namespace pith::wavelet

// Blocks of which some arrays are restored as near values: what the codecs that approximate
// (Codec::approximates) have in common.
//
// A payload is the plan of the block (codecs/array/plan.h), in which only arrays that are restored
// as near values are variables; the code of each variable, a varint of its size in front; and, if
// there are other bytes, one inner block (codecs/deflated/inner_blocks.h) of them back to back, the
// values in them rounded. How a variable is coded is up to each codec's NearCoder.
#pragma once

#include "codecs/array/plan.h"
#include "codecs/registry.h"

namespace pith::near {

// Codes one array, or the part of one that lies in the block. The functions of
// codecs/array/values.h turn its bytes into rows of numbers and back.
class NearCoder {
 public:
  virtual ~NearCoder() = default;

  // Writes a code for something near the original bytes, and what it decodes to. False if the
  // coder is of no use here. `memory`: that decoding takes beside code and result.
  // `restored` holds the rounded bytes before.
  virtual Result<bool> encode(const array::Variable& variable, ByteView original,
                              const Tolerance& tolerance, const EncodeOptions& options,
                              MutableBytes restored, ByteBuffer& code, uint64_t& memory) = 0;

  // Fills `bytes` exactly as encode() said, or fails: kDamaged for what no encoder writes. Reserves
  // what it takes and releases it.
  virtual Result<void> decode(const array::Variable& variable, ByteView code, MutableBytes bytes,
                              MemoryBudget& budget) = 0;
};

// Codec::approximate() and Codec::decode() for such a codec. Arrays of which the coder makes more
// than rounding does stay among the other bytes. `inner`: for the codecs of inner blocks; not that
// of the caller.
Result<EncodeOutcome> encode_block(const LossyBlock& block, const EncodeOptions& options,
                                   NearCoder& coder, MutableBytes restored, ByteBuffer& out,
                                   uint64_t& decode_memory, CodecScratch& inner);
Result<void> decode_block(ByteView payload, MutableBytes raw, NearCoder& coder,
                          MemoryBudget& budget, CodecScratch& inner);

// Upper bounds of what both take, beside what the coder does.
uint64_t encode_memory(size_t raw_size, Level level);
uint64_t decode_memory(size_t raw_size, Level level);

}  // namespace pith::near

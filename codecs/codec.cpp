#include "codecs/codec.h"

#include <new>

namespace pith {

Result<EncodeOutcome> Codec::encode(const BlockView& block, const EncodeOptions& options,
                                    ByteBuffer& out, uint64_t& decode_memory,
                                    Scratch* scratch) const {
  assert(!block.bytes.empty());
  out.clear();
  decode_memory = 0;
  try {
    PITH_ASSIGN(const EncodeOutcome outcome,
                do_encode(block, options, out, decode_memory, scratch));
    return out.size() > block.bytes.size() ? EncodeOutcome::kDeclined : outcome;
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kLimit, "not enough memory to encode a block");
  }
}

Result<EncodeOutcome> Codec::approximate(const LossyBlock& block, const EncodeOptions& options,
                                         MutableBytes restored, ByteBuffer& out,
                                         uint64_t& decode_memory, Scratch* scratch) const {
  assert(restored.size() == block.original.size());
  out.clear();
  decode_memory = 0;
  try {
    PITH_ASSIGN(const EncodeOutcome outcome,
                do_approximate(block, options, restored, out, decode_memory, scratch));
    return out.size() >= block.rounded_size ? EncodeOutcome::kDeclined : outcome;
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kLimit, "not enough memory to encode a block");
  }
}

Result<void> Codec::decode(ByteView payload, MutableBytes raw, MemoryBudget& budget,
                           Scratch* scratch, const RandomAccess* base) const {
  try {
    return base == nullptr ? do_decode(payload, raw, budget, scratch)
                           : do_decode_with(*base, payload, raw, budget, scratch);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kLimit, "not enough memory to decode a block");
  }
}

}  // namespace pith

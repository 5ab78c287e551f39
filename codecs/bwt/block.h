// A block of bytes as a Burrows-Wheeler transform with its last column modelled and coded
// (docs/codecs/bwt.md). Plain functions: the codec puts transforms in front.
#pragma once

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/bwt/column_coder.h"
#include "codecs/bwt/transform.h"

namespace pith::bwt {

// Upper bounds of what the functions allocate beside their input and their output.
uint64_t encode_memory(size_t size);
uint64_t decode_memory(size_t size);
// The same for one payload that encode() made of `size` bytes.
uint64_t decode_memory(ByteView payload, size_t size);

// Appends the payload of 1 to kMaxText bytes to `out`; false (with `out` as it was) when the
// payload would have more than `room` bytes. kLimit when memory runs out.
Result<bool> encode(ByteView in, int effort, size_t room, ByteBuffer& out);

// Fills `out` from all of `payload`, or fails: kDamaged for a payload that no encoder writes or
// that takes more than the budget.
Result<void> decode(ByteView payload, MutableBytes out, MemoryBudget& budget);

}  // namespace pith::bwt

// The payload of the codec arraymix (docs/codecs/arraymix.md).
#pragma once

#include "base/byte_reader.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/codec.h"

namespace pith::arraymix {

inline constexpr Level kFirstShape = 7;
inline constexpr Level kLastShape = 9;

// The first byte of a payload is the level and this.
inline constexpr uint8_t kVersion = 2 << 4;

// Variables of less bytes are left among the plain ones.
inline constexpr uint64_t kLeastVariable = 512;

// False if the block holds no array, the payload would not be smaller than the block, or decoding
// would take more than block_memory().
Result<bool> encode_block(const BlockView& block, Level level, ByteBuffer& out,
                          uint64_t& decode_memory);

Result<void> decode_block(ByteView payload, MutableBytes raw, MemoryBudget& budget);

// An upper bound of what decoding a block of so many bytes takes.
uint64_t block_memory(size_t raw_size);
// And of what encoding takes.
uint64_t encoding_memory(size_t raw_size);

}  // namespace pith::arraymix

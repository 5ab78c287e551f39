// Finds the record length of binary tables: rows of fixed length, arrays of structures, sheets.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace pith::text {

inline constexpr uint32_t kMaxStride = 2048;

// The record length in bytes, 2 to kMaxStride, or 0 if the block shows none. Judges by how often
// bytes are the same, or nearly so, as the byte that many places before. Looks at a few samples of
// the block; a guess for a model's context, never needed for exactness.
uint32_t find_stride(ByteView block);

}  // namespace pith::text

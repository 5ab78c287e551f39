// Codes the last column of a Burrows-Wheeler transform (codecs/bwt/column_model.h).
#pragma once

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"

namespace pith::bwt {

// How many contexts the model mixes: more is slower and smaller.
inline constexpr int kMinEffort = 1;
inline constexpr int kMaxEffort = 3;
// What the encoder takes instead if large ranks often repeat, as in
// tables of records.
inline constexpr int kRecordEffort = 4;

// Upper bound of what either direction allocates for an alphabet of 1 to 256 bytes: most of it are
// two tables of 32 bytes for each pair of symbols.
constexpr uint64_t column_model_memory(size_t alphabet) {
  return (uint64_t{720} << 10) + 3600 * alphabet + 64 * alphabet * alphabet;
}

// Appends to `out` the alphabet and the coded runs of a column of 1 to 2^24 - 1 bytes; false when
// that takes more than `room` bytes. `work` has the column's size and is overwritten. `effort`
// becomes the one that was used, which is higher where the column asks for it.
bool encode_column(ByteView column, int& effort, MutableBytes work, size_t room, ByteBuffer& out);

// Fills `column` from all of `payload`. kDamaged when no column of this size is coded so.
Result<void> decode_column(ByteView payload, int effort, MutableBytes column, MemoryBudget& budget);

}  // namespace pith::bwt

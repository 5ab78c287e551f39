// How the encoder makes use of a base, and of the model of differences: which columns are coded by
// it, and how.
#pragma once

#include <functional>
#include <span>

#include "codecs/tensor/columns.h"

namespace pith::tensor {

// What the base holds where the block's segments have one; zeros elsewhere. Empty if none has.
Result<ByteBuffer> read_base(const BlockView& block);

struct BaseOutcome {
  bool used = false;       // by some column
  bool doubtful = false;   // the block might be smaller without a base
  uint64_t memory = 0;     // of decoding the differences
  ByteBuffer differences;  // the section
};

inline bool uses_base(const Column& column) { return column.base_use != BaseUse::kNone; }

// Codes those columns by their differences that become smaller than `alone` says they are without;
// equal ones have been found before. They are left with their raw bits, and with a code that keeps
// them out of all other ways.
Result<BaseOutcome> use_base(std::span<Column> columns, bool thorough, size_t block_size,
                             const std::function<uint64_t(const Column&)>& alone);

// Codes the predicted columns by the model of differences; nothing is done unless that makes them
// smaller together.
struct PredictedOutcome {
  uint64_t memory = 0;     // of decoding them; 0: nothing was done
  ByteBuffer differences;  // the section
};
Result<PredictedOutcome> predict_by_differences(std::span<Column> columns, bool thorough,
                                                size_t block_size);

// Where the piece is in the base: 0 for nowhere, or 1 more than the distance from the end of the
// piece before, its sign in the lowest bit. `end` goes on to the end of this one.
void write_base(const Piece& piece, uint64_t& end, ByteWriter& out);

}  // namespace pith::tensor

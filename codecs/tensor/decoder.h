// Restores a block from its payload, and tells on the way what took how many bytes.
#pragma once

#include <functional>

#include "base/memory_budget.h"
#include "base/source.h"
#include "codecs/tensor/payload.h"
#include "codecs/tensor/predicted.h"

namespace pith::tensor {

// A column that has been decoded.
struct ColumnReport {
  Part part;
  bool first_of_piece = false;
  NumberFormat format;
  BaseUse base_use = BaseUse::kNone;
  uint64_t code = 0;  // ColumnCode, if the base is not used
  const Coder* coder = nullptr;
  uint64_t raw_size = 0;                 // bytes of the column
  uint64_t symbol_bytes = 0;             // of rANS, or of the predicted or modelled section
  uint64_t raw_bytes = 0;                // of raw bits
  uint64_t plain_bytes = 0;              // before the plain section is compressed
  uint64_t escape_bytes = 0;             // before the records are compressed
  const Predictor* predictor = nullptr;  // of a predicted column
};
using Observer = std::function<void(const ColumnReport&)>;

// `base`: what the block was coded against; null if there is nothing, which is damage if it was.
Result<void> decode_block(ByteView payload, MutableBytes raw, MemoryBudget& budget, Kernel kernel,
                          const Observer& observer = {}, const RandomAccess* base = nullptr);

}  // namespace pith::tensor

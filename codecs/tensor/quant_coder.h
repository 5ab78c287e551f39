// Codes the quants of parts of Q8_0 and Q4_0 with their model (quant_model.h), which goes on from
// part to part; each part has a stream of the binary coder of its own.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/tensor/quant_model.h"

namespace pith::tensor {

class QuantCoder {
 public:
  // Fails with kLimit if there is no memory for the model.
  static Result<std::unique_ptr<QuantCoder>> make();
  // Takes the model's memory from the budget.
  static Result<std::unique_ptr<QuantCoder>> make(MemoryBudget& budget);

  // `blocks`: a whole number of them.
  // `goes_on`: these follow the blocks before, of the same type and row.
  ByteBuffer encode(bool q4, uint32_t row, bool goes_on, ByteView blocks);
  // `blocks` have their scales already.
  Result<void> decode(bool q4, uint32_t row, bool goes_on, ByteView coded, MutableBytes blocks);

 private:
  QuantCoder() = default;
  QuantModel model_;
  std::optional<std::pair<bool, uint32_t>> last_;  // type and row of the blocks before
};

}  // namespace pith::tensor

// Codes columns with the context-mixing model (weight_model.h), one after another in one stream.
//
// The modelled section is a byte with the logarithm of the size of the model's tables and the
// stream of the binary coder; raw bits of each column are among the raw bits of the payload.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/entropy/binary_coder.h"
#include "codecs/tensor/weight_model.h"

namespace pith::tensor {

class ModelEncoder {
 public:
  // Writes at most `most` bytes. Fails with kLimit if there is no memory for the model.
  static Result<std::unique_ptr<ModelEncoder>> make(int log, size_t most);

  // Codes the words; appends their raw bits to `raw`. `goes_on`: they follow those of the column
  // before, whose kind and row are the same.
  void encode(Kind kind, uint32_t row, bool goes_on, ByteView words, ByteBuffer& raw);
  size_t size() const { return 1 + encoder_.size(); }
  bool overflowed() const { return encoder_.overflowed(); }
  // The section.
  ByteBuffer finish();

 private:
  ModelEncoder(int log, size_t most);

  ByteBuffer out_;
  entropy::BinaryEncoder encoder_;
  WeightModel model_;
};

class ModelDecoder {
 public:
  static Result<std::unique_ptr<ModelDecoder>> make(ByteView section, MemoryBudget& budget);

  // `raw` may hold more than the column's bits; `raw_used` is what it took, in bytes.
  Result<void> decode(Kind kind, uint32_t row, bool goes_on, ByteView raw, size_t& raw_used,
                      MutableBytes words);
  size_t left() const { return decoder_.left(); }

 private:
  ModelDecoder(int log, ByteView stream) : decoder_(stream), model_(log) {}

  entropy::BinaryDecoder decoder_;
  WeightModel model_;
  std::optional<std::pair<Kind, uint32_t>> last_;  // kind and row of the column before
};

}  // namespace pith::tensor

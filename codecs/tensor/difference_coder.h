// Codes columns as differences to those of a base, or to what their words are predicted to be, one
// after another in one stream (difference_model.h).
//
// The section of the differences is a byte, 1 if the model has all its contexts, and the stream of
// the binary coder; raw bits of each column are among the raw bits of the payload.
#pragma once

#include <memory>

#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/entropy/binary_coder.h"
#include "codecs/tensor/difference_model.h"
#include "codecs/tensor/predicted.h"

namespace pith::tensor {

// What the model sees of the words of a column of such a part; f8 is taken for E4M3, which has the
// order of E5M2 too.
NumberFormat difference_format(Kind kind, const NumberFormat& column);

class DifferenceEncoder {
 public:
  // Writes at most `most` bytes. Fails with kLimit if there is no memory for the model.
  static Result<std::unique_ptr<DifferenceEncoder>> make(bool thorough, size_t most);

  // Codes the words; appends their raw bits to `raw`.
  void encode(const NumberFormat& format, uint32_t row, ByteView base, ByteView words,
              ByteBuffer& raw);
  // The same for words of floats that are predicted, against their predictions.
  void encode_predicted(const NumberFormat& format, const Predictor& predictor, ByteView words,
                        ByteBuffer& raw);
  size_t size() const { return 1 + encoder_.size(); }
  bool overflowed() const { return encoder_.overflowed(); }
  // The section.
  ByteBuffer finish();

 private:
  DifferenceEncoder(bool thorough, size_t most);

  ByteBuffer out_;
  entropy::BinaryEncoder encoder_;
  DifferenceModel model_;
};

class DifferenceDecoder {
 public:
  static Result<std::unique_ptr<DifferenceDecoder>> make(ByteView section, MemoryBudget& budget);

  // `raw` may hold more than the column's bits; `raw_used` is what it took, in bytes. `base` and
  // `words` have the same size.
  Result<void> decode(const NumberFormat& format, uint32_t row, ByteView base, ByteView raw,
                      size_t& raw_used, MutableBytes words);
  Result<void> decode_predicted(const NumberFormat& format, const Predictor& predictor,
                                ByteView raw, size_t& raw_used, MutableBytes words);
  size_t left() const { return decoder_.left(); }

 private:
  DifferenceDecoder(bool thorough, ByteView stream) : decoder_(stream), model_(thorough) {}

  entropy::BinaryDecoder decoder_;
  DifferenceModel model_;
};

}  // namespace pith::tensor

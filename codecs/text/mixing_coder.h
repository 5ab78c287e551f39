// Codes a buffer with the text model of a level: the arithmetic coder around the predictor.
//
// The kernels are chosen at run time for the processor; all give the same bytes.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/text/word_alphabet.h"

namespace pith::text {

// What the model is given beside the bytes.
struct MixingInput {
  int shape = 7;        // 7 to 9 (text_shapes.h)
  ByteView primer;      // bytes that both sides have: the model runs over them first
  uint32_t stride = 0;  // record length, 0 for none
};

// The whole working memory for a buffer of `size` bytes after a primer of `primer` bytes.
uint64_t mixing_memory(int shape, size_t primer, size_t size);

// Appends the code of `bytes` to `out`; false if it would take more than `room` bytes. `words`:
// what the byte values mean from `words_from` on. kLimit if there is not enough memory.
Result<bool> mixing_encode(const MixingInput& input, ByteView bytes, const WordAlphabet* words,
                           size_t words_from, size_t room, ByteBuffer& out);

// Decodes in two steps, since what the byte values mean may lie in the first bytes.
class MixingDecoder {
 public:
  virtual ~MixingDecoder() = default;
  virtual void set_words(const WordAlphabet& words) = 0;
  // The next `count` bytes, which stay where they are as long as the decoder lives. kDamaged if the
  // payload is too short for them.
  virtual Result<ByteView> decode(size_t count) = 0;
  // True if the payload has been read to its end, and not beyond.
  virtual bool at_end() const = 0;
};

// `size`: bytes that will be decoded in all. Takes mixing_memory() from the budget.
Result<std::unique_ptr<MixingDecoder>> make_mixing_decoder(const MixingInput& input,
                                                           ByteView payload, size_t size,
                                                           MemoryBudget& budget);

}  // namespace pith::text

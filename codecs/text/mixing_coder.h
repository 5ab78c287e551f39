// Codes a buffer with the text model of a level: the arithmetic coder around the predictor.
//
// The kernels are chosen at run time for the processor; all give the same bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/text/word_alphabet.h"
#include "codecs/text/x86_filter.h"

namespace pith::text {

// What the model must know before the first byte.
struct MixingSetup {
  int shape = 7;                  // 7 to 9 (text_shapes.h)
  uint32_t stride = 0;            // record length, 0 for none
  X86Mode code = X86Mode::kNone;  // how machine code has been filtered
  size_t size = 0;                // bytes that will be coded and primed with, at most
};

// The whole working memory of a coder.
uint64_t mixing_memory(const MixingSetup& setup);

// Codes bytes piece by piece; between pieces it may be told what the byte values mean from there
// on, and be run over bytes that both sides have.
class MixingEncoder {
 public:
  virtual ~MixingEncoder() = default;
  virtual void set_words(const WordAlphabet& words) = 0;
  virtual void prime(ByteView bytes) = 0;
  // False once the code does not fit.
  virtual bool encode(ByteView bytes) = 0;
  // Ends the code and returns its length, which may be 0; nothing if it did not fit.
  virtual std::optional<size_t> finish() = 0;
};

// Writes to `out`, all of which is its room. kLimit if there is not enough memory.
Result<std::unique_ptr<MixingEncoder>> make_mixing_encoder(const MixingSetup& setup,
                                                           MutableBytes out);

class MixingDecoder {
 public:
  virtual ~MixingDecoder() = default;
  virtual void set_words(const WordAlphabet& words) = 0;
  virtual void prime(ByteView bytes) = 0;
  // The next `count` bytes, which stay where they are as long as the decoder lives. kDamaged if the
  // payload is too short for them.
  virtual Result<ByteView> decode(size_t count) = 0;
  // True if the payload has been read to its end.
  virtual bool at_end() const = 0;
};

// Takes mixing_memory() from the budget; kDamaged if it does not hold it.
Result<std::unique_ptr<MixingDecoder>> make_mixing_decoder(const MixingSetup& setup,
                                                           ByteView payload, MemoryBudget& budget);

}  // namespace pith::text

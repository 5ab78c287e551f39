// What a payload of the tensor codec says about each piece of its block: how it was coded and what
// took how many bytes. Decodes the payload on the way (nothing else knows how many words of the
// shared stream a piece took).
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "base/source.h"

namespace pith::tensor {

struct PieceReport {
  std::string kind;     // "bf16", "Q8_0", "int32", "plain"
  uint64_t offset = 0;  // in the block
  uint64_t raw_size = 0;
  uint64_t coded_size = 0;  // its part of the payload, heads and tables shared out evenly
  // Of coded_size: the symbols of rANS (exponents with the first bits of mantissas), or what a
  // prediction or a model left.
  uint64_t symbol_size = 0;
  uint64_t rest_size = 0;  // raw bits: signs and the lower bits of mantissas
  std::string method;      // "rans K=3", "predicted", "zstd" …; of the first part
  // Order-0 entropies in bits of a word, if they were asked for: of its exponent (of f8: that of
  // E4M3), and of its bytes together, each place in the word by itself. Words of ggml blocks and of
  // plain pieces are bytes.
  size_t width = 1;
  bool has_exponent = false;
  double exponent_entropy = 0;
  double entropy = 0;
};

// One report for each piece: a segment of the block, or neighbouring plain ones together.
// `base`: what the block was coded against, if it was.
Result<std::vector<PieceReport>> describe(ByteView payload, size_t raw_size, MemoryBudget& budget,
                                          const RandomAccess* base = nullptr,
                                          bool entropies = false);

// True if next to nothing in the payload was coded bit by bit, so that describing it is quick.
bool is_quick_to_describe(ByteView payload);

}  // namespace pith::tensor

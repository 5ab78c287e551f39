// The blocks of quantised weights of ggml (GGUF versions 2 and 3): which bytes of a block are
// scales and which are quants. From ggml-common.h of the ggml project (MIT), by name of the type.
#pragma once

#include <cstdint>
#include <span>

namespace pith::tensor {

enum class FieldKind : uint8_t { kBytes, kF16, kF32 };

struct GgmlField {
  uint8_t count = 0;  // of numbers, or of bytes; 0: 256
  FieldKind kind = FieldKind::kBytes;

  constexpr size_t bytes() const {
    const size_t numbers = count == 0 ? 256 : count;
    return kind == FieldKind::kF32 ? 4 * numbers : kind == FieldKind::kF16 ? 2 * numbers : numbers;
  }
};

struct GgmlBlock {
  uint8_t type = 0;
  const char* name = "";
  std::span<const GgmlField> fields;  // in the order of the block's bytes
  size_t bytes = 0;
};

inline constexpr uint8_t kGgmlQ4_0 = 2;
inline constexpr uint8_t kGgmlQ8_0 = 8;

// Null for a type without blocks, or an unknown one.
const GgmlBlock* find_ggml_block(uint8_t type);

}  // namespace pith::tensor

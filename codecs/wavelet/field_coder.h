// One field: its values within a bound, or with a bounded sum of squared errors, as a code.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/codec.h"
#include "codecs/wavelet/field.h"
#include "codecs/wavelet/number_type.h"

namespace pith::wavelet {

// What the values of a field are, beside the values.
struct FieldKind {
  FieldShape shape;
  NumberType type = NumberType::kF32;
  // Bit patterns that must come back as they are: of cells of kind 1 and up, in that order.
  std::vector<uint64_t> specials{};
};

// A field before it is coded. Cells of a kind other than 0 have no value.
struct FieldValues {
  std::span<const uint64_t> bits;   // what is stored
  std::span<const uint8_t> kinds;   // of each cell
  std::span<const uint64_t> fills;  // patterns that no value may come to have
};

struct FieldGoal {
  double bound = 0;          // no value may be off by more; infinity: by anything
  double squared_error = 0;  // what the squares of all errors may add up to; infinity: to anything
};

// Appends the code to `out`; `restored` becomes what it decodes to. False if the coder is of no
// use. `kind.shape.axes` are those along which planes are neighbours; their levels are chosen here.
bool encode_field(const FieldKind& kind, const FieldValues& values, const FieldGoal& goal,
                  Level level, std::span<uint64_t> restored, ByteWriter& out);

// Reads a field and fills the patterns of all cells.
Result<void> decode_field(ByteReader& in, const FieldKind& kind, std::span<uint64_t> restored,
                          MemoryBudget& budget);

// What decoding takes beside the patterns.
uint64_t decode_memory(const FieldKind& kind);

}  // namespace pith::wavelet

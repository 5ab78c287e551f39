// The code of one variable of a block (docs/codecs/video.md): near its values, or exact.
#pragma once

#include "codecs/array/values.h"
#include "codecs/codec.h"
#include "codecs/video/clip.h"
#include "codecs/video/volume.h"

namespace pith::video {

// Grids of less cells are not worth a clip.
inline constexpr uint64_t kLeastCells = 4096;

// The number of the variable's grid that becomes a clip; nothing if there is none.
std::optional<size_t> clip_grid(const array::Variable& variable,
                                std::span<const array::Grid> grids);

// What may be made of a variable's values, over all of it.
struct Wish {
  double bound = 0;              // see Tolerance
  double squared_error = 0;      // likewise
  std::optional<Coder> coder{};  // nothing: whichever is best
  int level = 5;
};

// `restored`: becomes what the code decodes to. False if no video is of use.
Result<bool> encode_near(const array::Variable& variable, ByteView original, const Wish& wish,
                         MutableBytes restored, ByteBuffer& code);
Result<bool> encode_exact(const array::Variable& variable, ByteView original, int level,
                          ByteBuffer& code);

// Fills `bytes`, of either kind. Gives back what it takes from the budget.
Result<void> decode_variable(const array::Variable& variable, ByteView code, MutableBytes bytes,
                             MemoryBudget& budget);

// What encoding and decoding an array of so many bytes may take at most. Clips that would take more
// are not made.
uint64_t encode_memory(uint64_t raw_size);
uint64_t decode_memory(uint64_t raw_size);
bool has_room(Coder coder, const ClipShape& shape, const Volume& volume);

}  // namespace pith::video

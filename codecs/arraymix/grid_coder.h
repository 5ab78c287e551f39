// Codes a grid of keys with the model.
#pragma once

#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "codecs/arraymix/grid.h"

namespace pith::arraymix {

// The bytes written, 0 if they do not fit. `Word`: uint32_t or uint64_t. `classes`: the kind of
// each cell, empty if there is but one; keys of cells of other kinds than 0 do not matter.
template <class Word>
Result<size_t> encode_grid(const GridSpec& spec, int level, std::span<const Word> keys,
                           std::span<const uint8_t> classes, MutableBytes out);

// The sizes of `keys` and `classes` tell what is to be decoded.
template <class Word>
Result<void> decode_grid(const GridSpec& spec, int level, ByteView code, std::span<Word> keys,
                         std::span<uint8_t> classes);

// Bytes that either takes beside its arguments.
uint64_t grid_memory(const GridShape& shape, int level, uint32_t kinds);

}  // namespace pith::arraymix

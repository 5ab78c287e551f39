// Codes a grid of keys with the model.
#pragma once

#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "codecs/arraymix/grid.h"

namespace pith::arraymix {

// The bytes written, 0 if they do not fit. `mask`: kinds of the cells, empty if all are valid; keys
// of masked cells do not matter.
Result<size_t> encode_grid(const GridSpec& spec, std::span<const int64_t> keys,
                           std::span<const uint8_t> mask, uint32_t kinds, MutableBytes out);

Result<void> decode_grid(const GridSpec& spec, ByteView code, std::span<int64_t> keys,
                         std::span<uint8_t> mask, uint32_t kinds);

}  // namespace pith::arraymix

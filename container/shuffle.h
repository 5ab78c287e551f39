// HDF5's shuffle filter: of the numbers in a tile first all first bytes, then all second ones …;
// bytes that make no whole number stay at the end.
#pragma once

#include "base/bytes.h"

namespace pith {

ByteBuffer shuffle(ByteView numbers, size_t width);
ByteBuffer unshuffle(ByteView tile, size_t width);

}  // namespace pith

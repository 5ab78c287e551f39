// Chooses the mode of a band of a block, by a sample of its rows.
#pragma once

#include "codecs/array/blocks.h"
#include "codecs/array/residuals.h"

namespace pith::array {

template <class Word>
BandMode find_mode(const Grid& grid, const Volume<Word>& volume, const Keys<Word>& keys,
                   const Block& block, size_t phase, const Place& place, const Effort& effort);

extern template BandMode find_mode<uint32_t>(const Grid&, const Volume<uint32_t>&,
                                             const Keys<uint32_t>&, const Block&, size_t,
                                             const Place&, const Effort&);
extern template BandMode find_mode<uint64_t>(const Grid&, const Volume<uint64_t>&,
                                             const Keys<uint64_t>&, const Block&, size_t,
                                             const Place&, const Effort&);

}  // namespace pith::array

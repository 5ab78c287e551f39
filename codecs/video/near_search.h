// Finds the smallest video of a volume that is near enough.
#pragma once

#include "codecs/video/payload.h"
#include "codecs/video/variable_coder.h"

namespace pith::video {

// Writes the code of the volume's cells and replaces them by what it decodes to. False if there is
// none within the wish.
template <class Word>
Result<bool> write_near(const array::Variable& variable, const Volume& volume, const Wish& wish,
                        std::span<Word> cells, Coder& coder, ByteWriter& out);

extern template Result<bool> write_near<uint32_t>(const array::Variable&, const Volume&,
                                                  const Wish&, std::span<uint32_t>, Coder&,
                                                  ByteWriter&);
extern template Result<bool> write_near<uint64_t>(const array::Variable&, const Volume&,
                                                  const Wish&, std::span<uint64_t>, Coder&,
                                                  ByteWriter&);

}  // namespace pith::video

// Frequency tables of rANS, written compactly: one binary-coded stream for all tables of a block.
//
// Of each table the frequencies below the largest one's symbol and above it are coded; the largest
// is what the others leave of 4096. A frequency is coded as its bit length, in the context of the
// bit lengths at the same symbol of an earlier table and at the symbol before, and the bits after
// its leading one, of which a table keeps only the first few (rounding by 1/16 costs less than
// their bits where a table is used for some thousand symbols).
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "codecs/entropy/rans.h"

namespace pith::entropy {

// Reduces the frequencies to at most `bits` bits after the leading one each; the sum stays.
Frequencies rounded(const Frequencies& frequencies, int bits);

// `tables`: each as rounded(…, bits) made it; any one may serve as the context of a later one.
// Writes the stream to `out`.
void encode_frequencies(std::span<const Frequencies> tables, std::span<const uint8_t> bits,
                        ByteBuffer& out);

// Reads so many tables. Fails with kDamaged if the bytes are not what an encoder writes.
Result<std::vector<Frequencies>> decode_frequencies(ByteView bytes, size_t count);

}  // namespace pith::entropy

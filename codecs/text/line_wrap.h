// Undoes the wrapping of prose: a line break that a text formatter would have put in the same place
// becomes a space.
//
// Books as plain text are mostly filled: a word that would make the line longer than some width
// begins the next line. Which spaces are line breaks then follows from the lengths of the words, so
// that it need not be coded. Both sides keep a guess of the width from the lines seen so far; a
// break that the guess explains is written as a space, any other break stands as it is, and a space
// where the guess expects a break is marked by the byte `mark`, which the text does not contain.
// Exact for any text; the rules are in docs/codecs/text_transforms.md. Source of the idea, here
// with a width that adapts and needs no side information: "end of line coding" of P. Skibinski,
// S. Grabowski, S. Deorowicz (see word_transform.h).
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace pith::text {

// Appends the unwrapped text to `out` and returns the mark; or leaves `out` alone if the block is
// not text that gains by it.
std::optional<uint8_t> unwrap_lines(ByteView text, ByteBuffer& out);

// Fills `text` exactly, or fails with kDamaged. Takes any bytes.
Result<void> rewrap_lines(uint8_t mark, ByteView unwrapped, MutableBytes text);

}  // namespace pith::text

// A set of the trigrams of a block's lines, so that a search can pass over a block without decoding
// anything of it (docs/codecs/log.md, "Trigrams"). It is a bitmap under a hash: what it does not
// have is not there, what it has may be there.
#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.h"

namespace pith::log {

inline constexpr size_t kMaxTrigramBytes = 16384;

// Blocks of at least so many bytes have one. Smaller ones are in files of a block or two, where
// there is nothing to pass over.
inline constexpr size_t kMinTrigramBlock = size_t{12} << 20;

// The bitmap: a power of two of bytes, at most `most`. Nothing if that is too few to be of use.
std::optional<ByteBuffer> trigrams_of(ByteView block, size_t most);

// False if no line can hold this string, in upper or lower case.
bool may_hold(ByteView trigrams, std::string_view string);

}  // namespace pith::log

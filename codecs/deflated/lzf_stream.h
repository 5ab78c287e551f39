// LZF (M. Lehmann's LibLZF), in which the Point Cloud Library keeps points: literals, and matches
// of a length of 3 to 264 that lie at most 8192 bytes back. The encoder has one parameter, the size
// of its hash table; with it and the content it makes one sequence of bytes and no other
// (docs/codecs/deflated.md, "The LZF encoder").
#pragma once

#include <optional>

#include "base/sink.h"
#include "base/source.h"

namespace pith::deflated {

// Bits of the hash: 8 to 16. The library had 13 first, and has 16 since.
inline constexpr uint32_t kMinLzfHashBits = 8;
inline constexpr uint32_t kMaxLzfHashBits = 16;
// What write_lzf() takes while it runs: the hash table, the window, and output on its way.
inline constexpr uint64_t kLzfMemory = uint64_t{400} << 10;

// False unless `stream` stands for exactly as many bytes as `content` has room for.
bool expand_lzf(ByteView stream, MutableBytes content);

// Reads `content` to its end and writes the stream.
Result<void> write_lzf(uint32_t hash_bits, Source& content, Sink& out);

// The parameter with which `content` becomes exactly `stream`.
std::optional<uint32_t> find_lzf_hash_bits(ByteView stream, ByteView content);

}  // namespace pith::deflated

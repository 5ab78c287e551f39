// Reads the literals and matches at the front of a deflate stream, from which its encoder's
// parameters can be told without making the stream again.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace pith::deflated {

// A literal, a match, or the bytes of a stored block, whose tokens are not known.
struct ReadToken {
  static constexpr uint16_t kStored = 0xffff;

  uint16_t value;     // the literal, or the length of the match or of the stored block
  uint16_t distance;  // 0: literal; kStored: stored block

  bool operator==(const ReadToken&) const = default;
};

struct TokenPrefix {
  std::vector<ReadToken> tokens;
  size_t first_block = 0;                // tokens read of the first block; 0 if it is a stored one
  uint64_t first_block_bytes = 0;        // that these stand for
  bool first_block_is_followed = false;  // it was read whole, and is not the last
  bool has_dynamic_block = false;        // among those read
};

// Reads at most `limit` tokens, up to the end of a block or the first thing that is wrong.
TokenPrefix read_tokens(ByteView deflate, size_t limit);

}  // namespace pith::deflated

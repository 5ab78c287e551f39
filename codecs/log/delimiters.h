// Which bytes of a text are delimiters of tokens (tokens.h): a bit for each byte.
#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace pith::log {

// Bit i % 64 of number i / 64 is 1 where byte i is a delimiter; bits behind the text are 1.
std::vector<uint64_t> find_delimiters(ByteView text);

}  // namespace pith::log

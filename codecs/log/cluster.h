// Finds the templates of a block of log lines (docs/codecs/log.md, "Templates").
#pragma once

#include "base/bytes.h"
#include "codecs/log/parsed.h"
#include "codecs/log/tokens.h"

namespace pith::log {

// For blocks of less than 2^31 bytes.
Parsed parse(ByteView block, Quoted quoted);

}  // namespace pith::log

// Whether the quoted strings of a block are better taken whole (docs/codecs/log.md, "Tokens").
#pragma once

#include "base/bytes.h"

namespace pith::log {

// True if most lines have quoted strings of several words: a request, a referrer, the name of a
// browser. Lines of JSON do not count: their keys and punctuation make templates of their own.
bool has_quoted_texts(ByteView sample);

}  // namespace pith::log

// Text: prose, source code, markup, tables, anything that is lines of characters. The whole input
// is one segment of type kText.
//
// Detected by content: no NUL, hardly any control characters, and either UTF-8 (RFC 3629) or a
// single-byte extension of ASCII (ISO 8859, Windows-125x) in which ASCII letters prevail.
// UTF-16 and UTF-32 are no text here: a byte-oriented text model gains nothing on them.
#pragma once

#include "formats/format.h"

namespace pith {

const Format& text_format();

}  // namespace pith

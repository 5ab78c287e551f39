// Files that are one zlib stream (RFC 1950): git objects, .zz files, compressed resources.
// The two bytes of the header are no signature to rely on (one in a thousand pairs is a header,
// "x^" among them): a file counts as such a stream only if its head inflates.
#pragma once

#include "formats/format.h"

namespace pith {

const Format& zlib_format();

}  // namespace pith

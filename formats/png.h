// PNG. Source: Portable Network Graphics (PNG) Specification, W3C, second edition.
//
// The zlib stream in the IDAT chunks becomes one kDeflated segment, whose gaps are what lies
// between the chunks. Its content is a kArray of rows as PNG filters them, or bytes if the image is
// interlaced. Everything else is kBytes. What is damaged, or too large for a kDeflated segment,
// makes the rest of the file kCompressed.
#pragma once

#include "formats/format.h"

namespace pith {

const Format& png_format();

}  // namespace pith

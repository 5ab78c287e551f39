// PLY, Stanford's polygon format 1.0: a header of text lines, then the elements it names, each with
// scalar properties and lists. Scans, maps and Gaussian splats have their points in it.
//
// Of a binary file, little-endian or big-endian, elements of scalars alone are segments of type
// kPoints up to the first element that has a list: its items differ in size, so its bytes (the
// faces of a mesh, nearly always the last element) and all behind them are bytes. Files of text are
// left to the formats of text.
#pragma once

#include "formats/format.h"

namespace pith {

const Format& ply_format();

}  // namespace pith

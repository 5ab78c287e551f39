// Tar archives: v7, ustar and pax (POSIX.1-2017, pax, "ustar Interchange Format" and "pax Extended
// Header Block") and GNU (GNU tar manual, "Basic Tar Format").
//
// Headers with their extensions (pax records, GNU long names and sparse maps) and the padding of
// entries are kMetadata. The content of an entry goes through detection like a file of its own,
// one level deeper, down to kMaxFormatDepth. The end-of-archive blocks and all that follows are
// kBytes; so is everything from a block on that is no header where one must be.
//
// Holds back at most one block of 512 bytes, besides what the segmenter of an entry holds back.
#pragma once

#include "formats/format.h"

namespace pith {

const Format& tar_format();

}  // namespace pith

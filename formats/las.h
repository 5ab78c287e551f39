// LAS, the format of laser scans from the air (ASPRS LAS Specification 1.0 to 1.4 R15): a header,
// variable length records (VLRs), points in one of eleven record formats, extended VLRs.
//
// Header and VLRs are metadata, the points one segment of type kLasPoints, anything else bytes.
// Records may be longer than their format: a VLR can name the extra bytes. A file whose header
// tells no number of points holds points up to its first extended VLR, or to its end.
#pragma once

#include "formats/format.h"

namespace pith {

const Format& las_format();

// True for the start of a LAS file whose points LASzip has compressed (.laz).
bool is_laz(ByteView head);

}  // namespace pith

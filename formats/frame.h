// Frames of a laser scanner without any header, as data sets for driving have them: records of
// three to eight little-endian floats, first x, y and z in metres from the scanner (KITTI: with
// intensity; nuScenes: with intensity and ring; Argoverse: with two more).
//
// Nothing but the numbers tells such a frame. A scanner turns in even steps and fires its lasers at
// fixed angles. So as seen from the origin most points lie one step away from one of the points
// before them, and that step is the same for all, however far away the points are. In records of
// another width, and in tensors, sound or pictures, the nearest directions lie at all distances.
//
// The whole input is points; bytes that are left over at its end are bytes. How many points come is
// not known at the front of a stream, so the layout's count is 0.
#pragma once

#include "formats/format.h"

namespace pith {

const Format& frame_format();

}  // namespace pith

// NumPy's .npy, versions 1 to 3 (numpy.lib.format): magic, length, a Python dictionary as text, one
// array. An array in Fortran order has its axes told in reverse, which is how it lies.
// Little-endian numbers become a tensor, big-endian ones a kArray; arrays of records, texts and
// objects stay bytes.
#pragma once

#include "formats/format.h"

namespace pith {

const Format& npy_format();

}  // namespace pith

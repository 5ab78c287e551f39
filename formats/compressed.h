// Inputs that are compressed already and that pith does not take apart: archives, compressed
// files, images, sound, film, fonts. The whole input is one segment of type kCompressed, so that
// no time goes into modelling what has no redundancy left.
//
// Known by their signatures, which are those of the formats' specifications and of file(1).
// A container that may also hold plain data (ZIP, LAS) counts only if it says that it does not.
#pragma once

#include "formats/format.h"

namespace pith {

const Format& compressed_format();

}  // namespace pith

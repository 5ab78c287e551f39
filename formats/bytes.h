// The format of last resort: any input at all, as one segment of type kBytes.
#pragma once

#include "formats/format.h"

namespace pith {

const Format& bytes_format();

// A segmenter that gives every byte the same type. It holds nothing back.
std::unique_ptr<Segmenter> make_uniform_segmenter(SegmentType type);

}  // namespace pith

// PCD, the Point Cloud Library's format, versions 0.5 to 0.7: a header of text lines, then the
// points as text, as records (DATA binary), or compressed by LZF (binary_compressed).
//
// Records are one segment of type kPoints; its fields follow from FIELDS, SIZE, TYPE and COUNT.
// Compressed points stay bytes, which general codecs still make smaller: LZF codes matches and
// literals without any statistics. Points as text are left to the formats of text. Zeros that PCL
// leaves behind the points are bytes.
#pragma once

#include "formats/format.h"

namespace pith {

const Format& pcd_format();

}  // namespace pith

// The filters of PNG's rows (PNG specification, section 9): each row has the filter's number in
// front and holds differences to the bytes on the left and above. A number that no filter has is
// taken for 0, "none". Any bytes can be undone and done again to the same.
#pragma once

#include "base/bytes.h"

namespace pith::array {

// `rows`: whole rows of `row` bytes, filter included; `pixel`: bytes of a pixel. `pixels` takes the
// bytes without filters. The row above the first one counts as zeros.
void undo_png_filters(ByteView rows, size_t row, size_t pixel, MutableBytes pixels);

// The other way; the filters stand in front of the rows already.
void do_png_filters(ByteView pixels, size_t row, size_t pixel, MutableBytes rows);

}  // namespace pith::array

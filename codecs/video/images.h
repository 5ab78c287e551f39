// What an encoder is given: the images of a volume's values, and the clip of their components.
#pragma once

#include "codecs/video/band_transform.h"
#include "codecs/video/payload.h"

namespace pith::video {

// The values of all bands, cells without one filled (inpaint.h). `has_value`: of each cell; a band
// of which no cell has one becomes 0.
BandValues images_of(const Arrangement& arrangement, std::span<const double> values,
                     std::span<const uint8_t> has_value);

// The clip of components, whose transform has its zeros, at a step.
Clip make_clip(const Components& components, double step, const ClipShape& shape,
               const Arrangement& arrangement);

}  // namespace pith::video

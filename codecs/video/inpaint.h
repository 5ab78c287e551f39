// Fills cells of an image that have no value so that an encoder spends little on them.
#pragma once

#include <cstdint>
#include <span>

namespace pith::video {

// `has_value`: 1 for cells with a value, of which there must be one at least. All others get one
// that goes smoothly over into those around it.
void inpaint(std::span<double> image, std::span<const uint8_t> has_value, uint32_t width,
             uint32_t height);

}  // namespace pith::video

// The pictures of `pith preview`.
#pragma once

#include <optional>

#include "cli/tools/canvas.h"
#include "cli/tools/flat_array.h"

namespace pith::cli {

// Values as a picture: the last two axes of one step along the axes before them (in `index`, zeros
// where it is shorter), with a scale. Values that are missing are grey.
Result<Canvas> draw_slice(const FlatArray& array, const std::vector<uint64_t>& index);
// The differences of two arrays of one shape, likewise.
Result<Canvas> draw_slice_error(const FlatArray& a, const FlatArray& b,
                                const std::vector<uint64_t>& index);

// The coordinates of a cloud, in the unit of the values.
struct CloudPoints {
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> z;
};
// Below: the cloud from above, by height. Above, if it lies around the origin as a scanner sees it:
// the range by direction.
Canvas draw_cloud(const CloudPoints& cloud);
// From above: how far the points of two clouds in the same order are apart, in millimetres if the
// values are metres.
Canvas draw_cloud_error(const CloudPoints& a, const CloudPoints& b);

}  // namespace pith::cli

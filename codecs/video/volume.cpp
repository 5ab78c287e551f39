#include "codecs/video/volume.h"

#include "codecs/video/clip.h"

namespace pith::video {

std::optional<Volume> volume_of(const array::Grid& grid) {
  if (grid.up == 0 || grid.rows % grid.up != 0) return std::nullopt;
  const bool is_cut = grid.first_row != 0 || grid.rows % grid.slice_rows != 0;
  const uint64_t slice_rows = is_cut ? grid.rows : grid.slice_rows;
  const uint64_t slices = grid.rows / slice_rows;
  const uint64_t height = slice_rows / grid.up;
  if (grid.cols > kLargestSide || height > kLargestSide) return std::nullopt;
  if (grid.cols < kLeastImage || height < kLeastImage) return std::nullopt;
  if (slices * grid.up > kMostFrames || grid.up > kMostBands) return std::nullopt;
  return Volume{.type = grid.type,
                .slices = static_cast<uint32_t>(slices),
                .height = static_cast<uint32_t>(height),
                .width = static_cast<uint32_t>(grid.cols),
                .bands = static_cast<uint32_t>(grid.up)};
}

bool Arrangement::is_valid() const {
  if (inner == 0 || volume.slices % inner != 0) return false;
  switch (order) {
    case Order::kSequence:
      return inner == 1;
    case Order::kBands:
      return volume.bands == 1 && inner <= kMostBands;
    case Order::kTransposed:
      return true;
  }
  return false;
}

size_t Arrangement::first_cell(uint32_t time, uint32_t band) const {
  size_t slice = time;
  if (order == Order::kTransposed) {
    const uint32_t outer = volume.slices / inner;
    slice = size_t{time % outer} * inner + time / outer;
  }
  if (order == Order::kBands) return (slice * inner + band) * volume.image();
  return (slice * volume.height * volume.bands + band) * volume.width;
}

std::vector<Arrangement> arrangements_of(const array::Variable& variable, const Volume& volume) {
  std::vector<Arrangement> found = {{.volume = volume}};
  // The axis before those of the image.
  std::vector<uint64_t> axes;
  for (const uint64_t axis : variable.shape) {
    if (axis > 1) axes.push_back(axis);
  }
  if (volume.bands > 1 && !axes.empty()) axes.pop_back();
  if (volume.bands > 1 || axes.size() < 3) return found;
  const uint64_t inner = axes[axes.size() - 3];
  if (inner > volume.slices || volume.slices % inner != 0) return found;
  const auto count = static_cast<uint32_t>(inner);
  if (count <= array::kMaxBands) {
    found.push_back({.volume = volume, .order = Order::kBands, .inner = count});
  }
  if (axes.size() > 3 && count < volume.slices) {
    found.push_back({.volume = volume, .order = Order::kTransposed, .inner = count});
  }
  return found;
}

}  // namespace pith::video

// Sequences of PNG images as arrays, and back: (time, row, column), with an axis for the channels
// if there are two or more.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "cli/tools/flat_array.h"

namespace pith::cli {

// Reports how many of how many frames are done.
using FrameProgress = std::function<void(uint64_t done, uint64_t total)>;

// The .png files of a folder in the order of their names; numbers in the names count as numbers, so
// that frame 10 comes behind frame 9.
Result<std::vector<std::string>> png_files_in(const std::string& folder);

// All frames must be alike in size, channels and depth. One frame: an array without an axis for
// time.
Result<FlatArray> read_png_frames(const std::vector<std::string>& paths,
                                  const FrameProgress& progress);

// What an array is as images. Nothing if it is none: other numbers than uint8 and uint16, or other
// axes.
struct FrameShape {
  uint64_t frames = 1;
  uint32_t height = 0;
  uint32_t width = 0;
  uint32_t channels = 1;
};
std::optional<FrameShape> frame_shape(const NumberField& field);

// `pattern`: with a %d or %0Nd for the number of the frame, counted from `first`; without one if
// there is one frame only. Each file appears complete or not at all.
Result<void> write_png_frames(const FlatArray& array, const std::string& pattern, uint64_t first,
                              bool overwrite, const FrameProgress& progress);

// True for names with a place for a number.
bool is_frame_pattern(const std::string& path);

}  // namespace pith::cli

// PNG images through libpng.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/sink.h"

namespace pith::cli {

struct Image {
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t channels = 1;  // 1 grey, 2 grey and alpha, 3 colour, 4 colour and alpha
  uint32_t depth = 8;     // bits of a sample: 8 or 16
  ByteBuffer samples;     // row by row; those of 16 bits are little-endian

  size_t row_size() const { return size_t{width} * channels * (depth / 8); }
};

// kUnsupported if pith was built without libpng.
Result<void> write_png(const Image& image, Sink& sink);
// Palettes become colour, 1 to 4 bits become 8. kDamaged for what is no PNG image.
Result<Image> read_png(const std::string& path);

}  // namespace pith::cli

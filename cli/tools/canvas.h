// A colour picture to draw on: pixels, a colour scale, and numbers beside it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "cli/tools/png_image.h"

namespace pith::cli {

using Color = std::array<uint8_t, 3>;

// A perceptually uniform map from dark blue over green to yellow, for 0 to 1 (the anchors are those
// of viridis: Smith and van der Walt, 2015, CC0).
Color map_color(double share);

class Canvas {
 public:
  Canvas(uint32_t width, uint32_t height, Color background);

  uint32_t width() const { return image_.width; }
  uint32_t height() const { return image_.height; }
  void set(uint32_t x, uint32_t y, Color color);  // outside: nothing
  void fill(uint32_t x, uint32_t y, uint32_t w, uint32_t h, Color color);
  // Digits, letters of numbers and units (e k m u d B) and signs, 6 x 8 pixels each; others are
  // blank.
  void text(uint32_t x, uint32_t y, std::string_view text, Color color);
  // A bar from `low` below to `high` above with five numbers on its right; `unit` behind them.
  // Takes 16 pixels and the numbers' width.
  void scale_bar(uint32_t x, uint32_t y, uint32_t h, double low, double high,
                 std::string_view unit);

  const Image& image() const { return image_; }

 private:
  Image image_;
};

// Width that scale_bar() needs.
inline constexpr uint32_t kScaleBarWidth = 96;

}  // namespace pith::cli

#include "cli/tools/canvas.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace pith::cli {
namespace {

constexpr Color kInk = {32, 32, 32};
constexpr uint32_t kBarWidth = 16;
constexpr uint32_t kGlyphWidth = 6;
constexpr uint32_t kGlyphHeight = 8;

// Seven rows of five pixels, the leftmost in the highest bit.
struct Glyph {
  char character;
  std::array<uint8_t, 7> rows;
};
constexpr std::array<Glyph, 22> kGlyphs = {{
    {'0', {14, 17, 19, 21, 25, 17, 14}}, {'1', {4, 12, 4, 4, 4, 4, 14}},
    {'2', {14, 17, 1, 6, 8, 16, 31}},    {'3', {31, 2, 4, 2, 1, 17, 14}},
    {'4', {2, 6, 10, 18, 31, 2, 2}},     {'5', {31, 16, 30, 1, 1, 17, 14}},
    {'6', {6, 8, 16, 30, 17, 17, 14}},   {'7', {31, 1, 2, 4, 8, 8, 8}},
    {'8', {14, 17, 17, 14, 17, 17, 14}}, {'9', {14, 17, 17, 15, 1, 2, 12}},
    {'.', {0, 0, 0, 0, 0, 12, 12}},      {'-', {0, 0, 0, 31, 0, 0, 0}},
    {'+', {0, 4, 4, 31, 4, 4, 0}},       {'e', {0, 0, 14, 17, 31, 16, 14}},
    {'k', {16, 16, 18, 20, 24, 20, 18}}, {'m', {0, 0, 26, 21, 21, 21, 21}},
    {'u', {0, 0, 17, 17, 17, 19, 13}},   {'d', {1, 1, 13, 19, 17, 19, 13}},
    {'B', {30, 17, 17, 30, 17, 17, 30}}, {'i', {4, 0, 12, 4, 4, 4, 14}},
    {'n', {0, 0, 22, 25, 17, 17, 17}},   {'f', {6, 9, 8, 28, 8, 8, 8}},
}};

}  // namespace

Color map_color(double share) {
  static constexpr std::array<Color, 9> kAnchors = {{{68, 1, 84},
                                                     {71, 45, 123},
                                                     {59, 82, 139},
                                                     {44, 114, 142},
                                                     {33, 145, 140},
                                                     {40, 174, 128},
                                                     {94, 201, 98},
                                                     {173, 220, 48},
                                                     {253, 231, 37}}};
  const double place = std::clamp(share, 0.0, 1.0) * (kAnchors.size() - 1);
  const auto below = std::min(static_cast<size_t>(place), kAnchors.size() - 2);
  const double weight = place - static_cast<double>(below);
  Color color{};
  for (size_t i = 0; i < 3; ++i) {
    color[i] = static_cast<uint8_t>(kAnchors[below][i] * (1 - weight) +
                                    kAnchors[below + 1][i] * weight + 0.5);
  }
  return color;
}

Canvas::Canvas(uint32_t width, uint32_t height, Color background)
    : image_{.width = width, .height = height, .channels = 3, .depth = 8, .samples = {}} {
  image_.samples.resize(image_.row_size() * height);
  fill(0, 0, width, height, background);
}

void Canvas::set(uint32_t x, uint32_t y, Color color) {
  if (x >= image_.width || y >= image_.height) return;
  std::byte* const pixel = &image_.samples[y * image_.row_size() + size_t{3} * x];
  for (size_t i = 0; i < 3; ++i) pixel[i] = static_cast<std::byte>(color[i]);
}

void Canvas::fill(uint32_t x, uint32_t y, uint32_t w, uint32_t h, Color color) {
  for (uint32_t v = y; v < y + h; ++v) {
    for (uint32_t u = x; u < x + w; ++u) set(u, v, color);
  }
}

void Canvas::text(uint32_t x, uint32_t y, std::string_view text, Color color) {
  for (const char c : text) {
    const auto* const glyph = std::find_if(kGlyphs.begin(), kGlyphs.end(),
                                           [c](const Glyph& g) { return g.character == c; });
    if (glyph != kGlyphs.end()) {
      for (uint32_t row = 0; row < glyph->rows.size(); ++row) {
        for (uint32_t column = 0; column < 5; ++column) {
          if ((glyph->rows[row] >> (4 - column) & 1) != 0) set(x + column, y + row, color);
        }
      }
    }
    x += kGlyphWidth;
  }
}

void Canvas::scale_bar(uint32_t x, uint32_t y, uint32_t h, double low, double high,
                       std::string_view unit) {
  constexpr uint32_t kNumbers = 5;
  h = std::max(h, 2 * kGlyphHeight);
  for (uint32_t v = 0; v < h; ++v) {
    fill(x, y + v, kBarWidth, 1, map_color(1 - static_cast<double>(v) / (h - 1)));
  }
  for (uint32_t i = 0; i < kNumbers; ++i) {
    const double share = static_cast<double>(i) / (kNumbers - 1);
    const std::string label = fmt::format("{:.4g}{}", high + (low - high) * share, unit);
    const auto at = static_cast<uint32_t>(share * (h - kGlyphHeight));
    text(x + kBarWidth + 4, y + at, label, kInk);
  }
}

}  // namespace pith::cli

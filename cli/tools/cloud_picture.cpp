#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>

#include "cli/tools/pictures.h"

namespace pith::cli {
namespace {

constexpr uint32_t kTopSide = 640;
constexpr uint32_t kRangeWidth = 1024;
constexpr uint32_t kRangeHeight = 128;
constexpr uint32_t kMargin = 8;
constexpr Color kPaper = {255, 255, 255};
constexpr Color kDark = {20, 20, 24};

// Bounds that leave out strays: those of all but two in a thousand.
struct Bounds {
  double low = 0;
  double high = 1;
  double share(double value) const { return high > low ? (value - low) / (high - low) : 0; }
};

Bounds bounds_of(std::vector<double> values) {
  std::erase_if(values, [](double v) { return !std::isfinite(v); });
  if (values.empty()) return {};
  const auto cut = static_cast<ptrdiff_t>(values.size() / 1000);
  const auto low = values.begin() + cut;
  std::nth_element(values.begin(), low, values.end());
  const double least = *low;
  const auto high = values.end() - 1 - cut;
  std::nth_element(values.begin(), high, values.end());
  return {.low = least, .high = *high};
}

// The largest shade of each pixel, seen from above.
class TopView {
 public:
  explicit TopView(const CloudPoints& cloud)
      : x_(bounds_of(cloud.x)), y_(bounds_of(cloud.y)), shades_(size_t{kTopSide} * kTopSide, -1) {
    const double side = std::max({x_.high - x_.low, y_.high - y_.low, 1e-9});
    per_pixel_ = side / (kTopSide - 1);
  }
  void add(double x, double y, double shade) {
    const double u = (x - x_.low) / per_pixel_;
    const double v = (y_.high - y) / per_pixel_;
    if (!(u >= 0 && u < kTopSide && v >= 0 && v < kTopSide)) return;
    double& place = shades_[static_cast<size_t>(v) * kTopSide + static_cast<size_t>(u)];
    place = std::max(place, std::clamp(shade, 0.0, 1.0));
  }
  void draw(Canvas& canvas, uint32_t left, uint32_t top) const {
    for (uint32_t v = 0; v < kTopSide; ++v) {
      for (uint32_t u = 0; u < kTopSide; ++u) {
        const double shade = shades_[size_t{v} * kTopSide + u];
        canvas.set(left + u, top + v, shade < 0 ? kDark : map_color(shade));
      }
    }
  }

 private:
  Bounds x_;
  Bounds y_;
  double per_pixel_ = 1;
  std::vector<double> shades_;
};

// Points all around the origin: the frame of a scanner.
bool is_scan(const CloudPoints& cloud) {
  std::array<size_t, 8> sectors{};
  for (size_t i = 0; i < cloud.x.size(); ++i) {
    const double turn = std::atan2(cloud.y[i], cloud.x[i]) / (2 * std::numbers::pi) + 0.5;
    if (std::isfinite(turn)) ++sectors[std::min<size_t>(7, static_cast<size_t>(turn * 8))];
  }
  return static_cast<size_t>(std::count_if(sectors.begin(), sectors.end(),
                                           [&](size_t n) { return n > cloud.x.size() / 80; })) >= 6;
}

void draw_ranges(const CloudPoints& cloud, Canvas& canvas, uint32_t left, uint32_t top) {
  std::vector<double> ranges;
  std::vector<double> elevations;
  for (size_t i = 0; i < cloud.x.size(); ++i) {
    const double flat = std::hypot(cloud.x[i], cloud.y[i]);
    ranges.push_back(std::hypot(flat, cloud.z[i]));
    elevations.push_back(std::atan2(cloud.z[i], flat));
  }
  const Bounds range = bounds_of(ranges);
  const Bounds elevation = bounds_of(elevations);
  canvas.fill(left, top, kRangeWidth, kRangeHeight, kDark);
  for (size_t i = 0; i < ranges.size(); ++i) {
    const double turn = 0.5 - std::atan2(cloud.y[i], cloud.x[i]) / (2 * std::numbers::pi);
    const double up = 1 - elevation.share(elevations[i]);
    if (!(turn >= 0 && turn <= 1 && up >= 0 && up <= 1)) continue;
    canvas.set(left + static_cast<uint32_t>(turn * (kRangeWidth - 1)),
               top + static_cast<uint32_t>(up * (kRangeHeight - 1)),
               map_color(range.share(ranges[i])));
  }
  canvas.scale_bar(left + kRangeWidth + kMargin, top, kRangeHeight, range.low, range.high, "m");
}

}  // namespace

Canvas draw_cloud(const CloudPoints& cloud) {
  const bool scan = is_scan(cloud);
  const uint32_t top = scan ? kRangeHeight + 2 * kMargin : kMargin;
  const uint32_t width = scan ? kRangeWidth : kTopSide;
  Canvas canvas(width + kScaleBarWidth + 3 * kMargin, top + kTopSide + kMargin, kPaper);
  if (scan) draw_ranges(cloud, canvas, kMargin, kMargin);
  const Bounds height = bounds_of(cloud.z);
  TopView view(cloud);
  for (size_t i = 0; i < cloud.x.size(); ++i) {
    view.add(cloud.x[i], cloud.y[i], height.share(cloud.z[i]));
  }
  view.draw(canvas, kMargin, top);
  canvas.scale_bar(kMargin + kTopSide + kMargin, top, kTopSide, height.low, height.high, "m");
  return canvas;
}

Canvas draw_cloud_error(const CloudPoints& a, const CloudPoints& b) {
  constexpr double kMillimetres = 1000;
  std::vector<double> errors;
  double largest = 0;
  const size_t count = std::min(a.x.size(), b.x.size());
  for (size_t i = 0; i < count; ++i) {
    const double error =
        std::hypot(a.x[i] - b.x[i], a.y[i] - b.y[i], a.z[i] - b.z[i]) * kMillimetres;
    errors.push_back(std::isfinite(error) ? error : 0);
    largest = std::max(largest, errors.back());
  }
  Canvas canvas(kTopSide + kScaleBarWidth + 3 * kMargin, kTopSide + 2 * kMargin, kPaper);
  TopView view(a);
  for (size_t i = 0; i < count; ++i) {
    view.add(a.x[i], a.y[i], largest > 0 ? errors[i] / largest : 0);
  }
  view.draw(canvas, kMargin, kMargin);
  canvas.scale_bar(kTopSide + 2 * kMargin, kMargin, kTopSide, 0, largest, "mm");
  return canvas;
}

}  // namespace pith::cli

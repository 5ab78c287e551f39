#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "cli/tools/pictures.h"

namespace pith::cli {
namespace {

constexpr uint64_t kLargestSide = 2048;
constexpr uint32_t kSmallestSide = 256;  // small slices are drawn with larger pixels
constexpr uint32_t kMargin = 8;
constexpr Color kPaper = {255, 255, 255};
constexpr Color kMissing = {190, 190, 190};
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct Slice {
  uint64_t rows = 1;
  uint64_t columns = 1;
  std::vector<double> values;  // not a number: missing
};

Result<Slice> read_slice(const FlatArray& array, const std::vector<uint64_t>& index) {
  const NumberField& field = array.field;
  Slice slice;
  const size_t axes = field.shape.size();
  slice.columns = field.shape.back();
  if (axes > 1) slice.rows = field.shape[axes - 2];
  uint64_t first = 0;
  for (size_t axis = 0; axis + 2 < axes; ++axis) {
    const uint64_t at = axis < index.size() ? index[axis] : 0;
    if (at >= field.shape[axis]) {
      return fail(ErrorCode::kUsage, fmt::format("axis {} has {} steps", axis, field.shape[axis]));
    }
    first = first * field.shape[axis] + at;
  }
  const uint64_t count = slice.rows * slice.columns;
  const size_t size = field.format.size();
  ByteBuffer bytes(count * size);
  PITH_TRY(array.read(first * count, bytes));
  for (uint64_t i = 0; i < count; ++i) {
    const std::byte* const at = &bytes[i * size];
    const bool is_fill = std::find(field.fills.begin(), field.fills.end(),
                                   load_bits(at, field.format)) != field.fills.end();
    const double value = load_number(at, field.format);
    const bool packed = !field.format.is_float();
    slice.values.push_back(is_fill || !std::isfinite(value) ? kNone
                           : packed                         ? value * field.scale + field.add
                                                            : value);
  }
  return slice;
}

Canvas draw(const Slice& slice) {
  double low = HUGE_VAL;
  double high = -HUGE_VAL;
  for (const double value : slice.values) {
    if (std::isnan(value)) continue;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  if (low > high) low = high = 0;
  const uint64_t skip = (std::max(slice.rows, slice.columns) + kLargestSide - 1) / kLargestSide;
  const auto columns = static_cast<uint32_t>((slice.columns + skip - 1) / skip);
  const auto rows = static_cast<uint32_t>((slice.rows + skip - 1) / skip);
  const uint32_t zoom = std::max(1U, kSmallestSide / std::max(std::max(rows, columns), 1U));
  const uint32_t height = std::max(rows * zoom, kSmallestSide / 2);
  Canvas canvas(columns * zoom + kScaleBarWidth + 3 * kMargin, height + 2 * kMargin, kPaper);
  for (uint32_t y = 0; y < rows; ++y) {
    for (uint32_t x = 0; x < columns; ++x) {
      const double value = slice.values[y * skip * slice.columns + x * skip];
      const double share = high > low ? (value - low) / (high - low) : 0;
      canvas.fill(kMargin + x * zoom, kMargin + y * zoom, zoom, zoom,
                  std::isnan(value) ? kMissing : map_color(share));
    }
  }
  canvas.scale_bar(columns * zoom + 2 * kMargin, kMargin, height, low, high, "");
  return canvas;
}

}  // namespace

Result<Canvas> draw_slice(const FlatArray& array, const std::vector<uint64_t>& index) {
  PITH_ASSIGN(const Slice slice, read_slice(array, index));
  return draw(slice);
}

Result<Canvas> draw_slice_error(const FlatArray& a, const FlatArray& b,
                                const std::vector<uint64_t>& index) {
  if (a.field.shape != b.field.shape) {
    return fail(ErrorCode::kUsage, "the variables have different shapes");
  }
  PITH_ASSIGN(Slice slice, read_slice(a, index));
  PITH_ASSIGN(const Slice other, read_slice(b, index));
  for (size_t i = 0; i < slice.values.size(); ++i) {
    slice.values[i] = std::fabs(slice.values[i] - other.values[i]);
  }
  return draw(slice);
}

}  // namespace pith::cli

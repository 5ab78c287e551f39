#include "container/point_order.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>
#include <optional>
#include <vector>

#include "base/number.h"

namespace pith {
namespace {

constexpr uint32_t kCurveBits = 21;  // of each axis
constexpr uint64_t kLastKey = UINT64_MAX;

// The whole records of a segment.
struct Points {
  const PointLayout& layout;
  size_t first = 0;  // byte
  size_t count = 0;

  explicit Points(const Segment& segment) : layout(*segment.layout.points) {
    const uint64_t record = layout.record_size;
    first = static_cast<size_t>((record - segment.layout.offset % record) % record);
    count = first < segment.size ? static_cast<size_t>((segment.size - first) / record) : 0;
  }
  size_t place(size_t i) const { return first + i * layout.record_size; }
};

// The field of a role, if there is exactly one.
const PointField* field_of(const PointLayout& layout, FieldRole role) {
  const PointField* found = nullptr;
  for (const PointField& field : layout.fields) {
    if (field.role != role) continue;
    if (found != nullptr) return nullptr;
    if (uint64_t{field.offset} + number_size(field.type) <= layout.record_size) found = &field;
  }
  return found;
}

std::vector<double> values_of(ByteView bytes, const Points& points, const PointField& field) {
  const NumberFormat format{.type = field.type, .big_endian = points.layout.big_endian};
  std::vector<double> values(points.count);
  for (size_t i = 0; i < points.count; ++i) {
    values[i] = load_number(&bytes[points.place(i) + field.offset], format);
  }
  return values;
}

// The place on a Hilbert curve, by the algorithm of J. Skilling ("Programming the Hilbert curve",
// 2004).
uint64_t place_on_curve(std::array<uint32_t, 3> x) {
  constexpr uint32_t kTop = 1U << (kCurveBits - 1);
  for (uint32_t q = kTop; q > 1; q >>= 1) {
    const uint32_t p = q - 1;
    for (uint32_t& axis : x) {
      if ((axis & q) != 0) {
        x[0] ^= p;
      } else {
        const uint32_t t = (x[0] ^ axis) & p;
        x[0] ^= t;
        axis ^= t;
      }
    }
  }
  x[1] ^= x[0];
  x[2] ^= x[1];
  uint32_t t = 0;
  for (uint32_t q = kTop; q > 1; q >>= 1) {
    if ((x[2] & q) != 0) t ^= q - 1;
  }
  for (uint32_t& axis : x) axis ^= t;
  uint64_t place = 0;
  for (uint32_t bit = kCurveBits; bit-- > 0;) {
    for (const uint32_t axis : x) place = place << 1 | (axis >> bit & 1);
  }
  return place;
}

std::optional<std::vector<uint64_t>> curve_keys(ByteView bytes, const Points& points) {
  std::array<std::vector<double>, 3> axes;
  std::array<double, 3> least{};
  double extent = 0;
  for (size_t axis = 0; axis < 3; ++axis) {
    const auto role = static_cast<FieldRole>(static_cast<size_t>(FieldRole::kX) + axis);
    const PointField* field = field_of(points.layout, role);
    if (field == nullptr) return std::nullopt;
    axes[axis] = values_of(bytes, points, *field);
    double low = HUGE_VAL;
    double high = -HUGE_VAL;
    for (double& value : axes[axis]) {
      value *= points.layout.scale[axis];
      if (!std::isfinite(value)) continue;
      low = std::min(low, value);
      high = std::max(high, value);
    }
    least[axis] = low;
    if (high >= low) extent = std::max(extent, high - low);
  }
  if (!(extent > 0) || !std::isfinite(extent)) return std::nullopt;
  const double scale = ((1U << kCurveBits) - 1) / extent;
  std::vector<uint64_t> keys(points.count);
  for (size_t i = 0; i < points.count; ++i) {
    std::array<uint32_t, 3> cell{};
    bool placed = true;
    for (size_t axis = 0; axis < 3; ++axis) {
      const double at = (axes[axis][i] - least[axis]) * scale;
      placed = placed && at >= 0 && at < (1U << kCurveBits);
      if (placed) cell[axis] = static_cast<uint32_t>(at);
    }
    keys[i] = placed ? place_on_curve(cell) : kLastKey;
  }
  return keys;
}

std::optional<std::vector<uint64_t>> time_keys(ByteView bytes, const Points& points) {
  const PointField* field = field_of(points.layout, FieldRole::kTime);
  if (field == nullptr) return std::nullopt;
  const std::vector<double> times = values_of(bytes, points, *field);
  std::vector<uint64_t> keys(points.count);
  for (size_t i = 0; i < points.count; ++i) {
    // Bit patterns of doubles, so that they are in the order of the values.
    const auto pattern = std::bit_cast<uint64_t>(times[i]);
    const uint64_t sign = uint64_t{1} << 63;
    keys[i] = std::isnan(times[i]) ? kLastKey : (pattern & sign) != 0 ? ~pattern : pattern | sign;
  }
  return keys;
}

}  // namespace

uint64_t free_points(const Segment& segment) {
  const PointLayout* layout = segment.layout.points.get();
  if (layout == nullptr || segment.layout.sealed || layout->numbered || layout->width > 0) return 0;
  return Points(segment).count;
}

bool sort_points(MutableBytes bytes, const Segment& segment, PointOrder order) {
  if (free_points(segment) < 2) return false;
  const Points points(segment);
  const auto keys =
      order == PointOrder::kCurve ? curve_keys(bytes, points) : time_keys(bytes, points);
  if (!keys || std::is_sorted(keys->begin(), keys->end())) return false;
  std::vector<uint32_t> from(points.count);
  std::iota(from.begin(), from.end(), 0U);
  std::stable_sort(from.begin(), from.end(),
                   [&](uint32_t a, uint32_t b) { return (*keys)[a] < (*keys)[b]; });
  const size_t record = points.layout.record_size;
  ByteBuffer before;
  before.append(bytes.subspan(points.first, points.count * record));
  for (size_t i = 0; i < points.count; ++i) {
    std::copy_n(&before[from[i] * record], record, &bytes[points.place(i)]);
  }
  return true;
}

}  // namespace pith

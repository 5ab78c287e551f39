#include "formats/frame.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <string>

#include "formats/header_segmenter.h"
#include "formats/points.h"

namespace pith {
namespace {

// Surer than a signature of two bytes, which numbers may have by chance.
constexpr int kFrameScore = 85;

constexpr size_t kFewestFloats = 3;
constexpr size_t kMostFloats = 8;
constexpr size_t kFewestPoints = 256;

// The numbers that a scanner measures. Integers and texts, read as floats, are mostly tinier or
// larger.
constexpr double kFarthest = 4096;     // metres
constexpr double kLargest = 0x1p40;    // of fields behind the coordinates: times
constexpr double kSmallest = 0x1p-60;  // but 0
constexpr double kSmallestExtent = 2;  // metres

// A point's direction is compared with those of so many points before it: of some columns of a
// scanner with 32 or 64 lasers.
constexpr size_t kWindow = 128;
constexpr size_t kTests = 1024;
constexpr size_t kFewestSteps = kTests / 8;
// Squares of the distances between unit vectors: 0.01 degrees (below, there is no step: the same
// direction again, or no return) and 2.5 degrees.
constexpr float kSmallestStep = 0x1p-25F;
constexpr float kLargestStep = 0x1p-9F;

struct Direction {
  double x = 0;
  double y = 0;
  double z = 0;
};

float float_at(ByteView head, size_t number) {
  uint32_t bits = 0;
  for (size_t i = 0; i < 4; ++i) bits |= static_cast<uint32_t>(head[4 * number + i]) << (8 * i);
  return std::bit_cast<float>(bits);
}

bool is_measured(double value, double largest) {
  const double size = std::fabs(value);
  return value == 0 || (size >= kSmallest && size <= largest);
}

// Where the points of the head lie, in records of `floats` numbers, as seen from the origin: every
// `every`th, up from the last of the first ones. Points at the origin and those that are no numbers
// are left out. Empty if these are no such records.
std::vector<Direction> directions_of(ByteView head, size_t floats, size_t every) {
  const size_t points = head.size() / 4 / floats;
  std::vector<Direction> directions;
  double extent = 0;
  for (size_t i = every - 1; i < points; i += every) {
    std::array<double, 3> p{};
    for (size_t j = 0; j < floats; ++j) {
      const double value = float_at(head, i * floats + j);
      if (j < p.size()) p[j] = value;
      const bool is_missing = std::isnan(value) && j < p.size();
      if (!is_missing && !is_measured(value, j < p.size() ? kFarthest : kLargest)) return {};
    }
    const double range = std::sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]);
    if (!(range > 0)) continue;
    extent = std::max(extent, range);
    directions.push_back({p[0] / range, p[1] / range, p[2] / range});
  }
  if (extent < kSmallestExtent || directions.size() < kFewestPoints) return {};
  return directions;
}

// Squares of the distances from points, evenly chosen, to the nearest of the kWindow points before.
std::vector<float> steps_between(const std::vector<Direction>& directions) {
  std::vector<float> x, y, z;
  for (const Direction& direction : directions) {
    x.push_back(static_cast<float>(direction.x));
    y.push_back(static_cast<float>(direction.y));
    z.push_back(static_cast<float>(direction.z));
  }
  const size_t stride = (directions.size() + kTests - 1) / kTests;
  std::vector<float> steps;
  for (size_t i = kWindow; i < directions.size(); i += stride) {
    // Sizes of numbers that are not negative are in the order of their bits.
    std::array<int32_t, kWindow> squares;
    for (size_t k = 0; k < kWindow; ++k) {
      const float dx = x[i] - x[i - kWindow + k];
      const float dy = y[i] - y[i - kWindow + k];
      const float dz = z[i] - z[i - kWindow + k];
      squares[k] = std::bit_cast<int32_t>(dx * dx + dy * dy + dz * dz);
    }
    int32_t nearest = squares[0];
    for (const int32_t square : squares) nearest = square < nearest ? square : nearest;
    steps.push_back(std::bit_cast<float>(nearest));
  }
  return steps;
}

// True if the head may be records of `floats` numbers from a scanner, of which only every `every`th
// is looked at: five of eight steps are the same up to a factor of 1.4. (The heads of frames at
// hand have 75 % and more; records that are cut at a wrong width have up to 57 %, directions by
// chance 47 %, other files with such small steps not even 40 %.)
bool is_scan(ByteView head, size_t floats, size_t every) {
  const std::vector<Direction> directions = directions_of(head, floats, every);
  if (directions.empty()) return false;
  std::vector<float> steps = steps_between(directions);
  const size_t tests = steps.size();
  std::erase_if(steps, [](float step) { return step < kSmallestStep; });
  if (steps.size() < kFewestSteps || 4 * steps.size() < tests) return false;
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(steps.size() / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  const float median = *middle;
  if (median > kLargestStep) return false;
  const auto alike = std::count_if(steps.begin(), steps.end(), [&](float step) {
    return 2 * step >= median && step <= 2 * median;
  });
  return 8 * static_cast<size_t>(alike) >= 5 * steps.size();
}

// Numbers in a record; 0 if the head is none of a frame. Two records together look like one, so the
// shortest counts. And a long record may look like two: then every second of them is no point.
size_t floats_of(ByteView head) {
  head = head.first(std::min(head.size(), kDetectSize));
  for (size_t floats = kFewestFloats; floats <= kMostFloats; ++floats) {
    if (!is_scan(head, floats, 1)) continue;
    if (2 * floats > kMostFloats || is_scan(head, floats, 2)) return floats;
  }
  return 0;
}

// True if the column holds numbers of lasers: small integers, not all the same.
bool is_ring(ByteView head, size_t floats, size_t column) {
  constexpr float kMostLasers = 256;
  bool differs = false;
  for (size_t i = 0; i < head.size() / 4 / floats; ++i) {
    const float value = float_at(head, i * floats + column);
    if (!(value >= 0 && value < kMostLasers) || value != std::floor(value)) return false;
    differs = differs || value != float_at(head, column);
  }
  return differs;
}

HeaderParse parse(ByteView head, ExtentMap& map) {
  const size_t floats = floats_of(head);
  if (floats == 0) return {};
  static constexpr std::array<std::string_view, 4> kNames = {"x", "y", "z", "intensity"};
  RecordBuilder record;
  for (size_t i = 0; i < floats; ++i) {
    if (i < kNames.size()) {
      record.add(kNames[i], NumberType::kF32);
    } else if (i == kNames.size() && is_ring(head, floats, i)) {
      record.add("ring", NumberType::kF32);
    } else {
      record.add(std::to_string(i), NumberType::kF32);
    }
  }
  PointLayout layout;
  layout.record_size = static_cast<uint32_t>(record.size());
  layout.fields = record.take_fields();
  add_cloud(map, 0, std::move(layout));
  return {.status = HeaderParse::Status::kDone, .size = 0};
}

class FrameFormat : public Format {
 public:
  std::string_view name() const override { return "frame"; }

  int detect(ByteView head, bool) const override { return floats_of(head) == 0 ? 0 : kFrameScore; }

  std::span<const SegmentType> types() const override { return point_file_types(); }

  std::unique_ptr<Segmenter> make_segmenter(const SegmenterOptions& options) const override {
    return make_header_segmenter(parse, kDetectSize, options);
  }
};

}  // namespace

const Format& frame_format() {
  static const FrameFormat format;
  return format;
}

}  // namespace pith

#include "formats/points.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace pith {
namespace {

// As ExtentMap has it: no file is larger.
constexpr uint64_t kMaxCloud = uint64_t{1} << 60;

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

}  // namespace

FieldRole role_of(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, FieldRole>, 32> kRoles = {{
      {"x", FieldRole::kX},
      {"y", FieldRole::kY},
      {"z", FieldRole::kZ},
      {"intensity", FieldRole::kIntensity},
      {"intensities", FieldRole::kIntensity},
      {"i", FieldRole::kIntensity},
      {"reflectivity", FieldRole::kIntensity},
      {"reflectance", FieldRole::kIntensity},
      {"remission", FieldRole::kIntensity},
      {"scalar_intensity", FieldRole::kIntensity},
      {"ring", FieldRole::kRing},
      {"channel", FieldRole::kRing},
      {"laser", FieldRole::kRing},
      {"laser_id", FieldRole::kRing},
      {"laser_number", FieldRole::kRing},
      {"line", FieldRole::kRing},
      {"t", FieldRole::kTime},
      {"time", FieldRole::kTime},
      {"timestamp", FieldRole::kTime},
      {"time_stamp", FieldRole::kTime},
      {"offset_time", FieldRole::kTime},
      {"time_offset", FieldRole::kTime},
      {"gps_time", FieldRole::kTime},
      {"gpstime", FieldRole::kTime},
      {"rgb", FieldRole::kColor},
      {"rgba", FieldRole::kColor},
      {"red", FieldRole::kColor},
      {"green", FieldRole::kColor},
      {"blue", FieldRole::kColor},
      {"alpha", FieldRole::kColor},
      {"r", FieldRole::kColor},
      {"nir", FieldRole::kColor},
  }};
  std::string small(name.substr(0, 32));
  std::transform(small.begin(), small.end(), small.begin(), lower);
  for (const auto& [known, role] : kRoles) {
    if (known == small) return role;
  }
  return small == "g" || small == "b" ? FieldRole::kColor : FieldRole::kOther;
}

void RecordBuilder::add(std::string_view name, NumberType type, std::optional<FieldRole> role) {
  if (size_ < kMaxRecord && fields_.size() < kMaxFields) {
    fields_.push_back({.name = std::string(name),
                       .type = type,
                       .role = role.value_or(role_of(name)),
                       .offset = static_cast<uint32_t>(size_)});
  }
  pass(number_size(type));
}

void RecordBuilder::add_many(std::string_view name, NumberType type, uint64_t count) {
  if (count == 1) return add(name, type);
  if (count > kMaxRecord) return pass(kMaxRecord + 1);
  for (uint64_t i = 0; i < count; ++i) {
    add(fmt::format("{}[{}]", name, i), type, role_of(name));
  }
}

void RecordBuilder::pass(uint64_t size) {
  size_ += std::min(size, kMaxRecord + 1 - std::min(size_, kMaxRecord + 1));
}

void add_cloud(ExtentMap& map, uint64_t offset, PointLayout layout, uint64_t end) {
  if (layout.record_size == 0 || layout.record_size > kMaxRecord || offset > kMaxCloud) return;
  const uint64_t last = end == 0 ? kMaxCloud : std::min(end, kMaxCloud);
  const uint64_t room = (last - std::min(offset, last)) / layout.record_size;
  if (room == 0) return;
  if (layout.count > room || (layout.count == 0 && end != 0)) layout.count = room;
  const uint64_t points = layout.count == 0 ? room : layout.count;
  if (layout.width > points) layout.width = 0;
  Segment segment{.size = points * layout.record_size,
                  .type = layout.las_format >= 0 ? SegmentType::kLasPoints : SegmentType::kPoints,
                  .layout = {}};
  segment.layout.points = std::make_shared<const PointLayout>(std::move(layout));
  map.add(offset, std::move(segment));
}

std::span<const SegmentType> point_file_types() {
  static constexpr std::array kTypes = {SegmentType::kBytes, SegmentType::kMetadata,
                                        SegmentType::kPoints};
  return kTypes;
}

}  // namespace pith

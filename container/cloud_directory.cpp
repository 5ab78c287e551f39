#include "container/cloud_directory.h"

#include <algorithm>

#include "container/content.h"
#include "container/content_walk.h"

namespace pith {
namespace {

// Elements of PLY may be anything: cameras, faces.
bool has_places(const PointLayout& layout) {
  const auto has = [&](FieldRole role) {
    return std::any_of(layout.fields.begin(), layout.fields.end(),
                       [&](const PointField& field) { return field.role == role; });
  };
  return has(FieldRole::kX) && has(FieldRole::kY) && has(FieldRole::kZ);
}

}  // namespace

uint64_t CloudDirectory::points() const {
  uint64_t sum = 0;
  for (const CloudEntry& cloud : clouds) sum += cloud.points();
  return sum;
}

std::vector<ContentRange> CloudDirectory::ranges(uint64_t first, uint64_t count) const {
  std::vector<ContentRange> found;
  for (const CloudEntry& cloud : clouds) {
    const uint64_t skipped = std::min(first, cloud.points());
    const uint64_t taken = std::min(count, cloud.points() - skipped);
    const uint64_t record = cloud.layout->record_size;
    if (taken > 0) found.push_back({cloud.offset + skipped * record, taken * record});
    first -= skipped;
    count -= taken;
  }
  return found;
}

Result<CloudDirectory> find_clouds_in(const RandomAccess& content) {
  CloudDirectory directory;
  const auto visit = [&](const Segment& segment, uint64_t position) {
    const auto& layout = segment.layout.points;
    if (layout == nullptr || !has_places(*layout)) return;
    if (segment.layout.offset == 0) {
      directory.clouds.push_back({.layout = layout, .offset = position});
    }
    if (!directory.clouds.empty() && directory.clouds.back().layout == layout) {
      directory.clouds.back().size += segment.size;
    }
  };
  PITH_ASSIGN(directory.format, walk_segments(content, visit));
  return directory;
}

Result<CloudDirectory> read_cloud_directory(const RandomAccess& file, uint64_t memory_limit,
                                            const BaseFile* base) {
  PITH_ASSIGN(const auto content, CodedContent::open(file, memory_limit, base));
  PITH_ASSIGN(CloudDirectory directory, find_clouds_in(*content));
  directory.blocks = content->decoded();
  return directory;
}

}  // namespace pith

// What the formats of point clouds share: records built field by field, and what the names of
// fields mean.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/segment.h"
#include "formats/extent_map.h"

namespace pith {

// Bytes of the longest record; a LAS file cannot name a longer one.
inline constexpr uint64_t kMaxRecord = 65535;
// Fields behind that many get no meaning.
inline constexpr size_t kMaxFields = 2048;

// The role of a field by the name that scanners and libraries give it, in any case of letters.
FieldRole role_of(std::string_view name);

// Builds the record of a cloud from the front to the back.
class RecordBuilder {
 public:
  // A field behind what is there; its role follows from the name unless it is given.
  void add(std::string_view name, NumberType type, std::optional<FieldRole> role = std::nullopt);
  // `count` fields of one name: name[0], name[1] … One alone has no number.
  void add_many(std::string_view name, NumberType type, uint64_t count);
  // Bytes without a known meaning.
  void pass(uint64_t size);

  uint64_t size() const { return size_; }  // may be above kMaxRecord: then there is no such record
  std::vector<PointField> take_fields() { return std::move(fields_); }

 private:
  std::vector<PointField> fields_;
  uint64_t size_ = 0;
};

// Adds a cloud at `offset` in the file, from its layout with record size and count. A count of 0
// reaches to the end of the file, unless `end` (0: not told) says where that is. A cloud does not
// reach beyond `end`. Passed over if no record has such a size or nothing is left.
void add_cloud(ExtentMap& map, uint64_t offset, PointLayout layout, uint64_t end = 0);

// Types that a file of points may have.
std::span<const SegmentType> point_file_types();

}  // namespace pith

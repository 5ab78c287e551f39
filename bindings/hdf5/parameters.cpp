#include "bindings/hdf5/parameters.h"

#include "base/layout.h"

namespace pith::hdf5 {
namespace {

constexpr unsigned kVersion = 1;
constexpr size_t kFixedValues = 4;  // level, version, number, count of axes

// The value that describes the number: its type and these.
constexpr unsigned kBytes = 0xFF;  // in place of a type
constexpr unsigned kTypeMask = 0xFF;
constexpr unsigned kBigEndian = 0x100;
constexpr unsigned kShuffled = 0x200;
constexpr unsigned kHasFill = 0x400;

std::optional<ArrayLayout> read_array(std::span<const unsigned> values) {
  if (values.size() < kFixedValues || values[1] != kVersion) return std::nullopt;
  const unsigned number = values[2];
  const size_t axes = values[3];
  if ((number & kTypeMask) >= static_cast<unsigned>(kNumberTypes)) return std::nullopt;
  const size_t fill_values = (number & kHasFill) != 0 ? 2 : 0;
  values = values.subspan(kFixedValues);
  if (axes > kMaxArrayAxes || values.size() != axes + fill_values) return std::nullopt;
  ArrayLayout array{.type = static_cast<NumberType>(number & kTypeMask),
                    .big_endian = (number & kBigEndian) != 0};
  array.shape.assign(values.begin(), values.begin() + static_cast<ptrdiff_t>(axes));
  if ((number & kShuffled) != 0) {
    array.filter = ArrayFilter::kShuffle;
    array.tile = array.shape;
  }
  if (fill_values != 0) array.fills = {values[axes] | uint64_t{values[axes + 1]} << 32};
  const auto size = array_size(array);
  if (!size || *size == 0) return std::nullopt;
  array.size = *size;
  return array;
}

}  // namespace

Result<Level> read_level(std::span<const unsigned> values) {
  if (values.empty()) return kDefaultLevel;
  if (values[0] < kMinLevel || values[0] > kMaxLevel) {
    return fail(ErrorCode::kUsage, "the level of pith is 1 to 9, not " + std::to_string(values[0]));
  }
  return static_cast<Level>(values[0]);
}

Result<Parameters> read_parameters(std::span<const unsigned> values) {
  PITH_ASSIGN(const Level level, read_level(values));
  return Parameters{.level = level, .array = read_array(values)};
}

std::vector<unsigned> write_parameters(const Parameters& parameters) {
  std::vector<unsigned> values = {static_cast<unsigned>(parameters.level), kVersion};
  if (!parameters.array) {
    values.insert(values.end(), {kBytes, 0});
    return values;
  }
  const ArrayLayout& array = *parameters.array;
  unsigned number = static_cast<unsigned>(array.type);
  if (array.big_endian) number |= kBigEndian;
  if (array.filter == ArrayFilter::kShuffle) number |= kShuffled;
  if (!array.fills.empty()) number |= kHasFill;
  values.push_back(number);
  values.push_back(checked_cast<unsigned>(array.shape.size()));
  for (const uint64_t axis : array.shape) values.push_back(checked_cast<unsigned>(axis));
  if (!array.fills.empty()) {
    values.push_back(static_cast<unsigned>(array.fills[0]));
    values.push_back(static_cast<unsigned>(array.fills[0] >> 32));
  }
  return values;
}

}  // namespace pith::hdf5

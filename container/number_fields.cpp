#include "container/number_fields.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace pith {
namespace {

// Latitudes and the like are what other values are found by.
bool is_coordinate(const ArrayLayout& array) {
  if (array.shape.size() <= 1) return true;
  std::string name = array.name.substr(array.name.rfind('/') + 1);
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const std::string_view part : {"bnds", "bounds", "vertices"}) {
    if (name.starts_with(part) || name.ends_with(part)) return true;
  }
  static constexpr std::array<std::string_view, 11> kNames = {
      "lat",     "lon",    "latitude", "longitude", "time", "nav_lat",
      "nav_lon", "geolat", "geolon",   "xlat",      "xlong"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

// "|u1", "U8", "uint8", "bool".
bool is_unsigned(std::string dtype) {
  dtype.erase(0, dtype.find_first_not_of("<>|="));
  std::transform(dtype.begin(), dtype.end(), dtype.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return dtype.starts_with('u') || dtype.starts_with('b') ||
         dtype.find("uint") != std::string::npos;
}

// The unsigned type of the same size.
NumberType unsigned_type(NumberType type) {
  return static_cast<NumberType>(static_cast<uint8_t>(type) + 1);
}

std::optional<NumberFormat> number_format(const TensorLayout& tensor) {
  const auto integer = [&](NumberType type) {
    return NumberFormat{.type = is_unsigned(tensor.dtype) ? unsigned_type(type) : type};
  };
  switch (tensor.element) {
    case ElementType::kF64:
      return NumberFormat{.type = NumberType::kF64};
    case ElementType::kF32:
      return NumberFormat{.type = NumberType::kF32};
    case ElementType::kF16:
      return NumberFormat{.type = NumberType::kF16};
    case ElementType::kBf16:
      return NumberFormat{.type = NumberType::kF16, .bfloat = true};
    case ElementType::kInt64:
      return integer(NumberType::kInt64);
    case ElementType::kInt32:
      return integer(NumberType::kInt32);
    case ElementType::kInt16:
      return integer(NumberType::kInt16);
    case ElementType::kInt8:
      return integer(NumberType::kInt8);
    case ElementType::kF8E4M3:
    case ElementType::kF8E5M2:
    case ElementType::kGgml:
      break;
  }
  return std::nullopt;
}

}  // namespace

const void* identity_of(const Layout& layout) {
  if (layout.tensor != nullptr) return layout.tensor.get();
  if (layout.points != nullptr) return layout.points.get();
  return layout.array.get();
}

bool has_plain_numbers(const Layout& layout) {
  return identity_of(layout) != nullptr &&
         (layout.array == nullptr || layout.array->filter == ArrayFilter::kNone);
}

std::vector<NumberField> number_fields(const Layout& layout) {
  std::vector<NumberField> fields;
  if (layout.tensor != nullptr) {
    const auto format = number_format(*layout.tensor);
    if (!format) return fields;
    fields.push_back({.name = layout.tensor->name,
                      .format = *format,
                      .record = format->size(),
                      .shape = layout.tensor->shape,
                      .is_measured = format->is_float()});
  } else if (layout.points != nullptr) {
    const PointLayout& points = *layout.points;
    for (const PointField& field : points.fields) {
      const bool is_axis = field.role >= FieldRole::kX && field.role <= FieldRole::kZ;
      const auto axis = static_cast<size_t>(field.role) - static_cast<size_t>(FieldRole::kX);
      const NumberFormat format{.type = field.type, .big_endian = points.big_endian};
      if (uint64_t{field.offset} + format.size() > points.record_size) continue;
      fields.push_back({.name = field.name,
                        .format = format,
                        .role = field.role,
                        .offset = field.offset,
                        .record = points.record_size,
                        .shape = {points.count},
                        .scale = is_axis ? points.scale[axis] : 1,
                        .add = is_axis ? points.origin[axis] : 0,
                        .is_measured = is_axis});
    }
  } else if (layout.array != nullptr) {
    const ArrayLayout& array = *layout.array;
    const NumberFormat format{.type = array.type, .big_endian = array.big_endian};
    fields.push_back({.name = array.name,
                      .format = format,
                      .record = format.size(),
                      .shape = array.shape,
                      .fills = array.fills,
                      .scale = array.scale,
                      .add = array.add,
                      .is_measured = format.is_float() && !is_coordinate(array)});
  }
  return fields;
}

}  // namespace pith

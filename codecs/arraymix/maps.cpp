#include "codecs/arraymix/maps.h"

#include <algorithm>
#include <bit>

#include "codecs/array/number_order.h"

namespace pith::arraymix {
namespace {

using array::TransformKind;

double magnitude(double value) { return value < 0 ? -value : value; }

// A power of two that brings numbers up to `largest` near to 1; 1 if they are neither huge nor
// tiny.
double scale_for(double largest) {
  if (largest > 1e-12 && largest < 1e15) return 1;
  const auto exponent = static_cast<int>(std::bit_cast<uint64_t>(largest) >> 52 & 0x7FF);
  return std::bit_cast<double>(static_cast<uint64_t>(std::clamp(2046 - exponent, 1, 2045)) << 52);
}

template <class Word>
ValueMap map_by_order(const array::Transform<Word>& t, uint64_t base) {
  ValueMap map;
  map.kind = sizeof(Word) == 4 ? MapKind::kFloat32 : MapKind::kFloat64;
  map.shift = t.shift;
  map.base = base;
  return map;
}

// Numbers that rise with the keys; all that predictions need of integers.
ValueMap map_by_key(uint64_t highest) {
  ValueMap map;
  if (highest >= uint64_t{1} << 63) map.base = uint64_t{1} << 63;
  return map;
}

}  // namespace

template <class Word>
Maps<Word>::Maps(const array::Transform<Word>& t, uint64_t highest) {
  const bool real = array::has_real_values(t.type);
  switch (t.kind) {
    case TransformKind::kOrder:
      maps.push_back(real ? map_by_order(t, t.base) : map_by_key(highest));
      break;
    case TransformKind::kLinear:
      maps.push_back(map_by_key(highest));
      break;
    case TransformKind::kGrid:
      for (const array::SliceGrid& slice : t.slices) {
        ValueMap map = map_by_order(t, static_cast<uint64_t>(slice.base));
        if (slice.divisor != 0) {
          map.kind = MapKind::kLinear;
          map.shift = 0;
          map.step = 1 / static_cast<double>(slice.divisor);
        }
        maps.push_back(map);
      }
      break;
    case TransformKind::kRank: {
      const array::Order<Word> order(t.type);
      const ValueMap by_order = map_by_order(t, 0);
      table.reserve(t.table.size());
      for (const Word place : t.table) {
        const double value = real ? by_order.value(place) : static_cast<double>(place);
        table.push_back(table.empty() ? value : std::max(value, table.back()));
      }
      maps.push_back({.kind = MapKind::kRanked, .table = table});
      break;
    }
  }
  double largest = 0;
  for (const ValueMap& map : maps) {
    largest = std::max({largest, magnitude(map.value(0)), magnitude(map.value(highest))});
  }
  const double scale = scale_for(largest);
  for (ValueMap& map : maps) map.step *= scale;
  for (double& value : table) value *= scale;
}

template <class Word>
std::vector<uint32_t> maps_of_rows(const array::Transform<Word>& t, const Part& part) {
  std::vector<uint32_t> rows;
  if (t.kind != TransformKind::kGrid || t.slices.size() <= 1) return rows;
  rows.resize(part.shape.rows);
  for (size_t r = 0; r < rows.size(); ++r) {
    rows[r] =
        static_cast<uint32_t>(std::min(t.slice_of(place_of_row(part, r)), t.slices.size() - 1));
  }
  return rows;
}

GridSpec spec_of_table(NumberType type, uint64_t first, uint64_t last, size_t count) {
  constexpr size_t kWidest = size_t{1} << 16;
  GridSpec spec;
  spec.shape.width = std::min(count, kWidest);
  spec.shape.rows = (count + spec.shape.width - 1) / spec.shape.width;
  spec.highest = last - first;
  ValueMap map = map_by_key(spec.highest);
  if (array::has_real_values(type)) {
    map.kind = type == NumberType::kF32 ? MapKind::kFloat32 : MapKind::kFloat64;
    map.base = first;
    map.step = scale_for(std::max(magnitude(map.value(0)), magnitude(map.value(spec.highest))));
  }
  spec.maps = {map};
  return spec;
}

template struct Maps<uint32_t>;
template struct Maps<uint64_t>;
template std::vector<uint32_t> maps_of_rows(const array::Transform<uint32_t>&, const Part&);
template std::vector<uint32_t> maps_of_rows(const array::Transform<uint64_t>&, const Part&);

}  // namespace pith::arraymix

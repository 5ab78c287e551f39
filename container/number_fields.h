// The named numbers in what a layout describes: a tensor or an array is one, a cloud has one for
// each field.
#pragma once

#include <string>
#include <vector>

#include "base/number.h"
#include "base/segment.h"

namespace pith {

struct NumberField {
  std::string name;
  NumberFormat format;
  FieldRole role = FieldRole::kOther;  // of a field of points
  size_t offset = 0;                   // of the number in a record
  size_t record = 0;                   // bytes; the number's own size, where there are no records
  std::vector<uint64_t> shape{};       // in numbers; of a cloud: its points
  std::vector<uint64_t> fills{};       // bit patterns that stand for "no value"
  // What turns stored integers into values: number * scale + add.
  double scale = 1;
  double add = 0;
  // A quantity that is measured: a float of an array or tensor that is no coordinate, or a
  // coordinate of points.
  bool is_measured = false;
};

// None for what has no plain numbers: quantised blocks, floats of 8 bits.
std::vector<NumberField> number_fields(const Layout& layout);

// True if the numbers lie in the segment as they are, without a filter over them.
bool has_plain_numbers(const Layout& layout);

// What tells a tensor, cloud or array from all others, while it lives; null if there is none.
const void* identity_of(const Layout& layout);

}  // namespace pith

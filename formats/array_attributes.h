// What the formats of arrays have in common: the meaning of attributes (the conventions of NetCDF
// and CF), and shapes with more axes than an ArrayLayout has.
#pragma once

#include <string_view>

#include "base/segment.h"

namespace pith {

// Values of one attribute that are looked at.
inline constexpr uint64_t kMaxAttributeValues = 8;

// Takes up the value of an attribute if its name says that it marks missing values or unpacks
// numbers. `bits`: the bit pattern of a number of that type.
void note_attribute(std::string_view name, NumberType type, uint64_t bits, ArrayLayout& array);

// Joins the second axis and those behind it as long as there are more axes than an ArrayLayout has.
void merge_axes(ArrayLayout& array);

}  // namespace pith

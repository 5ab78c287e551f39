// Input that the user says to be an array of numbers and nothing else.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "formats/format.h"

namespace pith {

// A format for what `text` describes: the type of the numbers (f16, f32, f64, i8 to i64, u8 to
// u64), "be" behind it if they are big-endian, a colon, and the axes, the slowest first:
// "f32be:12x90x180". Where the input is shorter, as many whole steps along the first axis are the
// array as there are, and the rest is kBytes, as is what follows a longer input's array.
Result<std::unique_ptr<const Format>> make_raw_array_format(const std::string& text);

}  // namespace pith

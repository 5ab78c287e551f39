// An array in an unnamed temporary file: its numbers one after the other, the last axis fastest,
// little-endian. What `pith convert` and `pith preview` read from and write to.
#pragma once

#include <string>
#include <vector>

#include "base/fd.h"
#include "base/source.h"
#include "cli/content_file.h"
#include "container/number_fields.h"

namespace pith::cli {

struct FlatArray {
  NumberField field;  // name, format, shape, fill values; the format is little-endian
  UniqueFd file;
  uint64_t missing = 0;  // elements that the source does not hold; they have the first fill value

  uint64_t count() const;  // of elements
  uint64_t bytes() const { return count() * field.format.size(); }
  // Elements of one step along the first axis.
  uint64_t row() const;
  Result<void> read(uint64_t first, MutableBytes out) const;
};

// Steps `first` to `last` - 1 along the first axis.
struct Steps {
  uint64_t first = 0;
  uint64_t last = UINT64_MAX;
};

// The variables in a file, in its order.
Result<std::vector<NumberField>> list_variables(const ContentFile& content);

// Copies a variable out of a file. Without a name: the only one there is, or the only one that is
// measured and no coordinate. kUsage, with the names there are, if that leaves a doubt.
Result<FlatArray> read_variable(const ContentFile& content, const std::string& name,
                                const Steps& steps);

// An array of that format and shape in a new file, to be filled by write().
Result<FlatArray> make_flat_array(NumberField field);
Result<void> write_elements(const FlatArray& array, uint64_t first, ByteView numbers);

// Numbers of bf16 become f32, which holds all of them.
Result<FlatArray> without_bfloat(FlatArray array);

}  // namespace pith::cli

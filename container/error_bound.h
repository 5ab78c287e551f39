// How far restored values may be from the original ones, on request.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pith {

enum class BoundKind : uint8_t {
  kExact = 0,
  kAbsolute = 1,  // no value is off by more than `value`, in the unit of the values
  kRelative = 2,  // no value is off by more than `value` times the range of its variable
  kPsnr = 3,      // 20 log10(range / root mean square error) of each variable is at least `value`
};

struct ErrorBound {
  BoundKind kind = BoundKind::kExact;
  double value = 0;  // above 0, but for kExact
};

// A bound for the variables of a name: an array or a tensor, or a field of points.
struct VariableBound {
  std::string pattern;  // with * and ? and [] as in names of files
  ErrorBound bound;
};

struct LossyOptions {
  // For all floats of arrays and tensors and for the coordinates of points; not for integers, other
  // fields, and arrays that are coordinates themselves.
  ErrorBound bound;
  std::vector<VariableBound> variables;  // for what they name, of any type; the last match counts

  bool any() const { return bound.kind != BoundKind::kExact || !variables.empty(); }
};

}  // namespace pith

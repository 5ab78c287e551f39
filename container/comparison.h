// How far the values of two files of the same layout are apart: of an original and of what was
// restored from it with loss.
#pragma once

#include <string>
#include <vector>

#include "base/source.h"
#include "container/number_walk.h"
#include "formats/format.h"

namespace pith {

struct VariableDifference {
  std::string name;
  std::vector<uint64_t> shape;
  uint64_t values = 0;       // compared; the rest are not finite or stand for "no value"
  uint64_t different = 0;    // of them
  uint64_t lost = 0;         // not finite or "no value" in one file only, or not the same in both
  double largest_error = 0;  // in the unit of the values
  uint64_t largest_at = 0;   // element
  double squared_error = 0;  // sum
  double minimum = 0;        // of the first file
  double maximum = 0;

  double range() const { return values == 0 ? 0 : maximum - minimum; }
  double psnr() const;  // dB; infinity for equal values
  double root_mean_square() const;
};

// A cloud whose points may lie in any order.
struct CloudDifference {
  std::string name;
  uint64_t points = 0;
  bool same_points = false;  // each as often in one file as in the other
};

struct Comparison {
  std::vector<VariableDifference> variables;  // in the order of the file
  std::vector<CloudDifference> clouds;        // those that are compared without their order
  uint64_t other_bytes = 0;                   // that are no values
  uint64_t different_bytes = 0;               // of them
};

// Reads both to their ends. kUsage if they are not of the same size: then they are not of the same
// layout. Of images of one shape the pixels are compared, whatever the sizes of the files.
// `format`: of the first one; null: detected. `unordered`: the order of the points of a cloud does
// not count, if --unordered could have changed it; then its values are not compared one by one.
Result<Comparison> compare_contents(Source& first, Source& second, const Format* format,
                                    bool unordered = false);

}  // namespace pith

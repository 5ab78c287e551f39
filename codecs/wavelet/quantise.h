// Coefficients to numbers.
#pragma once

#include <span>
#include <vector>

#include "codecs/wavelet/field_format.h"

namespace pith::wavelet {

// A field's coefficients, and the mean size of those around each in its band.
struct Coefficients {
  FieldShape shape;
  std::vector<double> values;
  std::vector<float> around;
};

// `values`: of the field; become its coefficients.
Coefficients transform(const FieldShape& shape, std::vector<double> values);

// Quantises with a step. What is hardly more than half a step is taken for 0 if a number would cost
// much there, since all around is small; `thrift` says how far that goes (0: rounds to the
// nearest). Sets how numbers are restored best. False if one is too large.
bool quantise(const Coefficients& coefficients, double step, double thrift, Quantiser& quantiser,
              std::vector<int32_t>& numbers);

}  // namespace pith::wavelet

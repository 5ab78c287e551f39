// What coefficients would take, roughly: by the entropy of their sizes in contexts of their
// neighbours. To compare ways to quantise, without coding each.
#pragma once

#include <cstdint>
#include <span>

#include "codecs/wavelet/field.h"

namespace pith::wavelet {

double estimate_bits(const FieldShape& shape, std::span<const int32_t> numbers);

// The binary logarithm of a number from 1 up, to about 0.01; the same on every machine.
double log2_of(double value);

}  // namespace pith::wavelet

// Cells that hold no value get one that is smooth beside its neighbours.
#pragma once

#include <cstdint>
#include <span>

#include "codecs/wavelet/field.h"

namespace pith::wavelet {

// `kinds`: of each cell, 0 for those that hold a value.
void inpaint(const FieldShape& shape, std::span<const uint8_t> kinds, std::span<double> values);

}  // namespace pith::wavelet

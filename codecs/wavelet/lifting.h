// The biorthogonal 9/7 wavelet of Cohen, Daubechies and Feauveau, by lifting (Daubechies and
// Sweldens, 1998), scaled so that it is nearly orthonormal: an error in a coefficient is about as
// large in the values.
//
// Lines are mirrored at their ends. Strictly IEEE arithmetic in a fixed order: the same numbers on
// every machine.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace pith::wavelet {

// Numbers of a line of `length` that are low-pass.
constexpr size_t low_part(size_t length) { return (length + 1) / 2; }

// A line, in place: the low-pass half in front. `spare`: room for as many numbers.
void split_line(double* line, size_t length, double* spare);
void join_line(double* line, size_t length, double* spare);

// The same for a row of vectors, each of `width` numbers, which stay where they are: even ones
// become low-pass, odd ones high-pass.
void split_vectors(std::span<double* const> vectors, size_t width);
void join_vectors(std::span<double* const> vectors, size_t width);

}  // namespace pith::wavelet

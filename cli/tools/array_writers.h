// Writes an array in the file formats that `pith convert` knows.
#pragma once

#include "base/sink.h"
#include "cli/tools/flat_array.h"

namespace pith::cli {

// NumPy's .npy, version 1.0, little-endian (NEP 1).
Result<void> write_npy(const FlatArray& array, Sink& sink);

// NetCDF's classic format with 64-bit offsets, or with 64-bit data where the type asks for it
// (NetCDF Classic Format Specification; CDF-5 of PnetCDF). Halves become f32.
Result<void> write_netcdf(const FlatArray& array, Sink& sink);

// HDF5 through libhdf5: chunks of one step, shuffled and deflated. kUnsupported without libhdf5.
Result<void> write_hdf5(const FlatArray& array, const std::string& path);

}  // namespace pith::cli

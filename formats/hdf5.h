// HDF5, and what is built upon it: NetCDF-4, ODIM radar volumes, MATLAB 7.3.
// Source: The HDF Group, "HDF5 File Format Specification Version 3.0".
//
// Datasets and their chunks lie anywhere in a file, and the way to them leads to and fro. So the
// whole file must be at hand (SegmenterOptions::file), and libhdf5 reads it in an isolated child
// process. Without the file, without libhdf5, or if the child fails, all is kBytes.
// Numbers become kArray, tile for tile if they are chunked; a chunk that went through deflate
// becomes kDeflated. Chunks that went through filters other than shuffle, deflate and fletcher32
// stay bytes.
#pragma once

#include <functional>
#include <optional>

#include "formats/extent_map.h"

namespace pith {

const Format& hdf5_format();

// The extents that the records (formats/hdf5_records.h) of a walk through a file of that size tell
// of. Nothing if the records are damaged or not complete; what is impossible in them is left out.
// `inflate`: deflated chunks become kDeflated, else kCompressed.
std::optional<ExtentMap> hdf5_extents(ByteView records, uint64_t file_size, bool inflate);

}  // namespace pith

// A driver of libhdf5 that reads from a RandomAccess and writes nothing: the library needs no path
// and opens no file.
#pragma once

#include <hdf5.h>

#include "base/source.h"

namespace pith {

// Where the library last read raw data while `on` was set. Those bytes are not delivered: who asks
// for a stored chunk learns its place in this way, and the library needs no memory for it.
struct RawDataWatch {
  bool on = false;
  uint64_t offset = 0;
  uint64_t size = 0;
  int reads = 0;
};

// Opens the file; negative if it is none of HDF5. `file` and `watch` must outlive the handle.
hid_t open_hdf5(const RandomAccess& file, RawDataWatch& watch);

}  // namespace pith

// Walks all datasets of an HDF5 file with libhdf5. To be run in an isolated child only: the library
// is not made for hostile files.
#pragma once

#include "base/sink.h"
#include "base/source.h"

namespace pith {

// False if pith was built without libhdf5; nothing is found then.
bool can_walk_hdf5();

// Writes the records (formats/hdf5_records.h) of all datasets whose bytes have a place of their own
// in the file. What is not understood is left out. Every object is met once, whatever links there
// are.
void walk_hdf5(const RandomAccess& file, Sink& out);

}  // namespace pith

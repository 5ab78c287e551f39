// What the walk through an HDF5 file tells: datasets, and where their bytes lie. The walk happens
// in another process (formats/isolated_child.h), so that this is written to bytes there and read
// from bytes that are not trusted here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/segment.h"

namespace pith {

struct Hdf5Dataset {
  std::string name;
  // The numbers, without filter and size; the tile is that of the chunks. Without meaning, but for
  // shape and tile, if they are none.
  ArrayLayout array;
  bool is_number = false;
  uint64_t element_size = 0;
};

// A contiguous run of bytes of the dataset before it: all of them, or those of a chunk.
struct Hdf5Extent {
  uint64_t offset = 0;  // in the file
  uint64_t size = 0;
  uint64_t tile = 0;  // number of the chunk, in row-major order
  // What was done to the numbers, in this order.
  bool shuffled = false;
  bool checked_inside = false;  // a check (4 bytes) was added before deflating
  bool deflated = false;
  bool checked = false;  // a check was added last
};

void write_dataset(const Hdf5Dataset& dataset, ByteWriter& out);
void write_extent(const Hdf5Extent& extent, ByteWriter& out);
void write_end(ByteWriter& out);

// Reads the records one after the other.
class Hdf5RecordReader {
 public:
  enum class Kind : uint8_t { kEnd, kDataset, kExtent, kDamaged };

  explicit Hdf5RecordReader(ByteView records) : in_(records) {}
  // The kind of the next record, which is then in dataset() or extent(). kEnd: all were read.
  Kind next();
  const Hdf5Dataset& dataset() const { return dataset_; }
  const Hdf5Extent& extent() const { return extent_; }

 private:
  bool read_dataset();

  ByteReader in_;
  Hdf5Dataset dataset_;
  Hdf5Extent extent_;
};

}  // namespace pith

// What is known of a cloud as a whole: its records, and the grids, clock and density of its points.
#pragma once

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/result.h"
#include "codecs/las/clock.h"
#include "codecs/las/lattice.h"
#include "codecs/las/record.h"

namespace pith::las {

// What an encoder finds out about a cloud and tells the decoder.
struct CloudShape {
  int format = 0;
  uint32_t extra = 0;  // extra bytes of a record
  uint64_t points = 0;
  ClockShape clock;
  std::array<Lattice, 8> lattices;  // of x, y, z, intensity, red, green, blue, infrared
  int64_t cell = 1;                 // side of a cell of the grid of neighbours, in steps of x and y
};

// `records`: whole records of that size.
CloudShape shape_of_cloud(int format, uint32_t record_size, ByteView records);

// The parts of a shape that a decoder cannot know: clock, lattices and cell.
void write_shape(const CloudShape& cloud, ByteWriter& out);
Result<void> read_shape(ByteReader& in, CloudShape& cloud);

}  // namespace pith::las

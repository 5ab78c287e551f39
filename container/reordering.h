// The reordering pass: on request, the points of a cloud are put into another order where that
// codes smaller. Whole records move, within their block, and nothing else changes: the restored
// file is a valid one with the same points.
//
// Orders that are tried: along a curve through space, so that points which are close together
// follow each other, and by time, if the points have one. The order that a file has is often the
// best, since scanners follow the ground: then it is kept.
//
// Not touched: images (rows of points), points that something in the file tells by their numbers,
// bytes that the file holds a check of, points inside compressed streams.
#pragma once

#include <vector>

#include "codecs/select.h"
#include "container/block_reader.h"
#include "container/metadata.h"

namespace pith {

class Reordering {
 public:
  // Of a block: its points whose order is free, and whether they were moved.
  struct Outcome {
    uint64_t points = 0;
    bool moved = false;
  };

  // True if the block holds points whose order is free.
  static bool concerns(const RawBlock& raw);
  // Encodes the block in the best of the orders; `raw` has that order afterwards. May be called on
  // several threads.
  static Result<EncodedBlock> encode(RawBlock& raw, const SelectOptions& options,
                                     const RandomAccess* base, CodecScratch& scratch,
                                     BufferPool& buffers, Outcome& outcome);

  // For each block in the order of the input, on one thread.
  void account(const Outcome& outcome);

  uint64_t points() const { return points_; }  // whose order is free
  uint64_t moved() const { return moved_; }    // in blocks that got another order
  // What the stream must carry.
  std::vector<MetadataRecord> declarations() const;

 private:
  uint64_t points_ = 0;
  uint64_t moved_ = 0;
};

}  // namespace pith

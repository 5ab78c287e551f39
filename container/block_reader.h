// Reads an input and hands out its blocks: source → detection → segments → blocks.
// The blocks depend on the bytes and the options only. At most one block and the look-ahead of the
// segmenter are held.
#pragma once

#include <optional>
#include <vector>

#include "base/buffer_pool.h"
#include "base/source.h"
#include "container/block_cutter.h"
#include "formats/detect.h"

namespace pith {

struct RawBlock {
  ByteBuffer bytes;
  std::vector<Segment> segments;
  SegmentType type = SegmentType::kBytes;
  bool last = false;  // nothing follows

  BlockView view() const { return {.bytes = bytes, .segments = segments, .type = type}; }
};

class BlockReader {
 public:
  // `format`: used for the whole input; null: detected. `buffers`: where the blocks' buffers come
  // from; whoever gets a block gives them back.
  BlockReader(Source& source, const SelectOptions& options, BufferPool& buffers,
              const Format* format = nullptr);

  // The next block; nothing at the end of the input.
  Result<std::optional<RawBlock>> next();
  // The input's format. Null before the first call of next().
  const Format* format() const { return segmenter_.format(); }

 private:
  Result<void> read_more();
  RawBlock take(BlockPlan&& plan);
  void end_with_line(BlockPlan& plan);

  Source& source_;
  BufferPool& buffers_;
  DetectingSegmenter segmenter_;
  BlockCutter cutter_;
  ByteBuffer pending_;  // read, and not yet in a block that was handed out
  size_t largest_pending_ = 0;
  std::vector<Segment> segments_;
  bool ended_ = false;
};

}  // namespace pith

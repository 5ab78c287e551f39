// Reads an input and hands out its blocks: source → detection → segments → blocks.
// The blocks depend on the bytes and the options only. At most one block and the look-ahead of the
// segmenter are held.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "base/buffer_pool.h"
#include "base/source.h"
#include "container/block_cutter.h"
#include "container/spool.h"
#include "formats/registry.h"

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
  const Format* format() const { return format_; }

 private:
  Result<void> read_more();
  Result<void> start_segmenter();
  RawBlock take(BlockPlan&& plan);
  void end_with_line(BlockPlan& plan);

  Source* source_;
  BufferPool& buffers_;
  SegmenterOptions segmenter_options_;
  const Format* format_;
  std::optional<SpooledSource> spool_;    // takes the place of a source that cannot be sought in
  std::unique_ptr<Segmenter> segmenter_;  // null until the first bytes are there
  BlockCutter cutter_;
  ByteBuffer pending_;  // read, and not yet in a block that was handed out
  size_t largest_pending_ = 0;
  std::vector<Segment> segments_;
  bool ended_ = false;
};

}  // namespace pith

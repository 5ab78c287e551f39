// Cuts a row of segments into blocks: groups small ones, cuts large ones.
//
// Types for which the same codecs are made share blocks; bytes, text and metadata always do. A
// segment of at most 16 KiB of any type joins the block that it meets, because a frame of its own
// and a cold start cost more than a better codec gains (cutting at every change of type made level
// 1 12 % larger on a tar of /usr/share). What one codec cannot split (a deflate stream) is never
// cut; a small one joins its neighbours. A tensor is cut between rows (base/tensor.h, cut_size()),
// and its pieces are put together again within a block.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "codecs/select.h"

namespace pith {

// Blocks of log lines are this much smaller than others may be, so that one can begin with the line
// that the block before it would have cut.
inline constexpr uint64_t kLineSlack = uint64_t{64} << 10;

struct BlockPlan {
  uint64_t size = 0;
  SegmentType type = SegmentType::kBytes;  // what the block is treated as
  std::vector<Segment> segments;
};

class BlockCutter {
 public:
  explicit BlockCutter(const SelectOptions& options) : options_(options) {}

  void push(Segment segment);
  void finish();  // no more segments follow
  std::optional<BlockPlan> pop();
  // Takes `size` bytes, at most kLineSlack, off the end of a plan that was popped just now and was
  // cut inside a segment of log lines, and puts them in front of the rest of that segment.
  void move_to_next(BlockPlan& plan, uint64_t size);
  // True if the last block was cut inside a segment of log lines.
  bool cuts_log(const BlockPlan& plan) const;

 private:
  bool joins(const Segment& segment) const;
  uint64_t limit() const;
  void add(const Segment& segment);
  void close();

  SelectOptions options_;
  BlockPlan open_;
  uint64_t open_inflated_ = 0;  // bytes that its deflate streams inflate to
  SegmentType open_class_ = SegmentType::kBytes;
  std::deque<BlockPlan> closed_;
};

}  // namespace pith

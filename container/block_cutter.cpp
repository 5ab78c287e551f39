#include "container/block_cutter.h"

#include <algorithm>
#include <array>

#include "base/layout.h"

namespace pith {
namespace {

// Archive headers and padding: they join any block.
constexpr uint64_t kGlue = 4096;
constexpr uint64_t kSmallSegment = 16384;
// Segments up to this size are not cut where a block ends early enough without them.
constexpr uint64_t kUncut = uint64_t{64} << 10;
// Compressed files up to this size share a block with what surrounds them.
constexpr uint64_t kSmallCompressed = uint64_t{1} << 20;
// Deflate streams up to this size share a block with what surrounds them.
constexpr uint64_t kSmallDeflated = uint64_t{1} << 20;
// What the streams of a block inflate to, if there is more than one: as much as the codec can sort.
constexpr uint64_t kMaxInflatedTogether = uint64_t{32} << 20;

SegmentType class_of(SegmentType type) {
  return type == SegmentType::kText || type == SegmentType::kMetadata ? SegmentType::kBytes : type;
}

bool is_general(SegmentType type) { return class_of(type) == SegmentType::kBytes; }

// The most of the segment, at most `room`, that may stand in a block without the rest.
uint64_t part_that_fits(const Segment& segment, uint64_t room) {
  const uint64_t from = segment.layout.offset;
  const uint64_t end = from + room;
  return std::max(from, end - end % cut_size(segment.layout)) - from;
}

bool has_parts(const Segment& segment) {
  return !segment.layout.is_plain() && segment.layout.deflate == nullptr;
}

uint64_t inflated_size(const Segment& segment) {
  return segment.layout.deflate != nullptr ? segment.layout.deflate->inflated_size : 0;
}

// One of several tiles of an array, which are better off in one block.
bool is_tile(const Segment& segment) {
  const DeflateLayout* stream = segment.layout.deflate.get();
  if (stream == nullptr || stream->content.empty()) return false;
  const Layout& content = stream->content.front().layout;
  return content.array != nullptr && !content.array->tile.empty();
}

bool may_split(const Segment& segment) { return segment.type != SegmentType::kDeflated; }

// The type of most bytes. Deflate streams, which need their codec, win over all; compressed data,
// from which nobody expects a gain, must be nearly all there is.
SegmentType type_of_most(const std::vector<Segment>& segments) {
  std::array<uint64_t, kSegmentTypes> sizes{};
  uint64_t total = 0;
  for (const Segment& segment : segments) {
    if (segment.type == SegmentType::kDeflated) return SegmentType::kDeflated;
    sizes[static_cast<size_t>(segment.type)] += segment.size;
    total += segment.size;
  }
  uint64_t& compressed = sizes[static_cast<size_t>(SegmentType::kCompressed)];
  if (compressed > total - total / 8) return SegmentType::kCompressed;
  compressed = 0;
  return static_cast<SegmentType>(std::max_element(sizes.begin(), sizes.end()) - sizes.begin());
}

}  // namespace

bool BlockCutter::joins(const Segment& segment) const {
  const SegmentType its_class = class_of(segment.type);
  if (segment.type == SegmentType::kDeflated) {
    const bool small = segment.size <= kSmallDeflated || is_tile(segment) || open_.size <= kGlue;
    const uint64_t inflated = open_inflated_ + inflated_size(segment);
    return (open_class_ == SegmentType::kBytes || open_class_ == SegmentType::kDeflated) && small &&
           (open_inflated_ == 0 || inflated <= kMaxInflatedTogether);
  }
  if (its_class == open_class_) return true;
  if (open_.size <= kGlue && open_class_ == SegmentType::kBytes) return true;
  if (have_same_codecs(its_class, open_class_, options_)) {
    // Compressed data are left alone where there is much of them: that is quicker.
    return (its_class != SegmentType::kCompressed || segment.size <= kSmallCompressed) &&
           (open_class_ != SegmentType::kCompressed || open_.size <= kSmallCompressed);
  }
  if (is_general(segment.type)) {
    return segment.size <= kGlue || open_class_ == SegmentType::kDeflated;
  }
  // More of the kind will follow, for which their codec is better.
  return whole_size(segment) <= (has_parts(segment) ? kGlue : kSmallSegment);
}

uint64_t BlockCutter::limit() const {
  const uint64_t largest = max_block(
      open_class_ == SegmentType::kDeflated ? SegmentType::kBytes : open_class_, options_);
  return open_class_ == SegmentType::kLog && largest > 2 * kLineSlack ? largest - kLineSlack
                                                                      : largest;
}

bool BlockCutter::cuts_log(const BlockPlan& plan) const {
  const BlockPlan* next = closed_.empty() ? &open_ : &closed_.front();
  const auto is_log = [](const Segment& segment) {
    return segment.type == SegmentType::kLog && segment.layout.is_plain();
  };
  return plan.type == SegmentType::kLog && !next->segments.empty() &&
         is_log(plan.segments.back()) && is_log(next->segments.front());
}

void BlockCutter::move_to_next(BlockPlan& plan, uint64_t size) {
  BlockPlan& next = closed_.empty() ? open_ : closed_.front();
  plan.size -= size;
  plan.segments.back().size -= size;
  next.size += size;
  next.segments.front().size += size;
}

void BlockCutter::add(const Segment& segment) {
  const bool only_glue = open_.size <= kGlue && open_class_ == SegmentType::kBytes;
  const bool was_compressed = open_class_ == SegmentType::kCompressed;
  if (open_.segments.empty() || (only_glue && segment.type != SegmentType::kDeflated) ||
      (was_compressed && segment.size > kGlue)) {
    open_class_ = class_of(segment.type);
  }
  open_.size += segment.size;
  open_inflated_ += inflated_size(segment);
  if (!open_.segments.empty() && goes_on(open_.segments.back(), segment)) {
    open_.segments.back().size += segment.size;
    return;
  }
  open_.segments.push_back(segment);
}

void BlockCutter::push(Segment segment) {
  while (segment.size > 0) {
    if (!open_.segments.empty() && !joins(segment)) close();
    if (open_.segments.empty()) open_class_ = class_of(segment.type);
    const uint64_t room = limit() - std::min(limit(), open_.size);
    if (segment.size <= room) {
      add(segment);
      return;
    }
    if (!open_.segments.empty() && (!may_split(segment) || whole_size(segment) <= kUncut)) {
      close();
    } else if (!may_split(segment)) {
      add(segment);
      close();
      return;
    } else {
      Segment part = segment;
      part.size = part_that_fits(segment, room);
      if (part.size == 0 && open_.segments.empty()) part.size = room;
      segment.size -= part.size;
      segment.layout.offset += has_parts(segment) ? part.size : 0;
      if (part.size > 0) add(part);
      close();
    }
  }
}

void BlockCutter::finish() {
  if (!open_.segments.empty()) close();
}

std::optional<BlockPlan> BlockCutter::pop() {
  if (closed_.empty()) return std::nullopt;
  BlockPlan plan = std::move(closed_.front());
  closed_.pop_front();
  return plan;
}

void BlockCutter::close() {
  open_.type = type_of_most(open_.segments);
  closed_.push_back(std::exchange(open_, {}));
  open_inflated_ = 0;
}

}  // namespace pith

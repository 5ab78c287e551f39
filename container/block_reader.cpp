#include "container/block_reader.h"

#include <algorithm>

namespace pith {
namespace {

constexpr size_t kReadSize = size_t{256} << 10;
// Room for the whole of smaller files at once; what is not used is not touched.
constexpr uint64_t kMaxRoom = uint64_t{16} << 20;

// Deflate streams are looked into only where a codec will make use of what is found there.
SegmenterOptions segmenter_options(const SelectOptions& options) {
  const auto codecs = all_codecs();
  const bool inflate = options.forced != nullptr
                           ? options.forced->id() == CodecId::kDeflated
                           : std::any_of(codecs.begin(), codecs.end(), [&](const Codec* codec) {
                               return codec->id() == CodecId::kDeflated &&
                                      codec->accepts(SegmentType::kDeflated, options.level);
                             });
  return {.depth = 0, .inflate = inflate || options.inflate};
}

}  // namespace

BlockReader::BlockReader(Source& source, const SelectOptions& options, BufferPool& buffers,
                         const Format* format)
    : source_(&source),
      buffers_(buffers),
      segmenter_options_(segmenter_options(options)),
      format_(format),
      cutter_(options) {
  if (const RandomAccess* file = source.random_access()) {
    pending_.reserve(static_cast<size_t>(std::min(file->size(), kMaxRoom)) + kReadSize);
  }
}

Result<std::optional<RawBlock>> BlockReader::next() {
  std::optional<BlockPlan> plan;
  while (!(plan = cutter_.pop())) {
    if (ended_) return std::nullopt;
    PITH_TRY(read_more());
  }
  // Whether this is the last block must be known before the block is used.
  while (pending_.size() == plan->size && !ended_) PITH_TRY(read_more());
  return take(std::move(*plan));
}

// Looks at the first bytes, all of which are in pending_.
Result<void> BlockReader::start_segmenter() {
  static_assert(kReadSize >= kDetectSize);
  if (format_ == nullptr) {
    const ByteView head = ByteView(pending_).first(std::min(pending_.size(), kDetectSize));
    format_ = &detect_format(head, head.size() < kDetectSize);
  }
  if (format_->wants_file()) {
    if (source_->random_access() == nullptr) {
      spool_.emplace(*source_);
      PITH_TRY(spool_->fill(pending_));
      source_ = &*spool_;
    }
    segmenter_options_.file = source_->random_access();
  }
  segmenter_ = format_->make_segmenter(segmenter_options_);
  return {};
}

Result<void> BlockReader::read_more() {
  const size_t start = pending_.size();
  pending_.resize(start + kReadSize);
  largest_pending_ = std::max(largest_pending_, pending_.size());
  PITH_ASSIGN(const size_t got, source_->read(MutableBytes(pending_).subspan(start)));
  pending_.resize(start + got);
  ended_ = got < kReadSize;
  if (segmenter_ == nullptr) PITH_TRY(start_segmenter());
  segments_.clear();
  segmenter_->feed(ByteView(pending_).subspan(start), ended_, segments_);
  for (Segment& segment : segments_) cutter_.push(std::move(segment));
  if (ended_) cutter_.finish();
  return {};
}

// Blocks of log lines end with a line where they can: what searches them can then look at each one
// alone.
void BlockReader::end_with_line(BlockPlan& plan) {
  if (!cutter_.cuts_log(plan)) return;
  const uint64_t slack = std::min<uint64_t>(kLineSlack, plan.segments.back().size - 1);
  const std::string_view end =
      as_text(ByteView(pending_).subspan(plan.size - slack, static_cast<size_t>(slack)));
  const size_t lf = end.rfind('\n');
  if (lf != std::string_view::npos) cutter_.move_to_next(plan, slack - lf - 1);
}

RawBlock BlockReader::take(BlockPlan&& plan) {
  end_with_line(plan);
  RawBlock block{
      .bytes = std::move(pending_), .segments = std::move(plan.segments), .type = plan.type};
  // As much as any block needed so far: growing step by step would copy the bytes several times.
  pending_ = buffers_.take();
  pending_.reserve(largest_pending_);
  pending_.append(ByteView(block.bytes).subspan(plan.size));
  block.bytes.resize(plan.size);
  block.last = ended_ && pending_.empty();
  return block;
}

}  // namespace pith

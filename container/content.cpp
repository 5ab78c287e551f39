#include "container/content.h"

#include <algorithm>

#include "container/base_file.h"
#include "container/block.h"
#include "container/range.h"

namespace pith {
namespace {

// Blocks that are kept take about so much, as far as two blocks allow.
constexpr uint64_t kKeptBytes = uint64_t{256} << 20;
constexpr uint64_t kMostKept = 64;
constexpr uint64_t kMostDecoding = 16;

}  // namespace

Result<std::unique_ptr<CodedContent>> CodedContent::open(const RandomAccess& file,
                                                         uint64_t memory_limit,
                                                         const BaseFile* base) {
  std::unique_ptr<CodedContent> content(new CodedContent(file, memory_limit, base));
  PITH_ASSIGN(content->catalog_, read_catalog(file));
  PITH_TRY(check_base(file, content->catalog_, base));
  uint64_t& largest = content->largest_;
  for (const StreamInfo& stream : content->catalog_.streams) {
    PITH_ASSIGN(const auto frames, read_frames(file, stream));
    content->decode_memory_ =
        std::max(content->decode_memory_,
                 stream.header.max_memory_kib() * 1024 + 2 * stream.header.max_block());
    for (const FrameInfo& frame : frames) {
      if (!frame.is_data()) continue;
      const uint64_t begin = stream.raw_offset + frame.raw_offset;
      largest = std::max<uint64_t>(largest, frame.entry.raw_size);
      content->blocks_.push_back(
          {.stream = &stream, .frame = frame, .begin = begin, .end = begin + frame.entry.raw_size});
    }
  }
  // What decoding one block leaves, and no more than a quarter.
  const uint64_t left = memory_limit - std::min(memory_limit, content->decode_memory_);
  const uint64_t room = std::min({kKeptBytes, memory_limit / 4, left});
  content->most_kept_ = static_cast<size_t>(std::clamp<uint64_t>(room / largest, 2, kMostKept));
  content->most_decoding_ = static_cast<size_t>(std::clamp<uint64_t>(
      memory_limit / 4 / std::max<uint64_t>(content->decode_memory_, 1), 1, kMostDecoding));
  return content;
}

std::vector<ContentBlock>::const_iterator CodedContent::block_at(uint64_t offset) const {
  return std::partition_point(blocks_.begin(), blocks_.end(),
                              [&](const ContentBlock& block) { return block.end <= offset; });
}

uint64_t CodedContent::decoded() const {
  const std::lock_guard lock(mutex_);
  return decoded_;
}

std::shared_ptr<CodedContent::Kept> CodedContent::find(size_t index) const {
  const std::lock_guard lock(mutex_);
  const auto at = std::find_if(kept_.begin(), kept_.end(),
                               [&](const auto& kept) { return kept->index == index; });
  std::shared_ptr<Kept> found = at != kept_.end() ? *at : std::make_shared<Kept>(index);
  if (at != kept_.end()) kept_.erase(at);
  kept_.push_front(found);
  if (kept_.size() > most_kept_) kept_.pop_back();
  return found;
}

Result<ByteBuffer> CodedContent::decode(const ContentBlock& block) const {
  PITH_TRY(check_decode_memory(block.stream->header, memory_limit_));
  std::unique_ptr<CodecScratch> scratch;
  {
    std::unique_lock lock(mutex_);
    one_done_.wait(lock, [&] { return decoding_ < most_decoding_; });
    ++decoding_;
    ++decoded_;
    if (!scratch_.empty()) {
      scratch = std::move(scratch_.back());
      scratch_.pop_back();
    }
  }
  struct Done {
    const CodedContent& content;
    ~Done() {
      const std::lock_guard lock(content.mutex_);
      --content.decoding_;
      content.one_done_.notify_one();
    }
  };
  const Done done{*this};
  PITH_ASSIGN(const FrameHeader header, read_frame_header(file_, *block.stream, block.frame));
  PITH_ASSIGN(const ByteBuffer payload, read_payload(file_, block.frame));
  if (scratch == nullptr) scratch = std::make_unique<CodecScratch>(content_of(base_));
  auto raw = decode_block(header, payload, *scratch);
  const std::lock_guard lock(mutex_);
  scratch_.push_back(std::move(scratch));
  return raw;
}

Result<void> CodedContent::read_at(uint64_t offset, MutableBytes out) const {
  while (!out.empty()) {
    const auto block = block_at(offset);
    if (block == blocks_.end()) {
      return fail(ErrorCode::kDamaged, "bytes behind the end of the content were asked for");
    }
    if (block->begin > offset) {
      return fail(ErrorCode::kDamaged, "the index does not cover the content");
    }
    const auto kept = find(static_cast<size_t>(block - blocks_.begin()));
    const std::lock_guard lock(kept->mutex);
    if (!kept->done) {
      kept->raw = decode(*block);
      kept->done = true;
    }
    if (!kept->raw) return tl::unexpected(kept->raw.error());
    const ByteView raw = ByteView(*kept->raw).subspan(static_cast<size_t>(offset - block->begin));
    const size_t size = std::min(raw.size(), out.size());
    std::memcpy(out.data(), raw.data(), size);
    out = out.subspan(size);
    offset += size;
  }
  return {};
}

}  // namespace pith

#include "codecs/deflated/inner_blocks.h"

#include <algorithm>
#include <limits>

#include "base/byte_writer.h"

namespace pith::deflated {
namespace {

// A segment below this size goes with its neighbours, whatever they are: a block of its own costs
// more than it gains.
constexpr uint64_t kSmallSegment = 4096;
// Long segments are cut at multiples of this, so that no value is cut in two.
constexpr uint64_t kCutAlignment = 4096;
constexpr uint64_t kKib = 1024;

template <class Memory>
uint64_t largest_memory(Memory memory) {
  uint64_t largest = 0;
  for (const Codec* codec : all_codecs()) {
    if (codec->id() != CodecId::kDeflated) largest = std::max(largest, memory(*codec));
  }
  return largest;
}

}  // namespace

size_t max_inner_block(Level level) { return size_t{level <= 6 ? 8U : 32U} << 20; }

uint64_t inner_encode_memory(size_t raw_size, Level level) {
  return largest_memory([&](const Codec& codec) { return codec.encode_memory(raw_size, level); });
}

uint64_t inner_decode_memory(size_t raw_size, Level level) {
  return largest_memory([&](const Codec& codec) { return codec.decode_memory(raw_size, level); });
}

ContentCut::ContentCut(ByteView bytes, std::span<const Segment> segments, size_t max_block)
    : bytes_(bytes) {
  for (const Segment& segment : segments) add(segment, max_block);
  close();
}

BlockView ContentCut::operator[](size_t i) const {
  const Block& block = blocks_[i];
  return {.bytes = bytes_.subspan(block.offset, block.size),
          .segments = block.segments,
          .type = block.type};
}

void ContentCut::add(Segment segment, size_t max_block) {
  while (segment.size > 0) {
    const bool goes_together = open_.size == 0 || segment.size < kSmallSegment ||
                               open_.size < kSmallSegment || segment.type == open_.type;
    if (!goes_together) close();
    uint64_t part = segment.size;
    const uint64_t room = max_block - open_.size;
    if (part > room) part = open_.size > 0 ? 0 : room / kCutAlignment * kCutAlignment;
    if (part == 0) {
      close();
      continue;
    }
    open_.segments.push_back(segment);
    open_.segments.back().size = part;
    open_.size += static_cast<size_t>(part);
    auto& sizes = open_type_sizes_;
    sizes[static_cast<size_t>(segment.type)] += part;
    open_.type =
        static_cast<SegmentType>(std::max_element(sizes.begin(), sizes.end()) - sizes.begin());
    segment.size -= part;
  }
}

void ContentCut::close() {
  if (open_.size == 0) return;
  const size_t end = open_.offset + open_.size;
  blocks_.push_back(std::move(open_));
  open_ = {};
  open_.offset = end;
  open_type_sizes_ = {};
}

Result<InnerMemory> write_inner_block(const BlockView& block, const EncodeOptions& options,
                                      CodecScratch& scratch, ByteBuffer& out) {
  const SelectOptions select{
      .level = options.level, .forced = nullptr, .nested = true, .prime = options.prime};
  PITH_ASSIGN(const EncodedBlock encoded, encode_block(block, select, scratch));
  const uint64_t memory_kib = (encoded.decode_memory + kKib - 1) / kKib;
  ByteWriter writer(out);
  writer.u16(static_cast<uint16_t>(encoded.codec));
  writer.u32(checked_cast<uint32_t>(block.bytes.size()));
  writer.u32(checked_cast<uint32_t>(encoded.payload.size()));
  writer.u32(checked_cast<uint32_t>(memory_kib));
  writer.bytes(encoded.payload);
  return InnerMemory{.raw = block.bytes.size(), .codec = memory_kib * kKib};
}

Result<void> InnerBlockReader::next(size_t max_size, ByteBuffer& raw) {
  assert(raw.empty());
  const auto id = static_cast<CodecId>(payload_.u16());
  const uint32_t raw_size = payload_.u32();
  const uint32_t payload_size = payload_.u32();
  const uint64_t memory = payload_.u32() * kKib;
  const ByteView payload = payload_.bytes(payload_size);
  if (!payload_.ok() || raw_size == 0 || raw_size > max_size || id == CodecId::kDeflated) {
    return fail(ErrorCode::kDamaged, "a deflated block has a damaged inner block");
  }
  const Codec* codec = find_codec(id);
  if (codec == nullptr) {
    return fail(ErrorCode::kUnsupported, "a deflated block needs an unknown codec");
  }
  if (!budget_.reserve(raw_size) || !budget_.reserve(memory)) {
    return fail(ErrorCode::kDamaged, "a deflated block needs more memory than it declares");
  }
  raw = ByteBuffer(raw_size);
  MemoryBudget inner_budget(memory);
  PITH_TRY(codec->decode(payload, raw, inner_budget, scratch_.of(*codec)));
  budget_.release(memory);
  return {};
}

void InnerBlockReader::release(ByteBuffer& raw) {
  budget_.release(raw.size());
  raw = {};
}

Result<size_t> ContentReader::read(MutableBytes out) {
  size_t filled = 0;
  while (filled < out.size()) {
    if (left_.empty()) {
      blocks_.release(block_);
      PITH_TRY(blocks_.next(std::numeric_limits<uint32_t>::max(), block_));
      left_ = block_;
    }
    const size_t part = std::min(left_.size(), out.size() - filled);
    std::copy_n(left_.begin(), part, out.begin() + static_cast<std::ptrdiff_t>(filled));
    left_ = left_.subspan(part);
    filled += part;
  }
  return filled;
}

}  // namespace pith::deflated

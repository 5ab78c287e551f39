#include "codecs/deflated/inner_blocks.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "base/byte_writer.h"
#include "base/layout.h"

namespace pith::deflated {
namespace {

// A segment below this size goes with its neighbours, whatever they are: a block of its own costs
// more than it gains.
constexpr uint64_t kSmallSegment = 4096;
// Long segments are cut at multiples of this, so that no value is cut in two.
constexpr uint64_t kCutAlignment = 4096;
constexpr uint64_t kKib = 1024;

tl::unexpected<Error> too_little_memory() {
  return fail(ErrorCode::kDamaged, "a deflated block needs more memory than it declares");
}

template <class Memory>
uint64_t largest_memory(size_t raw_size, Level level, Memory memory) {
  uint64_t largest = 0;
  for (int i = 0; i < kSegmentTypes; ++i) {
    const auto type = static_cast<SegmentType>(i);
    const size_t size = std::min(raw_size, inner_limits(level).of(type));
    for (const Codec* codec : all_codecs()) {
      if (codec->id() == CodecId::kDeflated || !codec->accepts(type, level)) continue;
      largest = std::max(largest, memory(*codec, size));
    }
  }
  return largest;
}

// Bytes of the segments from `i` on that belong to the array of the first of them.
uint64_t array_run(std::span<const Segment> segments, size_t i) {
  const ArrayLayout* array = segments[i].layout.array.get();
  if (array == nullptr) return 0;
  uint64_t size = 0;
  for (; i < segments.size() && segments[i].layout.array.get() == array; ++i) {
    size += segments[i].size;
  }
  return size;
}

}  // namespace

InnerLimits inner_limits(Level level) {
  // What sorts blocks takes a little less than 16 MiB, what models arrays not more.
  return {.arrays = (size_t{16} << 20) - (size_t{64} << 10),
          .others = level <= 6 ? size_t{8} << 20 : size_t{32} << 20};
}

uint64_t max_held_content(Level level) {
  return level <= 6 ? kMaxHeldContent / 2 : kMaxHeldContent;
}

uint64_t inner_encode_memory(size_t raw_size, Level level) {
  return largest_memory(raw_size, level, [&](const Codec& codec, size_t size) {
    return codec.encode_memory(size, level);
  });
}

uint64_t inner_decode_memory(size_t raw_size, Level level) {
  return largest_memory(raw_size, level, [&](const Codec& codec, size_t size) {
    return codec.decode_memory(size, level);
  });
}

ContentCut::ContentCut(ByteView bytes, std::span<const Segment> segments, const InnerLimits& limits)
    : bytes_(bytes), limits_(limits) {
  const ArrayLayout* last = nullptr;
  for (size_t i = 0; i < segments.size(); ++i) {
    const ArrayLayout* array = segments[i].layout.array.get();
    if (array != nullptr && array != last) {
      const uint64_t run = array_run(segments, i);
      if (run <= limits.arrays && open_.size + run > limits.arrays) close();
    }
    last = array;
    add(segments[i]);
  }
  close();
}

BlockView ContentCut::operator[](size_t i) const {
  const Block& block = blocks_[i];
  return {.bytes = bytes_.subspan(block.offset, block.size),
          .segments = block.segments,
          .type = block.type};
}

uint64_t ContentCut::part_that_fits(const Segment& segment) const {
  const bool arrays =
      segment.type == SegmentType::kArray && (open_.size == 0 || open_.type == SegmentType::kArray);
  const size_t most = arrays ? limits_.arrays : limits_.others;
  const uint64_t room = most - std::min(most, open_.size);
  if (segment.size <= room) return segment.size;
  // In the middle of an array only between its tiles or slices.
  if (segment.layout.array != nullptr) {
    const uint64_t from = segment.layout.offset;
    const uint64_t end = from + room;
    const uint64_t part = std::max(from, end - end % cut_size(segment.layout)) - from;
    if (part > 0 || open_.size > 0) return part;
  }
  return open_.size > 0 ? 0 : room / kCutAlignment * kCutAlignment;
}

void ContentCut::add(Segment segment) {
  while (segment.size > 0) {
    const bool goes_together = open_.size == 0 || segment.size < kSmallSegment ||
                               open_.size < kSmallSegment || segment.type == open_.type;
    if (!goes_together) close();
    const uint64_t part = part_that_fits(segment);
    if (part == 0) {
      close();
      continue;
    }
    Segment front = segment;
    front.size = part;
    open_.size += static_cast<size_t>(part);
    auto& sizes = open_type_sizes_;
    sizes[static_cast<size_t>(segment.type)] += part;
    open_.type =
        static_cast<SegmentType>(std::max_element(sizes.begin(), sizes.end()) - sizes.begin());
    if (!open_.segments.empty() && goes_on(open_.segments.back(), front)) {
      open_.segments.back().size += part;
    } else {
      open_.segments.push_back(std::move(front));
    }
    segment.size -= part;
    if (!segment.layout.is_plain()) segment.layout.offset += part;
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

Result<InnerBlockReader::Header> InnerBlockReader::read_header(size_t max_size) {
  Header header;
  const auto id = static_cast<CodecId>(payload_.u16());
  header.raw_size = payload_.u32();
  const uint32_t payload_size = payload_.u32();
  header.memory = payload_.u32() * kKib;
  header.payload = payload_.bytes(payload_size);
  if (!payload_.ok() || header.raw_size == 0 || header.raw_size > max_size ||
      id == CodecId::kDeflated) {
    return fail(ErrorCode::kDamaged, "a deflated block has a damaged inner block");
  }
  header.codec = find_codec(id);
  if (header.codec == nullptr) {
    return fail(ErrorCode::kUnsupported, "a deflated block needs an unknown codec");
  }
  // They hold inner blocks themselves.
  if (header.codec->approximates(kMaxLevel)) {
    return fail(ErrorCode::kDamaged, "a deflated block has an inner block of the wrong codec");
  }
  return header;
}

Result<void> InnerBlockReader::decode(const Header& header, MutableBytes raw) {
  if (!budget_.reserve(header.memory)) return too_little_memory();
  MemoryBudget inner_budget(header.memory);
  PITH_TRY(header.codec->decode(header.payload, raw, inner_budget, scratch_.of(*header.codec)));
  budget_.release(header.memory);
  return {};
}

Result<void> InnerBlockReader::next(size_t max_size, ByteBuffer& raw) {
  assert(raw.empty());
  PITH_ASSIGN(const Header header, read_header(max_size));
  if (!budget_.reserve(header.raw_size)) return too_little_memory();
  raw = ByteBuffer(header.raw_size);
  return decode(header, raw);
}

Result<size_t> InnerBlockReader::next_into(MutableBytes room) {
  PITH_ASSIGN(const Header header, read_header(room.size()));
  PITH_TRY(decode(header, room.first(header.raw_size)));
  return header.raw_size;
}

void InnerBlockReader::release(ByteBuffer& raw) {
  budget_.release(raw.size());
  raw = {};
}

Result<void> StreamedContent::read(Lane, MutableBytes out) {
  while (!out.empty()) {
    if (left_.empty()) {
      blocks_.release(block_);
      PITH_TRY(blocks_.next(std::numeric_limits<uint32_t>::max(), block_));
      left_ = block_;
    }
    const size_t part = std::min(left_.size(), out.size());
    std::copy_n(left_.begin(), part, out.begin());
    left_ = left_.subspan(part);
    out = out.subspan(part);
  }
  return {};
}

Result<HeldContent> HeldContent::load(InnerBlockReader& blocks,
                                      std::span<const uint64_t> lane_sizes) {
  HeldContent content;
  content.bytes_ = ByteBuffer(
      static_cast<size_t>(std::accumulate(lane_sizes.begin(), lane_sizes.end(), uint64_t{0})));
  MutableBytes room = content.bytes_;
  while (!room.empty()) {
    PITH_ASSIGN(const size_t size, blocks.next_into(room));
    room = room.subspan(size);
  }
  if (!blocks.finished()) {
    return fail(ErrorCode::kDamaged, "a deflated block has more content than it describes");
  }
  ByteView bytes = content.bytes_;
  for (const uint64_t size : lane_sizes) {
    content.left_.push_back(bytes.first(static_cast<size_t>(size)));
    bytes = bytes.subspan(static_cast<size_t>(size));
  }
  return content;
}

Result<void> HeldContent::read(Lane lane, MutableBytes out) {
  if (lane >= left_.size() || out.size() > left_[lane].size()) {
    return fail(ErrorCode::kDamaged, "a deflated block uses up more content than it has");
  }
  std::copy_n(left_[lane].begin(), out.size(), out.begin());
  left_[lane] = left_[lane].subspan(out.size());
  return {};
}

bool HeldContent::finished() const {
  return std::all_of(left_.begin(), left_.end(), [](ByteView left) { return left.empty(); });
}

}  // namespace pith::deflated

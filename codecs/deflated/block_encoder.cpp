#include "codecs/deflated/block_encoder.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <new>
#include <numeric>
#include <unordered_map>

#include "codecs/deflated/content_check.h"

namespace pith::deflated {
namespace {

// Room that the copied bytes behind the last stream need in the control.
constexpr size_t kLastRecord = 64;

struct StreamParts {
  ByteView header;
  ByteView deflate;
  ByteView trailer;
};

// The parts of a deflated segment; nothing if the layout contradicts the bytes or the bounds.
std::optional<StreamParts> split_stream(ByteView bytes, const DeflateLayout& layout) {
  const uint64_t wrapper = uint64_t{layout.header_size} + layout.trailer_size;
  if (wrapper > bytes.size() || layout.header_size > kMaxWrapper ||
      layout.trailer_size > kMaxWrapper) {
    return std::nullopt;
  }
  const size_t deflate_size = bytes.size() - static_cast<size_t>(wrapper);
  return StreamParts{.header = bytes.first(layout.header_size),
                     .deflate = bytes.subspan(layout.header_size, deflate_size),
                     .trailer = bytes.last(layout.trailer_size)};
}

Bytef* zlib_bytes(const std::byte* bytes) {
  return reinterpret_cast<Bytef*>(const_cast<std::byte*>(bytes));  // zlib does not write to input
}

// True if `deflate` inflates to exactly `out.size()` bytes and ends there.
bool inflate_exactly(ByteView deflate, MutableBytes out) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw std::bad_alloc();
  std::byte none{};  // zlib wants a place even for nothing
  stream.next_in = zlib_bytes(deflate.data());
  stream.avail_in = checked_cast<uInt>(deflate.size());
  stream.next_out = zlib_bytes(out.empty() ? &none : out.data());
  stream.avail_out = checked_cast<uInt>(out.size());
  const int status = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  if (status == Z_MEM_ERROR) throw std::bad_alloc();
  return status == Z_STREAM_END && stream.avail_in == 0 && stream.avail_out == 0;
}

Trailer trailer_kind(ByteView trailer, ByteView content) {
  for (const Trailer kind : {Trailer::kGzip, Trailer::kZlib}) {
    ContentCheck check(kind);
    check.update(content);
    ByteBuffer expected;
    check.write_trailer(expected);
    if (equal(expected, trailer)) return kind;
  }
  return Trailer::kBytes;
}

uint64_t total_size(std::span<const Segment> segments) {
  return std::accumulate(segments.begin(), segments.end(), uint64_t{0},
                         [](uint64_t sum, const Segment& segment) { return sum + segment.size; });
}

}  // namespace

bool BlockEncoder::take_apart(const BlockView& block) {
  uint64_t inflated = 0;
  for (const Segment& segment : block.segments) {
    if (segment.layout.deflate != nullptr) inflated += segment.layout.deflate->inflated_size;
  }
  content_.reserve(block.bytes.size() +
                   static_cast<size_t>(std::min<uint64_t>(inflated, kMaxInflated)));
  ByteView left = block.bytes;
  bool found = false;
  for (const Segment& segment : block.segments) {
    const ByteView bytes = left.first(static_cast<size_t>(segment.size));
    left = left.subspan(bytes.size());
    const DeflateLayout* layout = segment.layout.deflate.get();
    if (layout != nullptr && add_stream(bytes, *layout)) {
      found = true;
    } else {
      copy(bytes, segment);
    }
  }
  return found;
}

void BlockEncoder::add_part(Run run, size_t first_segment) {
  control_bound_ += record_bound(run);
  parts_.push_back(
      {.run = std::move(run), .first_segment = first_segment, .end_segment = segments_.size()});
}

void BlockEncoder::copy(ByteView bytes, const Segment& segment) {
  append(content_, bytes);
  Segment copied = segment;
  if (copied.type == SegmentType::kDeflated) {
    copied = {.size = segment.size, .type = SegmentType::kCompressed, .layout = {}};
  }
  segments_.push_back(std::move(copied));
  const auto size = checked_cast<uint32_t>(bytes.size());
  // Parts of arrays may be moved, so they have runs of their own while there is room.
  const bool full = control_bound_ >= kMaxControl / 2;
  auto* last = parts_.empty() ? nullptr : std::get_if<CopiedRun>(&parts_.back().run);
  const bool joins = full || (segment.layout.array == nullptr && last != nullptr &&
                              array_of(parts_.back()) == nullptr);
  if (joins && last != nullptr) {
    last->size += size;
    parts_.back().end_segment = segments_.size();
  } else {
    add_part(CopiedRun{.size = size}, segments_.size() - 1);
  }
}

bool BlockEncoder::add_stream(ByteView bytes, const DeflateLayout& layout) {
  std::optional<ClosedStream> closed;
  if (!layout.gaps.empty()) {
    closed = take_gaps(bytes, layout.gaps);
    if (!closed) return false;
    closed_.push_back(std::move(*closed));
    bytes = closed_.back().bytes;
  }
  const auto parts = split_stream(bytes, layout);
  if (!parts || layout.inflated_size > kMaxInflated - inflated_) return false;
  const auto size = static_cast<size_t>(layout.inflated_size);
  StreamRun run{.inflated_size = checked_cast<uint32_t>(size),
                .header_bytes = parts->header,
                .trailer_bytes = parts->trailer,
                .gaps = closed ? ByteView(closed_.back().gaps) : ByteView()};
  if (control_bound_ + record_bound(run) + kLastRecord > kMaxControl) return false;
  const size_t before = content_.size();
  content_.resize(before + size);
  const auto inflated = MutableBytes(content_).subspan(before);
  std::optional<EncoderParameters> parameters;
  if (inflate_exactly(parts->deflate, inflated)) {
    EncoderHints hints = hints_from_header(parts->header);
    hints.likely = last_parameters_;
    parameters = find_parameters(parts->deflate, inflated, hints, state_);
  }
  if (!parameters) {
    content_.resize(before);
    return false;
  }
  last_parameters_ = parameters;
  inflated_ += size;
  run.parameters = *parameters;
  run.trailer = trailer_kind(parts->trailer, inflated);
  const size_t first_segment = segments_.size();
  if (total_size(layout.content) == size) {
    segments_.insert(segments_.end(), layout.content.begin(), layout.content.end());
  } else {
    segments_.push_back({.size = size, .type = SegmentType::kBytes, .layout = {}});
  }
  add_part(std::move(run), first_segment);
  return true;
}

// The array that most of a part belongs to; null if there is none.
const ArrayLayout* BlockEncoder::array_of(const Part& part) const {
  if (part.first_segment == part.end_segment) return nullptr;
  const Segment& segment = segments_[part.first_segment];
  return segment.size >= content_size(part.run) / 2 ? segment.layout.array.get() : nullptr;
}

bool BlockEncoder::is_sorted() const {
  return std::is_sorted(parts_.begin(), parts_.end(), [](const Part& a, const Part& b) {
    return lane_of(a.run) < lane_of(b.run);
  });
}

void BlockEncoder::sort_into_lanes(Level level) {
  if (content_.size() > max_held_content(level)) return;
  std::unordered_map<const ArrayLayout*, Lane> lanes;
  for (Part& part : parts_) {
    const ArrayLayout* array = array_of(part);
    if (array == nullptr || (lanes.size() + 1 == kMaxLanes && !lanes.contains(array))) continue;
    const Lane lane = lanes.try_emplace(array, static_cast<Lane>(lanes.size() + 1)).first->second;
    std::visit([lane](auto& run) { run.lane = lane; }, part.run);
  }
  if (is_sorted()) {  // as they come is as good
    for (Part& part : parts_) std::visit([](auto& run) { run.lane = 0; }, part.run);
    return;
  }
  lanes_ = lanes.size() + 1;
  std::vector<size_t> offsets;  // of the parts in the content
  size_t offset = 0;
  for (const Part& part : parts_) {
    offsets.push_back(offset);
    offset += content_size(part.run);
  }
  std::vector<size_t> order(parts_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [this](size_t a, size_t b) {
    return lane_of(parts_[a].run) < lane_of(parts_[b].run);
  });
  ByteBuffer sorted;
  sorted.reserve(content_.size());
  std::vector<Segment> segments;
  for (const size_t i : order) {
    append(sorted, ByteView(content_).subspan(offsets[i], content_size(parts_[i].run)));
    for (size_t n = parts_[i].first_segment; n < parts_[i].end_segment; ++n) {
      segments.push_back(segments_[n]);
    }
  }
  content_ = std::move(sorted);
  segments_ = std::move(segments);
}

// Copied runs of one lane that follow each other are one.
ByteBuffer BlockEncoder::control() const {
  ByteBuffer control;
  std::optional<CopiedRun> open;
  const auto close = [&] {
    if (open && open->size > 0) write_run(*open, control);
    open.reset();
  };
  for (const Part& part : parts_) {
    const auto* copied = std::get_if<CopiedRun>(&part.run);
    if (copied != nullptr && open && open->lane == copied->lane) {
      open->size += copied->size;
      continue;
    }
    close();
    if (copied != nullptr) {
      open = *copied;
    } else {
      write_run(part.run, control);
    }
  }
  close();
  return control;
}

Result<EncodeOutcome> BlockEncoder::write(const EncodeOptions& options, size_t limit,
                                          ByteBuffer& out, uint64_t& decode_memory,
                                          CodecScratch& scratch) const {
  const ByteBuffer control_bytes = control();
  const bool extended = std::any_of(parts_.begin(), parts_.end(),
                                    [](const Part& part) { return is_extended(part.run); });
  out.push_back(std::byte{extended ? kLaneVersion : kPlainVersion});
  const Segment control_segment{
      .size = control_bytes.size(), .type = SegmentType::kBytes, .layout = {}};
  const BlockView control_block{
      .bytes = control_bytes, .segments = {&control_segment, 1}, .type = SegmentType::kBytes};
  PITH_ASSIGN(const InnerMemory control_memory,
              write_inner_block(control_block, options, scratch, out));
  const bool held = lanes_ > 1;
  uint64_t largest = 0;
  const ContentCut blocks(content_, segments_, options.level);
  for (size_t i = 0; i < blocks.size() && out.size() <= limit; ++i) {
    PITH_ASSIGN(const InnerMemory memory, write_inner_block(blocks[i], options, scratch, out));
    largest = std::max(largest, (held ? 0 : memory.raw) + memory.codec);
  }
  if (out.size() > limit) return EncodeOutcome::kDeclined;
  if (held) largest += held_memory(content_.size(), lanes_);
  decode_memory = control_memory.raw + std::max(control_memory.codec, kEncoderMemory + largest);
  return EncodeOutcome::kEncoded;
}

}  // namespace pith::deflated

// The blocks inside a payload: each is coded by the codec that suits its content.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "base/byte_reader.h"
#include "codecs/deflated/stream_record.h"
#include "codecs/registry.h"
#include "codecs/select.h"

namespace pith::deflated {

// Largest inner block of a type. Large ones suit the high levels, and arrays, of which many parts
// should be together; smaller ones keep decoding small.
size_t max_inner_block(SegmentType type, Level level);
size_t largest_inner_block(Level level);

// Largest memory that any codec takes for an inner block of at most this size.
uint64_t inner_encode_memory(size_t raw_size, Level level);
uint64_t inner_decode_memory(size_t raw_size, Level level);

// Cuts content into blocks: neighbours of one type together, small segments with what is next to
// them, and an array in one block where it fits. The views refer to `bytes` and to the cut itself.
class ContentCut {
 public:
  ContentCut(ByteView bytes, std::span<const Segment> segments, Level level);
  size_t size() const { return blocks_.size(); }
  BlockView operator[](size_t i) const;

 private:
  struct Block {
    size_t offset = 0;
    size_t size = 0;
    SegmentType type = SegmentType::kBytes;
    std::vector<Segment> segments;
  };
  void add(Segment segment);
  void close();
  // Bytes of the segment that may stand in the open block.
  uint64_t part_that_fits(const Segment& segment) const;

  ByteView bytes_;
  Level level_;
  std::vector<Block> blocks_;
  Block open_;
  std::array<uint64_t, kSegmentTypes> open_type_sizes_{};  // bytes of each type in open_
};

// Memory that decoding an inner block takes.
struct InnerMemory {
  uint64_t raw = 0;
  uint64_t codec = 0;
};

// Codes a block and appends it to `out`.
Result<InnerMemory> write_inner_block(const BlockView& block, const EncodeOptions& options,
                                      CodecScratch& scratch, ByteBuffer& out);

// Reads inner blocks one after the other. What they take comes out of the budget first.
class InnerBlockReader {
 public:
  InnerBlockReader(ByteReader& payload, MemoryBudget& budget, CodecScratch& scratch)
      : payload_(payload), budget_(budget), scratch_(scratch) {}

  // Decodes the next block, of at most `max_size` bytes, into `raw`, which must be empty.
  // Its size stays reserved; release() gives it back.
  Result<void> next(size_t max_size, ByteBuffer& raw);
  // Decodes the next block, of at most `room`, to its front, for which the memory is there already.
  // Returns its size.
  Result<size_t> next_into(MutableBytes room);
  void release(ByteBuffer& raw);
  bool finished() const { return payload_.finished(); }

 private:
  struct Header {
    const Codec* codec = nullptr;
    uint32_t raw_size = 0;
    uint64_t memory = 0;
    ByteView payload;
  };
  Result<Header> read_header(size_t max_size);
  Result<void> decode(const Header& header, MutableBytes raw);

  ByteReader& payload_;
  MemoryBudget& budget_;
  CodecScratch& scratch_;
};

// The content of a block, which the runs of the control use up.
class Content {
 public:
  virtual ~Content() = default;
  // Fills `out` with what comes next in the lane, or fails: in a valid payload there is enough.
  virtual Result<void> read(Lane lane, MutableBytes out) = 0;
  // True if all of it was used.
  virtual bool finished() const = 0;
};

// The content where there is one lane; holds one inner block at a time.
class StreamedContent : public Content {
 public:
  explicit StreamedContent(InnerBlockReader& blocks) : blocks_(blocks) {}
  Result<void> read(Lane lane, MutableBytes out) override;
  bool finished() const override { return left_.empty() && blocks_.finished(); }

 private:
  InnerBlockReader& blocks_;
  ByteBuffer block_;
  ByteView left_;
};

// The content where there are several lanes, one behind the other; holds all of it.
class HeldContent : public Content {
 public:
  // `lane_sizes` add up to at most kMaxHeldContent, and have been reserved.
  static Result<HeldContent> load(InnerBlockReader& blocks, std::span<const uint64_t> lane_sizes);
  Result<void> read(Lane lane, MutableBytes out) override;
  bool finished() const override;

 private:
  ByteBuffer bytes_;
  std::vector<ByteView> left_;  // of each lane
};

// The largest content that is held as a whole.
inline constexpr uint64_t kMaxHeldContent = uint64_t{64} << 20;
// Memory for it.
inline constexpr uint64_t held_memory(uint64_t content_size, size_t lanes) {
  return content_size + 32 * lanes;
}
// What the encoder goes up to.
uint64_t max_held_content(Level level);

}  // namespace pith::deflated

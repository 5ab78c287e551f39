// The blocks inside a payload: each is coded by the codec that suits its content.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "base/byte_reader.h"
#include "base/source.h"
#include "codecs/registry.h"
#include "codecs/select.h"

namespace pith::deflated {

// Largest inner block. Large ones suit the high levels; smaller ones keep decoding small.
size_t max_inner_block(Level level);

// Largest memory that any codec takes for an inner block of this size.
uint64_t inner_encode_memory(size_t raw_size, Level level);
uint64_t inner_decode_memory(size_t raw_size, Level level);

// Cuts content into blocks: neighbours of one type together, small segments with what is next to
// them. The views refer to `bytes` and to the cut itself.
class ContentCut {
 public:
  ContentCut(ByteView bytes, std::span<const Segment> segments, size_t max_block);
  size_t size() const { return blocks_.size(); }
  BlockView operator[](size_t i) const;

 private:
  struct Block {
    size_t offset = 0;
    size_t size = 0;
    SegmentType type = SegmentType::kBytes;
    std::vector<Segment> segments;
  };
  void add(Segment segment, size_t max_block);
  void close();

  ByteView bytes_;
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
  void release(ByteBuffer& raw);
  bool finished() const { return payload_.finished(); }

 private:
  ByteReader& payload_;
  MemoryBudget& budget_;
  CodecScratch& scratch_;
};

// The content as one run of bytes; holds one block at a time.
class ContentReader : public Source {
 public:
  explicit ContentReader(InnerBlockReader& blocks) : blocks_(blocks) {}

  // Fills `out` or fails: the content never ends early in a valid payload.
  Result<size_t> read(MutableBytes out) override;
  bool finished() const { return left_.empty() && blocks_.finished(); }

 private:
  InnerBlockReader& blocks_;
  ByteBuffer block_;
  ByteView left_;
};

}  // namespace pith::deflated

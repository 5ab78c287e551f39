// Context mixing of a stream's bytes, bit by bit: for streams that are small beside their block,
// and of which the fast coders leave much (docs/codecs/log.md, "Mixed streams").
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/model/arena.h"

namespace pith::log {

// What a stream holds decides on the contexts.
enum class MixedKind : uint8_t { kText = 0, kPlane = 1 };

// The tables of the models, kept from stream to stream: lines say for which stream they were last
// used, so that none need be cleared for the next.
class MixedSpace {
 public:
  // The counters of a context for four bits of a byte: 15 nodes, and what tells contexts apart that
  // share a line.
  struct Line {
    uint32_t check = 0;
    std::array<uint32_t, 15> counters;
  };
  static_assert(sizeof(Line) == 64);

  // Room for a stream's lines; none of them has a check with this stream's number in its upper
  // half.
  Line* start(size_t lines);
  uint32_t number() const { return number_; }

 private:
  std::unique_ptr<model::Arena> memory_;
  std::span<Line> lines_;
  uint32_t number_ = 0;  // of the stream, in the upper 16 bits
};

// Bytes that coding a stream of `size` bytes takes.
uint64_t mixed_memory(MixedKind kind, size_t size);

// Appends at most `room` bytes to `out`; false, with `out` as it was, if it takes more.
bool encode_mixed(ByteView in, MixedKind kind, size_t room, MixedSpace& space, ByteBuffer& out);

Result<void> decode_mixed(ByteView payload, MixedKind kind, MixedSpace& space, MutableBytes out,
                          MemoryBudget& budget);

}  // namespace pith::log

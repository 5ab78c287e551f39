// Blocks for the tests of codec `deflated`, and their way through it.
#pragma once

#include <memory>
#include <vector>

#include "codecs/deflated/deflated_codec.h"
#include "tests/codecs/deflate_streams.h"

namespace pith::test {

inline constexpr int kGzip = 15 + 16;  // window bits, as deflateInit2() takes them

// A block under construction.
struct TestBlock {
  ByteBuffer bytes;
  std::vector<Segment> segments;

  void add_raw(ByteView raw, SegmentType type) {
    append(bytes, raw);
    segments.push_back({.size = raw.size(), .type = type, .layout = {}});
  }
  void add_stream(ByteView stream, uint32_t header, uint32_t trailer, uint64_t inflated,
                  SegmentType content = SegmentType::kText) {
    auto layout = std::make_shared<DeflateLayout>();
    layout->header_size = header;
    layout->trailer_size = trailer;
    layout->inflated_size = inflated;
    if (inflated > 0) layout->content = {{.size = inflated, .type = content, .layout = {}}};
    append(bytes, stream);
    segments.push_back({.size = stream.size(),
                        .type = SegmentType::kDeflated,
                        .layout = {.deflate = std::move(layout)}});
  }
  void add_gzip(ByteView content, const ZlibSettings& settings = {.window_bits = kGzip}) {
    add_stream(zlib_deflate(content, settings), 10, 8, content.size());
  }
  BlockView view() const {
    return {.bytes = bytes, .segments = segments, .type = SegmentType::kDeflated};
  }
};

struct Coded {
  EncodeOutcome outcome = EncodeOutcome::kDeclined;
  ByteBuffer payload;
  uint64_t memory = 0;
};

inline Coded encode(const TestBlock& block, Level level = 4) {
  const auto scratch = deflated_codec().make_scratch();
  Coded coded;
  const auto outcome =
      deflated_codec().encode(block.view(), level, coded.payload, coded.memory, scratch.get());
  EXPECT_TRUE(outcome.has_value());
  if (outcome) coded.outcome = *outcome;
  return coded;
}

inline Result<ByteBuffer> decode(ByteView payload, size_t raw_size, uint64_t memory) {
  static const auto scratch = deflated_codec().make_scratch();
  ByteBuffer raw(raw_size, std::byte{0});
  MemoryBudget budget(memory);
  PITH_TRY(deflated_codec().decode(payload, raw, budget, scratch.get()));
  return raw;
}

// The block is coded smaller than it is, within the bounds that the codec promises, and restored.
inline Coded expect_round_trip(const TestBlock& block, Level level = 4) {
  Coded coded = encode(block, level);
  EXPECT_EQ(coded.outcome, EncodeOutcome::kEncoded);
  EXPECT_LE(coded.payload.size(), block.bytes.size());
  EXPECT_LE(coded.memory, deflated_codec().decode_memory(block.bytes.size(), level));
  const auto raw = decode(coded.payload, block.bytes.size(), coded.memory);
  EXPECT_TRUE(raw.has_value());
  EXPECT_TRUE(raw && *raw == block.bytes);
  return coded;
}

}  // namespace pith::test

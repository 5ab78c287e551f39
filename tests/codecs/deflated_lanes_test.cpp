// Codec `deflated` where arrays lie in many streams, and where a stream has gaps.
#include <gtest/gtest.h>

#include <random>

#include "codecs/deflated/block_encoder.h"
#include "tests/codecs/deflated_block.h"

namespace pith {
namespace {

using namespace test;

constexpr size_t kTileSize = 45 * 80;

std::shared_ptr<const ArrayLayout> tiled_array(const std::string& name, uint64_t tiles) {
  ArrayLayout array;
  array.name = name;
  array.type = NumberType::kUint8;
  array.shape = {45 * tiles, 80};
  array.tile = {45, 80};
  array.size = tiles * kTileSize;
  return std::make_shared<const ArrayLayout>(std::move(array));
}

// Values of an array that grow slowly, with noise of its own.
ByteBuffer tile_bytes(uint32_t array, uint32_t tile) {
  ByteBuffer bytes(kTileSize);
  std::mt19937 random(array * 1000 + tile);
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::byte>(array * 60 + tile + i / 400 + random() % 3);
  }
  return bytes;
}

void add_tile(TestBlock& block, const std::shared_ptr<const ArrayLayout>& array, uint32_t number,
              uint32_t tile) {
  const ByteBuffer content = tile_bytes(number, tile);
  block.add_stream(zlib_deflate(content, {}), 2, 4, content.size());
  auto layout = std::make_shared<DeflateLayout>(*block.segments.back().layout.deflate);
  layout->content = {{.size = content.size(), .type = SegmentType::kArray, .layout = {}}};
  layout->content[0].layout.array = array;
  layout->content[0].layout.offset = tile * kTileSize;
  block.segments.back().layout.deflate = std::move(layout);
}

// Tiles of three arrays in turn, bytes between them, and a tile that is not deflated.
TestBlock interleaved(uint32_t tiles) {
  TestBlock block;
  const std::array arrays = {tiled_array("a", tiles), tiled_array("b", tiles),
                             tiled_array("c", tiles)};
  for (uint32_t tile = 0; tile < tiles; ++tile) {
    for (uint32_t n = 0; n < arrays.size(); ++n) {
      block.add_raw(random_bytes(50, tile), SegmentType::kBytes);
      if (tile == 3) {
        block.add_raw(tile_bytes(n, tile), SegmentType::kArray);
        block.segments.back().layout.array = arrays[n];
        block.segments.back().layout.offset = tile * kTileSize;
      } else {
        add_tile(block, arrays[n], n, tile);
      }
    }
  }
  return block;
}

TEST(DeflatedLanes, PartsOfArraysStandTogether) {
  const TestBlock block = interleaved(12);
  deflated::EncoderState state;
  deflated::BlockEncoder encoder(state);
  ASSERT_TRUE(encoder.take_apart(block.view()));
  encoder.sort_into_lanes(5);
  std::string names;  // of the content's segments, once for each run of the same
  for (const Segment& segment : encoder.content_segments()) {
    const std::string name = segment.layout.array != nullptr ? segment.layout.array->name : "-";
    if (!names.ends_with(name)) names += name;
  }
  EXPECT_EQ(names, "-abc");
}

TEST(DeflatedLanes, RestoreExactly) {
  for (const Level level : {3, 5, 8}) {
    const TestBlock block = interleaved(12);
    const Coded coded = encode(block, level);
    ASSERT_EQ(coded.outcome, EncodeOutcome::kEncoded);
    EXPECT_EQ(coded.payload[0], std::byte{deflated::kLaneVersion});
    const auto raw = decode(coded.payload, block.bytes.size(), coded.memory);
    ASSERT_TRUE(raw.has_value());
    EXPECT_TRUE(equal(*raw, block.bytes));
    // What was declared is what it takes.
    EXPECT_FALSE(decode(coded.payload, block.bytes.size(), coded.memory - 1024).has_value());
  }
}

TEST(DeflatedLanes, OneArrayInOrderNeedsNone) {
  TestBlock block;
  const auto array = tiled_array("a", 5);
  for (uint32_t tile = 0; tile < 5; ++tile) add_tile(block, array, 0, tile);
  const Coded coded = encode(block);
  ASSERT_EQ(coded.outcome, EncodeOutcome::kEncoded);
  EXPECT_EQ(coded.payload[0], std::byte{deflated::kPlainVersion});
}

TEST(DeflatedLanes, SurviveDamage) {
  const TestBlock block = interleaved(5);
  const Coded coded = encode(block);
  std::mt19937 random(5);
  for (int trial = 0; trial < 300; ++trial) {
    ByteBuffer damaged = coded.payload;
    for (int i = 0; i < 2; ++i) {
      damaged[random() % std::min<size_t>(damaged.size(), trial % 2 == 0 ? 120 : SIZE_MAX)] =
          static_cast<std::byte>(random());
    }
    (void)decode(damaged, block.bytes.size(), coded.memory);
  }
}

// A stream cut into parts of `part` bytes; what `between` gives lies in front of all but the first.
template <class Between>
TestBlock with_gaps(ByteView content, size_t part, Between between) {
  const ByteBuffer stream = zlib_deflate(content, {.strategy = Z_FILTERED});
  TestBlock block;
  auto layout = std::make_shared<DeflateLayout>();
  ByteBuffer bytes;
  for (size_t at = 0; at < stream.size(); at += part) {
    const ByteView next = ByteView(stream).subspan(at, std::min(part, stream.size() - at));
    if (at > 0) {
      const ByteBuffer gap = between(ByteView(stream).subspan(at - part, part), next);
      layout->gaps.push_back({.offset = bytes.size(), .size = static_cast<uint32_t>(gap.size())});
      append(bytes, gap);
    }
    append(bytes, next);
  }
  layout->header_size = 2;
  layout->trailer_size = 4;
  layout->inflated_size = content.size();
  layout->content = {{.size = content.size(), .type = SegmentType::kText, .layout = {}}};
  block.bytes = std::move(bytes);
  Segment segment{.size = block.bytes.size(), .type = SegmentType::kDeflated, .layout = {}};
  segment.layout.deflate = std::move(layout);
  block.segments.push_back(std::move(segment));
  return block;
}

void append_number(ByteBuffer& out, size_t value) {
  for (int shift = 24; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::byte>(value >> shift));
}

ByteBuffer png_gap(ByteView before, ByteView next, bool right_check = true) {
  ByteBuffer typed;
  append(typed, as_bytes("IDAT"));
  append(typed, before);
  ByteBuffer gap;
  append_number(
      gap, crc32(0, reinterpret_cast<const Bytef*>(typed.data()), static_cast<uInt>(typed.size())) +
               (right_check ? 0 : 1));
  append_number(gap, next.size());
  append(gap, as_bytes("IDAT"));
  return gap;
}

void expect_restored(const TestBlock& block) {
  const Coded coded = encode(block);
  ASSERT_EQ(coded.outcome, EncodeOutcome::kEncoded);
  EXPECT_EQ(coded.payload[0], std::byte{deflated::kLaneVersion});
  const auto raw = decode(coded.payload, block.bytes.size(), coded.memory);
  ASSERT_TRUE(raw.has_value());
  EXPECT_TRUE(equal(*raw, block.bytes));
}

TEST(DeflatedGaps, ChunksOfPngAreMadeAgain) {
  const ByteBuffer text = random_text(50000, 1);
  // In the header, one byte each, and so on.
  for (const size_t part : {size_t{1}, size_t{3}, size_t{100}, size_t{8192}}) {
    if (part == 1) {
      expect_restored(with_gaps(random_text(300, 1), part, [](ByteView before, ByteView next) {
        return png_gap(before, next);
      }));
    } else {
      expect_restored(with_gaps(
          text, part, [](ByteView before, ByteView next) { return png_gap(before, next); }));
    }
  }
}

TEST(DeflatedGaps, WrongChecksAndOtherGapsAreKept) {
  const ByteBuffer text = random_text(50000, 1);
  expect_restored(with_gaps(
      text, 1000, [](ByteView before, ByteView next) { return png_gap(before, next, false); }));
  expect_restored(with_gaps(text, 1000, [](ByteView, ByteView next) {
    return ByteBuffer(next.size() % 7 == 0 ? 300 : 12, std::byte{7});
  }));
}

TEST(DeflatedGaps, RightChecksTakeHardlyAnyRoom) {
  const ByteBuffer text = random_text(500000, 1);
  const auto size = [&](bool right) {
    return encode(with_gaps(
                      text, 256,
                      [&](ByteView before, ByteView next) { return png_gap(before, next, right); }))
        .payload.size();
  };
  EXPECT_LT(size(true) + 1000, size(false));
}

TEST(DeflatedGaps, ThatAreImpossibleAreNotBelieved) {
  const auto damage = [](TestBlock& block, auto change) {
    auto layout = std::make_shared<DeflateLayout>(*block.segments[0].layout.deflate);
    change(*layout);
    block.segments[0].layout.deflate = std::move(layout);
    EXPECT_EQ(encode(block).outcome, EncodeOutcome::kDeclined);
  };
  const auto make = [] {
    return with_gaps(random_text(5000, 1), 500,
                     [](ByteView before, ByteView next) { return png_gap(before, next); });
  };
  TestBlock block = make();
  damage(block, [](DeflateLayout& layout) { layout.gaps[1].offset = 3; });
  block = make();
  damage(block, [](DeflateLayout& layout) { layout.gaps.back().offset = UINT64_MAX - 2; });
  block = make();
  damage(block, [](DeflateLayout& layout) { layout.gaps.back().size = UINT32_MAX; });
  block = make();
  damage(block, [](DeflateLayout& layout) { layout.gaps.clear(); });
}

TEST(DeflatedGaps, SurviveDamage) {
  const TestBlock block = with_gaps(random_text(20000, 1), 100, [](ByteView before, ByteView next) {
    return png_gap(before, next, next.size() != 100);
  });
  const Coded coded = encode(block);
  std::mt19937 random(6);
  for (int trial = 0; trial < 100; ++trial) {
    ByteBuffer damaged = coded.payload;
    damaged[random() % std::min<size_t>(damaged.size(), 400)] = static_cast<std::byte>(random());
    (void)decode(damaged, block.bytes.size(), coded.memory);
  }
}

}  // namespace
}  // namespace pith

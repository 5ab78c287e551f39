// Codec `deflated`: round trips of whole blocks, and what it declines.

#include "codecs/deflated/inner_blocks.h"
#include "codecs/registry.h"
#include "codecs/select.h"
#include "tests/codecs/deflated_block.h"

namespace pith {
namespace {

using test::Coded;
using test::encode;
using test::expect_round_trip;
using test::kGzip;
using test::TestBlock;
using test::zlib_deflate;

void expect_declined(const TestBlock& block) {
  EXPECT_EQ(encode(block).outcome, EncodeOutcome::kDeclined);
}

const ByteBuffer kText = test::random_text(60000, 1);

TEST(Deflated, IsForDeflateStreamsFromLevel3On) {
  EXPECT_EQ(find_codec("deflated"), &deflated_codec());
  EXPECT_EQ(find_codec(CodecId::kDeflated), &deflated_codec());
  for (Level level = kMinLevel; level <= kMaxLevel; ++level) {
    EXPECT_EQ(deflated_codec().accepts(SegmentType::kDeflated, level), level >= 3);
    EXPECT_FALSE(deflated_codec().accepts(SegmentType::kText, level));
    EXPECT_FALSE(deflated_codec().accepts(SegmentType::kCompressed, level));
  }
}

TEST(Deflated, RestoresGzipAndZlib) {
  for (const int level : {1, 2, 3, 4, 5, 6, 7, 8, 9}) {
    for (const int memory_level : {8, 9}) {
      for (const int window_bits : {kGzip, 15, 12}) {
        TestBlock block;
        const bool gzip = window_bits == kGzip;
        block.add_stream(
            zlib_deflate(
                kText, {.level = level, .window_bits = window_bits, .memory_level = memory_level}),
            gzip ? 10 : 2, gzip ? 8 : 4, kText.size());
        expect_round_trip(block, 3);
      }
    }
  }
}

TEST(Deflated, RestoresAtEveryLevel) {
  TestBlock block;
  block.add_gzip(kText);
  for (Level level = 3; level <= kMaxLevel; ++level) expect_round_trip(block, level);
}

TEST(Deflated, RestoresGzipsAndPigzsStreams) {
  const ByteBuffer content = test::table_lines(5000, 2);
  for (const auto encoder : {deflated::Encoder::kGzip, deflated::Encoder::kPigz}) {
    TestBlock block;
    const ByteBuffer deflate = test::pith_deflate(content, {.encoder = encoder});
    block.add_stream(test::gzip_member(deflate, content), 10, 8, content.size());
    expect_round_trip(block);
  }
}

TEST(Deflated, RestoresBlocksOfManyKinds) {
  TestBlock block;
  const ByteBuffer other = test::random_text(3000, 3);
  const ByteBuffer noise = test::random_bytes(5000, 4);
  block.add_raw(as_bytes("archive header"), SegmentType::kBytes);
  block.add_gzip(kText);
  block.add_gzip(other, {.level = 9, .window_bits = kGzip, .memory_level = 9});
  block.add_raw(kText, SegmentType::kText);
  block.add_raw(noise, SegmentType::kCompressed);
  block.add_gzip({});
  block.add_gzip(noise);
  block.add_raw(as_bytes("?"), SegmentType::kBytes);
  block.add_stream(zlib_deflate(other, {.level = 1}), 2, 4, other.size());
  block.add_raw(as_bytes("archive trailer"), SegmentType::kBytes);
  expect_round_trip(block);
}

TEST(Deflated, RestoresManySmallStreams) {
  TestBlock block;
  for (size_t i = 0; i < 300; ++i) {
    block.add_raw(as_bytes("entry"), SegmentType::kBytes);
    block.add_gzip(ByteView(kText).subspan(i * 150, 500 + i));
  }
  const Coded coded = expect_round_trip(block);
  EXPECT_LT(coded.payload.size(), block.bytes.size() / 2);
}

TEST(Deflated, RestoresContentOfSeveralInnerBlocks) {
  TestBlock block;
  ByteBuffer content = test::random_text(500000, 5);
  for (int i = 0; i < 5; ++i) {
    const ByteBuffer half(content);
    append(content, half);
  }
  ASSERT_GT(content.size(), deflated::inner_limits(3).others);
  block.add_gzip(content, {.level = 1, .window_bits = kGzip});
  expect_round_trip(block, 3);
}

// Values are not cut in two where a segment is longer than an inner block.
TEST(Deflated, CutsContentByType) {
  const ByteBuffer bytes(200000);
  const std::vector<Segment> segments = {{.size = 100, .type = SegmentType::kBytes, .layout = {}},
                                         {.size = 50000, .type = SegmentType::kF32, .layout = {}},
                                         {.size = 3000, .type = SegmentType::kBytes, .layout = {}},
                                         {.size = 46900, .type = SegmentType::kText, .layout = {}},
                                         {.size = 100000, .type = SegmentType::kF32, .layout = {}}};
  const deflated::ContentCut cut(bytes, segments, {.arrays = 65536, .others = 65536});
  uint64_t offset = 0;
  std::vector<SegmentType> types;
  for (size_t i = 0; i < cut.size(); ++i) {
    const BlockView block = cut[i];
    EXPECT_EQ(block.bytes.data(), bytes.data() + offset);
    EXPECT_LE(block.bytes.size(), 65536u);
    uint64_t sum = 0;
    for (const Segment& segment : block.segments) sum += segment.size;
    EXPECT_EQ(sum, block.bytes.size());
    offset += sum;
    types.push_back(block.type);
  }
  EXPECT_EQ(offset, bytes.size());
  EXPECT_EQ(types, (std::vector{SegmentType::kF32, SegmentType::kText, SegmentType::kF32,
                                SegmentType::kF32}));
  EXPECT_EQ(cut[2].bytes.size() % 4096, 0u);
}

TEST(Deflated, KeepsUnusualWrappers) {
  TestBlock block;
  ByteBuffer stream = zlib_deflate(kText, {.window_bits = kGzip});
  stream.back() ^= std::byte{1};  // a wrong size: the trailer can not be computed
  block.add_stream(stream, 10, 8, kText.size());
  const ByteBuffer raw = zlib_deflate(kText, {.window_bits = -15});
  block.add_stream(raw, 0, 0, kText.size());
  expect_round_trip(block);
}

TEST(Deflated, UsesTheSegmentsOfTheContentOnlyIfTheyFit) {
  TestBlock block;
  block.add_gzip(kText);
  auto layout = std::make_shared<DeflateLayout>(*block.segments[0].layout.deflate);
  layout->content[0].size -= 1;
  block.segments[0].layout.deflate = layout;
  expect_round_trip(block);
}

TEST(Deflated, DeclinesWhatItCannotMakeAgain) {
  TestBlock plain;
  plain.add_raw(kText, SegmentType::kText);
  expect_declined(plain);

  ByteBuffer stored = zlib_deflate(kText, {.level = 0, .window_bits = kGzip});
  TestBlock level_zero;
  level_zero.add_stream(stored, 10, 8, kText.size());
  expect_declined(level_zero);

  // Two streams joined by a flush are one stream that no setting of the encoder makes.
  TestBlock flushed;
  z_stream stream{};
  ASSERT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY), Z_OK);
  ByteBuffer out(kText.size());
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(kText.data()));
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = checked_cast<uInt>(out.size());
  stream.avail_in = 20000;
  EXPECT_EQ(deflate(&stream, Z_SYNC_FLUSH), Z_OK);
  stream.avail_in = checked_cast<uInt>(kText.size() - 20000);
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  flushed.add_stream(out, 10, 8, kText.size());
  expect_declined(flushed);

  TestBlock incompressible;
  incompressible.add_gzip(test::random_bytes(50000, 6));
  const Coded coded = encode(incompressible);
  if (coded.outcome == EncodeOutcome::kEncoded) expect_round_trip(incompressible);
}

TEST(Deflated, DoesNotTrustLayouts) {
  const ByteBuffer stream = zlib_deflate(kText, {.window_bits = kGzip});
  struct Wrong {
    uint32_t header;
    uint32_t trailer;
    uint64_t inflated;
  };
  for (const Wrong wrong :
       {Wrong{11, 8, kText.size()}, Wrong{10, 9, kText.size()}, Wrong{10, 8, kText.size() - 1},
        Wrong{10, 8, kText.size() + 1}, Wrong{10, 8, 0}, Wrong{0xffffffff, 8, kText.size()},
        Wrong{10, 0xffffffff, kText.size()}, Wrong{10, 8, uint64_t{1} << 60}}) {
    TestBlock block;
    block.add_stream(stream, wrong.header, wrong.trailer, wrong.inflated);
    expect_declined(block);
    block.add_gzip(kText);
    expect_round_trip(block);
  }
  TestBlock missing;
  missing.add_raw(stream, SegmentType::kDeflated);
  expect_declined(missing);
}

TEST(Deflated, PayloadsAreTheSameFromRunToRun) {
  TestBlock block;
  block.add_gzip(kText);
  block.add_gzip(ByteView(kText).first(1000));
  const auto scratch = deflated_codec().make_scratch();
  ByteBuffer first;
  ByteBuffer second;
  uint64_t memory = 0;
  TestBlock other;
  other.add_gzip(kText, {.level = 9, .window_bits = kGzip});
  ASSERT_TRUE(deflated_codec().encode(block.view(), 4, first, memory, scratch.get()).has_value());
  ASSERT_TRUE(deflated_codec().encode(other.view(), 4, second, memory, scratch.get()).has_value());
  ASSERT_TRUE(deflated_codec().encode(block.view(), 4, second, memory, scratch.get()).has_value());
  EXPECT_TRUE(first == second);
}

TEST(Deflated, IsSelectedForItsSegments) {
  TestBlock block;
  block.add_gzip(kText);
  CodecScratch scratch;
  for (const Level level : {1, 5}) {
    const auto encoded = encode_block(block.view(), {.level = level}, scratch);
    ASSERT_TRUE(encoded.has_value());
    EXPECT_EQ(encoded->codec == CodecId::kDeflated, level >= 3);
  }
}

}  // namespace
}  // namespace pith

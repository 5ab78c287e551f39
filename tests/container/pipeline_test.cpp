// Both pipelines end to end, in memory.
#include <gtest/gtest.h>

#include "container/block_reader.h"
#include "container/catalog.h"
#include "container/writer.h"
#include "tests/support/random_data.h"
#include "tests/support/streams.h"

namespace pith {
namespace {

using test::compress_bytes;
using test::decompress_bytes;
using test::error_of;

// Gives out an input in pieces of one size, as a Source must not: full reads are its contract. So
// this one counts them and hands over what was asked for.
class CountingSource : public MemorySource {
 public:
  using MemorySource::MemorySource;
  Result<size_t> read(MutableBytes out) override {
    ++reads_;
    return MemorySource::read(out);
  }
  int reads() const { return reads_; }

 private:
  int reads_ = 0;
};

ByteBuffer mixed_input(size_t size) {
  ByteBuffer bytes;
  uint32_t seed = 0;
  while (bytes.size() < size) {
    bytes.append(test::random_text(300000, ++seed));
    bytes.append(test::random_bytes(100000, ++seed));
    bytes.resize(bytes.size() + 50000, std::byte{0});
  }
  bytes.resize(size);
  return bytes;
}

TEST(Pipeline, RestoresInputsOfAllSizesAtAllLevels) {
  for (const size_t size :
       std::initializer_list<size_t>{0, 1, 2, 3, 4, 7, 8, 15, 100, 4095, 4096, 4097, 65535, 65536,
                                     65537, 262143, 262144, 262145, 1000000}) {
    const ByteBuffer bytes = mixed_input(size);
    for (const Level level : {1, 3, 5, 7, 9}) {
      // The slowest levels, which begin with a built-in text, on few inputs.
      if (level >= 7 && size != 0 && size != 1 && size != 100 && size != 4097) continue;
      const ByteBuffer coded = compress_bytes(bytes, level);
      const auto outcome = decompress_bytes(coded);
      ASSERT_TRUE(outcome.summary.has_value()) << size << " " << outcome.summary.error().message;
      ASSERT_TRUE(equal(outcome.bytes, bytes)) << size << " bytes at level " << level;
      EXPECT_LE(coded.size(), size + 112);
    }
  }
}

TEST(Pipeline, TheOutputDoesNotDependOnTheThreads) {
  const ByteBuffer bytes = mixed_input(11 << 20);
  const ByteBuffer one = compress_bytes(bytes, 1, 1);
  for (const unsigned threads : {2U, 3U, 8U}) {
    ASSERT_TRUE(equal(one, compress_bytes(bytes, 1, threads))) << threads;
    DecompressOptions options;
    options.threads = threads;
    const auto outcome = decompress_bytes(one, options);
    ASSERT_TRUE(outcome.summary.has_value());
    ASSERT_TRUE(equal(outcome.bytes, bytes));
    EXPECT_EQ(outcome.summary->blocks, 3U);
  }
}

TEST(Pipeline, BlocksOfLogsEndWithALine) {
  std::string log;
  for (int i = 0; log.size() < 20'000'000; ++i) {
    log += "2026-05-17 10:00:00 INFO server-" + std::to_string(i % 17) + " request took " +
           std::to_string(i * 7 % 1009) + " ms\n";
  }
  MemorySource source(as_bytes(log));
  BufferPool buffers(2);
  BlockReader reader(source, {.level = 1}, buffers);
  size_t blocks = 0;
  std::string restored;
  while (true) {
    const auto block = reader.next();
    ASSERT_TRUE(block.has_value());
    if (!*block) break;
    EXPECT_EQ((*block)->type, SegmentType::kLog);
    EXPECT_EQ(as_text((*block)->bytes).back(), '\n');
    restored += as_text((*block)->bytes);
    ++blocks;
  }
  EXPECT_GT(blocks, 1U);
  EXPECT_TRUE(restored == log);
}

TEST(Pipeline, CostsWhatTheFormatSays) {
  EXPECT_EQ(compress_bytes({}).size(), 68U);
  EXPECT_EQ(compress_bytes(test::random_bytes(100, 1)).size(), 100U + 112U);
  CompressOptions stored;
  stored.select.forced = find_codec("stored");
  const ByteBuffer bytes = mixed_input(9 << 20);  // three blocks of 4 MiB at most
  EXPECT_EQ(compress_bytes(bytes, stored).size(), bytes.size() + 112 + 64 * 3);
}

TEST(Pipeline, DecodesConcatenatedStreams) {
  const ByteBuffer a = test::random_text(5000, 1);
  const ByteBuffer b = mixed_input(5 << 20);
  ByteBuffer coded = compress_bytes(a);
  coded.append(compress_bytes({}));
  coded.append(compress_bytes(b, 3));
  ByteBuffer both = a;
  both.append(b);
  for (const unsigned threads : {1U, 4U}) {
    DecompressOptions options;
    options.threads = threads;
    const auto outcome = decompress_bytes(coded, options);
    ASSERT_TRUE(outcome.summary.has_value()) << outcome.summary.error().message;
    EXPECT_TRUE(equal(outcome.bytes, both));
    EXPECT_EQ(outcome.summary->streams, 3U);
  }
}

TEST(Pipeline, RejectsWhatFollowsTheLastStream) {
  const ByteBuffer bytes = test::random_text(5000, 1);
  const ByteBuffer coded = compress_bytes(bytes);
  ByteBuffer garbage = coded;
  garbage.append(as_bytes("garbage"));
  EXPECT_EQ(error_of(garbage), ErrorCode::kDamaged);
  DecompressOptions ignoring;
  ignoring.ignore_trailing = true;
  EXPECT_TRUE(decompress_bytes(garbage, ignoring).summary.has_value());

  for (const size_t nuls : std::initializer_list<size_t>{1, 512, 65535, 65536}) {
    ByteBuffer padded = coded;
    padded.resize(coded.size() + nuls, std::byte{0});
    const auto outcome = decompress_bytes(padded);
    ASSERT_TRUE(outcome.summary.has_value()) << nuls;
    EXPECT_EQ(outcome.summary->trailing, nuls);
    EXPECT_TRUE(equal(outcome.bytes, bytes));
  }
  ByteBuffer too_long = coded;
  too_long.resize(coded.size() + 65537, std::byte{0});
  EXPECT_EQ(error_of(too_long), ErrorCode::kDamaged);
  ByteBuffer not_only_nul = coded;
  not_only_nul.resize(coded.size() + 100, std::byte{0});
  not_only_nul.push_back(std::byte{1});
  EXPECT_EQ(error_of(not_only_nul), ErrorCode::kDamaged);
}

TEST(Pipeline, WritesWhatStandsBeforeTheFirstErrorAtAnyNumberOfThreads) {
  const ByteBuffer bytes = mixed_input(20 << 20);
  ByteBuffer coded = compress_bytes(bytes);
  // One bit in the payload of the third block and one in the fifth: the third is the first error.
  const MemoryRandomAccess file(coded);
  const auto catalog = read_catalog(file);
  ASSERT_TRUE(catalog.has_value());
  const auto frames = read_frames(file, catalog->streams[0]);
  ASSERT_TRUE(frames.has_value());
  ASSERT_GE(frames->size(), 5U);
  for (const size_t block : std::initializer_list<size_t>{2, 4})
    coded[(*frames)[block].file_offset + 1000] ^= std::byte{4};
  std::string message;
  for (const unsigned threads : {1U, 2U, 5U}) {
    DecompressOptions options;
    options.threads = threads;
    const auto outcome = decompress_bytes(coded, options);
    ASSERT_FALSE(outcome.summary.has_value());
    EXPECT_EQ(outcome.summary.error().code, ErrorCode::kDamaged);
    if (message.empty()) message = outcome.summary.error().message;
    EXPECT_EQ(outcome.summary.error().message, message);
    EXPECT_TRUE(equal(outcome.bytes, ByteView(bytes).first((*frames)[2].raw_offset)));
  }
}

TEST(Pipeline, LimitsAreKept) {
  const ByteBuffer bytes = mixed_input(9 << 20);
  const ByteBuffer coded = compress_bytes(bytes);
  DecompressOptions options;
  options.max_output = bytes.size() - 1;
  EXPECT_EQ(error_of(coded, options), ErrorCode::kLimit);
  options.max_output = bytes.size();
  EXPECT_TRUE(decompress_bytes(coded, options).summary.has_value());
  options = {};
  options.memory_limit = 1 << 20;  // less than one block
  EXPECT_EQ(error_of(coded, options), ErrorCode::kLimit);
  options = {};
  options.max_ratio = 100;
  EXPECT_TRUE(decompress_bytes(coded, options).summary.has_value());
  EXPECT_EQ(error_of(compress_bytes(ByteBuffer(8 << 20, std::byte{0})), options),
            ErrorCode::kLimit);

  MemorySource source(bytes);
  NullSink sink;
  CompressOptions compressing;
  compressing.memory_limit = 1 << 20;
  const auto refused = compress(source, sink, compressing);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kLimit);
}

TEST(Pipeline, StopsWhenAskedTo) {
  const ByteBuffer bytes = mixed_input(12 << 20);
  std::stop_source stop;
  MemorySource source(bytes);
  NullSink sink;
  CompressOptions options;
  options.threads = 2;
  options.select.level = 1;
  options.stop = stop.get_token();
  options.on_progress = [&](uint64_t, uint64_t) { stop.request_stop(); };
  const auto stopped = compress(source, sink, options);
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().code, ErrorCode::kCancelled);
}

// A sink that is full after some bytes.
class FullSink : public NullSink {
 public:
  Result<void> write(ByteView bytes) override {
    if (size() > 1000) return fail(ErrorCode::kIo, "full");
    return NullSink::write(bytes);
  }
};

TEST(Pipeline, ASinkThatFailsEndsTheRun) {
  const ByteBuffer bytes = mixed_input(20 << 20);
  const ByteBuffer coded = compress_bytes(bytes, 1);
  for (const unsigned threads : {1U, 4U}) {
    FullSink sink;
    MemorySource source(bytes);
    CompressOptions compressing;
    compressing.threads = threads;
    compressing.select.level = 1;
    EXPECT_EQ(compress(source, sink, compressing).error().code, ErrorCode::kIo);
    FullSink other;
    MemorySource coded_source(coded);
    DecompressOptions decompressing;
    decompressing.threads = threads;
    EXPECT_EQ(decompress(coded_source, other, decompressing).error().code, ErrorCode::kIo);
  }
}

TEST(Pipeline, MetadataIsCarriedAndALossyDeclarationIsSeen) {
  CompressOptions options;
  LossyDeclaration declaration{.codec = 7, .bound_kind = 1, .bound = 0.5, .measured_maximum = 0.25};
  options.metadata.push_back({.tag = static_cast<uint16_t>(MetadataTag::kLossy),
                              .flags = 0,
                              .value = declaration.to_value()});
  for (const size_t size : std::initializer_list<size_t>{0, 1000}) {
    const auto outcome = decompress_bytes(compress_bytes(test::random_text(size, 1), options));
    ASSERT_TRUE(outcome.summary.has_value()) << outcome.summary.error().message;
    ASSERT_EQ(outcome.summary->lossy.size(), 1U);
    EXPECT_EQ(outcome.summary->lossy[0].bound, 0.5);
    EXPECT_EQ(outcome.summary->lossy[0].measured_maximum, 0.25);
  }
}

TEST(Pipeline, AnIndexThatWouldBeTooLargeBeginsANewStream) {
  MemorySink sink;
  StreamWriter writer(sink, 4);  // frames in a stream at most, the index included
  CodecScratch scratch;
  ByteBuffer all;
  writer.set_bounds({.max_block = 4096, .decode_memory = 1 << 20});
  for (uint32_t i = 0; i < 10; ++i) {
    const ByteBuffer bytes = test::random_text(4000, i);
    const Segment segment{.size = bytes.size(), .type = SegmentType::kText, .layout = {}};
    const BlockView block{.bytes = bytes, .segments = {&segment, 1}, .type = SegmentType::kText};
    const auto encoded = encode_block(block, {}, scratch);
    ASSERT_TRUE(encoded.has_value());
    ASSERT_TRUE(writer.add_block(block, *encoded).has_value());
    all.append(bytes);
  }
  ASSERT_TRUE(writer.finish().has_value());
  EXPECT_EQ(writer.bytes_written(), sink.bytes().size());
  const auto outcome = decompress_bytes(sink.bytes());
  ASSERT_TRUE(outcome.summary.has_value()) << outcome.summary.error().message;
  EXPECT_TRUE(equal(outcome.bytes, all));
  EXPECT_EQ(outcome.summary->streams, 4U);
}

TEST(Pipeline, ReadsInFullPiecesOnly) {
  const ByteBuffer bytes = mixed_input(1 << 20);
  CountingSource source(bytes);
  NullSink sink;
  ASSERT_TRUE(compress(source, sink, {}).has_value());
  EXPECT_LE(source.reads(), 6);
}

}  // namespace
}  // namespace pith

// What a reader makes of streams that no writer of this version writes.
#include "container/reader.h"

#include <gtest/gtest.h>

#include "container/catalog.h"
#include "container/range.h"
#include "tests/support/hand_made.h"
#include "tests/support/random_data.h"
#include "tests/support/streams.h"

namespace pith {
namespace {

using test::decompress_bytes;
using test::error_of;
using test::HandMadeStream;

TEST(Reader, SkipsFramesThatItNeedNotKnow) {
  const ByteBuffer coded = HandMadeStream()
                               .plain(128, as_bytes("from the future"))
                               .stored(as_bytes("one "))
                               .plain(5, as_bytes("parity"))
                               .plain(255, {})
                               .stored(as_bytes("two"))
                               .finish();
  const auto outcome = decompress_bytes(coded);
  ASSERT_TRUE(outcome.summary.has_value()) << outcome.summary.error().message;
  EXPECT_EQ(as_text(outcome.bytes), "one two");
  MemorySink sink;
  ASSERT_TRUE(restore_range(MemoryRandomAccess(coded), 2, 4, UINT64_MAX, sink).has_value());
  EXPECT_EQ(as_text(sink.bytes()), "e tw");
}

TEST(Reader, ADamagedSkippableFrameIsDamageNevertheless) {
  ByteBuffer coded = HandMadeStream().plain(128, as_bytes("future")).finish();
  coded[kStreamHeaderSize + kFrameHeaderSize] ^= std::byte{1};
  EXPECT_EQ(error_of(coded), ErrorCode::kDamaged);
}

TEST(Reader, FramesOfUnknownMandatoryKindAreUnsupported) {
  EXPECT_EQ(error_of(HandMadeStream().plain(6, as_bytes("x")).finish()), ErrorCode::kUnsupported);
  EXPECT_EQ(error_of(HandMadeStream().plain(0, as_bytes("x")).finish()), ErrorCode::kDamaged);
}

TEST(Reader, AnUnknownCodecIsNamedWithItsBlocks) {
  const ByteBuffer table = write_codec_table({{17, 0, 4, "x"}});
  const ByteBuffer coded = HandMadeStream()
                               .plain(4, table)
                               .stored(as_bytes("a"))
                               .block(17, as_bytes("bb"), as_bytes("b"))
                               .block(17, as_bytes("cc"), as_bytes("c"))
                               .finish();
  const auto outcome = decompress_bytes(coded);
  ASSERT_FALSE(outcome.summary.has_value());
  EXPECT_EQ(outcome.summary.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(outcome.summary.error().message, "needs codec 17 'x', pith >= 0.4 (block 1)");
  EXPECT_EQ(as_text(outcome.bytes), "a");

  const MemoryRandomAccess file(coded);
  const auto catalog = read_catalog(file);
  ASSERT_TRUE(catalog.has_value());
  const auto frames = read_frames(file, catalog->streams[0]);
  ASSERT_TRUE(frames.has_value());
  const auto checked = check_codecs(file, catalog->streams[0], *frames);
  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error().message, "needs codec 17 'x', pith >= 0.4; blocks 1-2 of 3");
}

TEST(Reader, AStreamWithoutIndexIsReadAndFoundByWalking) {
  const ByteBuffer first = test::random_text(3000, 1);
  const ByteBuffer second = test::random_text(4000, 2);
  HandMadeStream stream;
  stream.stored(first).stored(second);
  ByteBuffer coded = stream.unfinished();
  Xxh3Hasher128 content;
  content.update(first);
  content.update(second);
  Trailer{.raw_size = 7000, .content = content.digest(), .stream_size = coded.size() + kTrailerSize}
      .write(coded, 0);
  EXPECT_TRUE(decompress_bytes(coded).summary.has_value());
  MemorySink sink;
  const auto range = restore_range(MemoryRandomAccess(coded), 2990, 20, UINT64_MAX, sink);
  ASSERT_TRUE(range.has_value()) << range.error().message;
  EXPECT_EQ(range->blocks, 2U);
  EXPECT_TRUE(equal(ByteView(sink.bytes()).first(10), ByteView(first).last(10)));
}

TEST(Reader, BlocksThatAreMissingRepeatedOrSwappedAreFound) {
  const ByteBuffer a = test::random_text(3000, 1);
  const ByteBuffer b = test::random_text(3000, 2);
  const ByteBuffer coded = HandMadeStream().stored(a).stored(b).stored(a).finish();
  const size_t frame = 3000 + kFrameOverhead;
  const auto block = [&](size_t i) {
    return ByteView(coded).subspan(kStreamHeaderSize + i * frame, frame);
  };
  const ByteView head = ByteView(coded).first(kStreamHeaderSize);
  const ByteView tail = ByteView(coded).subspan(kStreamHeaderSize + 3 * frame);
  const auto made_of = [&](const std::vector<size_t>& blocks) {
    ByteBuffer bytes(head);
    for (const size_t i : blocks) bytes.append(block(i));
    bytes.append(tail);
    return bytes;
  };
  EXPECT_TRUE(equal(made_of({0, 1, 2}), coded));
  const std::vector<std::vector<size_t>> wrong = {{0, 1},       {1, 2},    {0, 2},    {0, 0, 1, 2},
                                                  {0, 1, 2, 2}, {1, 0, 2}, {2, 1, 0}, {}};
  for (const auto& blocks : wrong) {
    EXPECT_EQ(error_of(made_of(blocks)), ErrorCode::kDamaged);
  }
}

TEST(Reader, NoPithFiles) {
  EXPECT_EQ(error_of({}), ErrorCode::kDamaged);
  EXPECT_EQ(error_of(as_bytes("plain text that is long enough to hold a header")),
            ErrorCode::kDamaged);
  EXPECT_FALSE(read_catalog(MemoryRandomAccess({})).has_value());
}

// A header alone must not make the reader allocate what it claims.
TEST(Reader, AClaimWithoutBytesTakesNoMemory) {
  ByteBuffer coded;
  StreamHeader{.block_log = 30, .memory_log = 26}.write(coded);
  FrameHeader{.codec = 1, .raw_size = 1U << 30, .payload_size = 1U << 30}.write(coded, 0);
  MemorySource source(coded);
  StreamReader reader(source, {});
  ASSERT_TRUE(reader.next().has_value());
  const auto event = reader.next();
  ASSERT_FALSE(event.has_value());
  EXPECT_EQ(event.error().code, ErrorCode::kDamaged);
}

}  // namespace
}  // namespace pith

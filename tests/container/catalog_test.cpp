// Random access: the catalog, ranges, re-indexing.
#include "container/catalog.h"

#include <gtest/gtest.h>

#include "container/range.h"
#include "container/reindex.h"
#include "tests/support/random_data.h"
#include "tests/support/streams.h"

namespace pith {
namespace {

// Counts what is read.
class CountingFile : public MemoryRandomAccess {
 public:
  using MemoryRandomAccess::MemoryRandomAccess;
  Result<void> read_at(uint64_t offset, MutableBytes out) const override {
    ++reads;
    bytes += out.size();
    return MemoryRandomAccess::read_at(offset, out);
  }
  mutable uint64_t reads = 0;
  mutable uint64_t bytes = 0;
};

ByteBuffer three_streams(ByteBuffer& content) {
  ByteBuffer coded;
  for (const size_t size : std::initializer_list<size_t>{9000000, 0, 70000}) {
    const ByteBuffer bytes = test::random_text(size, static_cast<uint32_t>(size));
    coded.append(test::compress_bytes(bytes, 1));
    content.append(bytes);
  }
  return coded;
}

TEST(Catalog, FindsStreamsAndFramesByFewReads) {
  ByteBuffer content;
  const ByteBuffer coded = three_streams(content);
  const CountingFile file(coded);
  const auto catalog = read_catalog(file);
  ASSERT_TRUE(catalog.has_value()) << catalog.error().message;
  EXPECT_EQ(catalog->streams.size(), 3U);
  EXPECT_EQ(catalog->raw_size, content.size());
  EXPECT_LE(file.reads, 8U);
  const auto frames = read_frames(file, catalog->streams[0]);
  ASSERT_TRUE(frames.has_value());
  EXPECT_EQ(frames->size(), 3U);
  for (const FrameInfo& frame : *frames) {
    EXPECT_TRUE(read_frame_header(file, catalog->streams[0], frame).has_value());
  }
}

TEST(Catalog, AcceptsPaddingAndRefusesGarbage) {
  ByteBuffer content;
  ByteBuffer coded = three_streams(content);
  coded.resize(coded.size() + 65536, std::byte{0});
  const auto padded = read_catalog(MemoryRandomAccess(coded));
  ASSERT_TRUE(padded.has_value());
  EXPECT_EQ(padded->padding, 65536U);
  coded.push_back(std::byte{0});
  EXPECT_FALSE(read_catalog(MemoryRandomAccess(coded)).has_value());
}

TEST(Range, GivesTheBytesFromTheBlocksThatHoldThem) {
  ByteBuffer content;
  const ByteBuffer coded = three_streams(content);
  const CountingFile file(coded);
  const uint64_t block = 4 << 20;
  for (const uint64_t offset : {uint64_t{0}, uint64_t{1}, block - 2000, block - 1, block,
                                uint64_t{8999000}, content.size() - 10, content.size()}) {
    for (const uint64_t length : std::initializer_list<uint64_t>{0, 1, 4096, 100000}) {
      MemorySink sink;
      const auto result = restore_range(file, offset, length, UINT64_MAX, sink);
      ASSERT_TRUE(result.has_value()) << result.error().message;
      const uint64_t there = std::min<uint64_t>(length, content.size() - offset);
      ASSERT_TRUE(equal(sink.bytes(), ByteView(content).subspan(offset, there)))
          << offset << ":" << length;
      EXPECT_LE(result->blocks, 2U);
    }
  }
  MemorySink sink;
  const auto behind = restore_range(file, UINT64_MAX, UINT64_MAX, UINT64_MAX, sink);
  ASSERT_TRUE(behind.has_value());
  EXPECT_EQ(behind->bytes, 0U);
}

TEST(Range, FourKibibytesCostAtMostTwoBlocksAndTheIndex) {
  const ByteBuffer content = test::random_bytes(40 << 20, 1);
  const ByteBuffer coded = test::compress_bytes(content, 1);
  const CountingFile file(coded);
  MemorySink sink;
  ASSERT_TRUE(restore_range(file, (8 << 20) - 100, 4096, UINT64_MAX, sink).has_value());
  EXPECT_LE(file.bytes, 2 * (4U << 20) + 70000);
}

TEST(Range, ADamagedIndexOrBlockIsAnError) {
  ByteBuffer content;
  ByteBuffer coded = three_streams(content);
  const auto catalog = read_catalog(MemoryRandomAccess(coded));
  ASSERT_TRUE(catalog.has_value());
  const StreamInfo& first = catalog->streams[0];
  const uint64_t index_at =
      first.trailer.stream_size - kTrailerSize - first.trailer.index_size + kFrameHeaderSize;
  NullSink sink;
  for (const uint64_t at : {index_at, uint64_t{kStreamHeaderSize + 5}, uint64_t{1000}}) {
    coded[at] ^= std::byte{8};
    const MemoryRandomAccess file(coded);
    EXPECT_FALSE(restore_range(file, 0, 10, UINT64_MAX, sink).has_value()) << at;
    coded[at] ^= std::byte{8};
  }
  EXPECT_TRUE(restore_range(MemoryRandomAccess(coded), 0, 10, UINT64_MAX, sink).has_value());
}

TEST(Reindex, AWholeFileStaysAsItIs) {
  ByteBuffer content;
  const ByteBuffer coded = three_streams(content);
  MemorySink sink;
  const auto summary = reindex(MemoryRandomAccess(coded), UINT64_MAX, sink);
  ASSERT_TRUE(summary.has_value()) << summary.error().message;
  EXPECT_EQ(summary->unfinished, 0U);
  EXPECT_TRUE(equal(sink.bytes(), coded));
}

TEST(Reindex, RestoresAnIndexOrATrailerThatIsDamagedOrLost) {
  const ByteBuffer content = test::random_text(9000000, 1);
  const ByteBuffer coded = test::compress_bytes(content, 1);
  const auto catalog = read_catalog(MemoryRandomAccess(coded));
  ASSERT_TRUE(catalog.has_value());
  const uint64_t index_at = coded.size() - kTrailerSize - catalog->streams[0].trailer.index_size;
  const auto expect_restored = [&](const ByteBuffer& damaged, uint64_t unfinished) {
    ASSERT_FALSE(test::decompress_bytes(damaged).summary.has_value());
    MemorySink sink;
    const auto summary = reindex(MemoryRandomAccess(damaged), UINT64_MAX, sink);
    ASSERT_TRUE(summary.has_value()) << summary.error().message;
    EXPECT_EQ(summary->unfinished, unfinished);
    EXPECT_TRUE(equal(sink.bytes(), coded));
  };
  for (const uint64_t at : {index_at + 2, index_at + 50}) {
    ByteBuffer damaged = coded;
    damaged[at] ^= std::byte{1};
    expect_restored(damaged, 0);
  }
  ByteBuffer damaged = coded;
  damaged[coded.size() - 20] ^= std::byte{1};
  expect_restored(damaged, 1);
  for (const uint64_t size : {index_at, index_at + 10, coded.size() - 1}) {
    expect_restored(ByteBuffer(ByteView(coded).first(size)), 1);
  }
}

TEST(Reindex, LeavesDamagedBlocksToRecovery) {
  const ByteBuffer content = test::random_text(9000000, 1);
  const ByteBuffer coded = test::compress_bytes(content, 1);
  for (const uint64_t at : {uint64_t{22}, uint64_t{100}, coded.size() / 2}) {
    ByteBuffer damaged = coded;
    damaged[at] ^= std::byte{1};
    NullSink sink;
    const auto summary = reindex(MemoryRandomAccess(damaged), UINT64_MAX, sink);
    ASSERT_FALSE(summary.has_value()) << at;
    EXPECT_EQ(summary.error().code, ErrorCode::kDamaged);
  }
}

}  // namespace
}  // namespace pith

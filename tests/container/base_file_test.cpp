// Streams that are coded against a base: what they say of it, and who may decode them.
#include "container/base_file.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "container/content.h"
#include "container/range.h"
#include "container/recover.h"
#include "container/reindex.h"
#include "container/tensor_directory.h"
#include "container/writer.h"
#include "tests/support/streams.h"
#include "tests/support/tensor_files.h"

namespace pith {
namespace {

constexpr uint64_t kNoLimit = uint64_t{1} << 40;

// Two tensors of floats; those of a later `step` are near those of an earlier one.
std::string checkpoint(int step, size_t count = 20000) {
  const size_t size = count * 4;
  const std::string json =
      fmt::format(R"({{"a":{{"dtype":"F32","shape":[{0},100],"data_offsets":[0,{1}]}},)"
                  R"("b":{{"dtype":"F32","shape":[{2}],"data_offsets":[{1},{3}]}}}})",
                  count / 100, size, count, 2 * size);
  std::string data;
  const std::string random = test::pattern(2 * count * 3, 1);
  const std::string moved = test::pattern(2 * count, static_cast<unsigned>(step + 2));
  for (size_t i = 0; i < 2 * count; ++i) {
    uint32_t word = 0;
    std::memcpy(&word, random.data() + 3 * i, 3);
    word = (word & 0x3FFFFF) + 0x3C800000 + ((word >> 22 & 1) << 31);
    data += test::u32(word + static_cast<uint8_t>(moved[i]));
  }
  return test::safetensors(json, data);
}

std::unique_ptr<BaseFile> open_base(const RandomAccess& file) {
  auto base = BaseFile::open(file, kNoLimit);
  EXPECT_TRUE(base.has_value()) << base.error().message;
  EXPECT_TRUE((*base)->find_tensors().has_value());
  return std::move(*base);
}

ByteBuffer compress_against(const BaseFile& base, const std::string& bytes, unsigned threads = 1,
                            Level level = 5) {
  CompressOptions options;
  options.select.level = level;
  options.threads = threads;
  options.base = &base;
  return test::compress_bytes(as_bytes(bytes), options);
}

class Base : public testing::Test {
 protected:
  std::string earlier = checkpoint(0);
  std::string later = checkpoint(1);
  MemoryRandomAccess earlier_file{as_bytes(earlier)};
  std::unique_ptr<BaseFile> base = open_base(earlier_file);
  std::string other = checkpoint(5);
  MemoryRandomAccess other_file{as_bytes(other)};
  std::unique_ptr<BaseFile> wrong = open_base(other_file);
};

TEST_F(Base, AStreamComesBackAndGains) {
  const ByteBuffer coded = compress_against(*base, later);
  EXPECT_LT(coded.size(), test::compress_bytes(as_bytes(later), 5).size() / 2);
  const auto header = StreamHeader::parse(ByteView(coded).first(kStreamHeaderSize));
  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(header->required_features, kFeatureBase);
  DecompressOptions options;
  options.base = base.get();
  for (const unsigned threads : {1U, 4U}) {
    options.threads = threads;
    const auto restored = test::decompress_bytes(coded, options);
    ASSERT_TRUE(restored.summary.has_value()) << restored.summary.error().message;
    EXPECT_TRUE(equal(restored.bytes, as_bytes(later)));
  }
}

TEST_F(Base, ABlockDoesNotDependOnThreadsOrOnHowTheBaseIsStored) {
  const ByteBuffer coded = compress_against(*base, later);
  EXPECT_EQ(compress_against(*base, later, 4), coded);
  const ByteBuffer packed = test::compress_bytes(as_bytes(earlier), 3);
  const MemoryRandomAccess packed_file(packed);
  const auto packed_base = open_base(packed_file);
  EXPECT_EQ(packed_base->identity(), base->identity());
  EXPECT_EQ(compress_against(*packed_base, later), coded);
  // Of two streams, too.
  ByteBuffer halves = test::compress_bytes(as_bytes(earlier.substr(0, 70000)), 3);
  append(halves, test::compress_bytes(as_bytes(earlier.substr(70000)), 3));
  const MemoryRandomAccess halves_file(halves);
  const auto halves_base = open_base(halves_file);
  EXPECT_EQ(halves_base->identity(), base->identity());
  EXPECT_EQ(compress_against(*halves_base, later, 3), coded);
}

TEST_F(Base, WhatADecodedBaseTakesIsKnownAndBounded) {
  EXPECT_EQ(base->memory(), 0U);
  const ByteBuffer packed = test::compress_bytes(as_bytes(earlier), 9);
  const MemoryRandomAccess file(packed);
  const uint64_t one_block =
      StreamHeader::parse(ByteView(packed).first(kStreamHeaderSize))->max_memory_kib() * 1024;
  const uint64_t large = 40 * one_block + (uint64_t{1} << 30);
  const auto roomy = BaseFile::open(file, large);
  ASSERT_TRUE(roomy.has_value());
  EXPECT_GT((*roomy)->memory(), 2 * one_block);
  EXPECT_LE((*roomy)->memory(), large / 2);
  // One block at once, however many threads ask.
  const uint64_t small = one_block + (uint64_t{8} << 20);
  const auto tight = BaseFile::open(file, small);
  ASSERT_TRUE(tight.has_value());
  EXPECT_GE((*tight)->memory(), one_block);
  EXPECT_LE((*tight)->memory(), small);
  const ByteBuffer coded = compress_against(*base, later);
  DecompressOptions options;
  options.base = tight->get();
  options.threads = 4;
  EXPECT_TRUE(equal(test::decompress_bytes(coded, options).bytes, as_bytes(later)));
}

TEST_F(Base, AnotherBaseOrNoneIsRefusedBeforeAnyOutput) {
  const ByteBuffer coded = compress_against(*base, later);
  for (const BaseFile* given : std::initializer_list<const BaseFile*>{nullptr, wrong.get()}) {
    DecompressOptions options;
    options.base = given;
    const auto restored = test::decompress_bytes(coded, options);
    ASSERT_FALSE(restored.summary.has_value());
    EXPECT_EQ(restored.summary.error().code, ErrorCode::kUsage);
    EXPECT_TRUE(restored.bytes.empty());
    const MemoryRandomAccess file(coded);
    MemorySink sink;
    const auto range = restore_range(file, 0, 100, kNoLimit, sink, given);
    ASSERT_FALSE(range.has_value());
    EXPECT_EQ(range.error().code, ErrorCode::kUsage);
    const auto reindexed = reindex(file, kNoLimit, sink, given);
    ASSERT_FALSE(reindexed.has_value());
    EXPECT_EQ(reindexed.error().code, ErrorCode::kUsage);
    const auto directory = read_tensor_directory(file, kNoLimit, given);
    ASSERT_FALSE(directory.has_value());
    EXPECT_EQ(directory.error().code, ErrorCode::kUsage);
    MemorySink recovered;
    const auto report = recover(coded, recovered, {.base = given});
    ASSERT_FALSE(report.has_value());
    EXPECT_EQ(report.error().code, ErrorCode::kUsage);
    EXPECT_TRUE(recovered.bytes().empty());
  }
}

TEST_F(Base, PartsOfTheStreamAreThere) {
  const ByteBuffer coded = compress_against(*base, later);
  const MemoryRandomAccess file(coded);
  MemorySink sink;
  ASSERT_TRUE(restore_range(file, 1000, 5000, kNoLimit, sink, base.get()).has_value());
  EXPECT_TRUE(equal(sink.bytes(), as_bytes(later).subspan(1000, 5000)));
  const auto directory = read_tensor_directory(file, kNoLimit, base.get());
  ASSERT_TRUE(directory.has_value());
  EXPECT_EQ(directory->tensors.size(), 2U);
  MemorySink again;
  ASSERT_TRUE(reindex(file, kNoLimit, again, base.get()).has_value());
  EXPECT_TRUE(equal(again.bytes(), coded));
}

TEST_F(Base, WhatIsLeftOfADamagedFileIsRecovered) {
  const ByteBuffer coded = compress_against(*base, later);
  ByteBuffer cut(ByteView(coded).first(coded.size() - 20));
  for (const bool header_lost : {false, true}) {
    if (header_lost) cut[3] ^= std::byte{1};
    MemorySink sink;
    const auto report = recover(cut, sink, {.base = base.get()});
    ASSERT_TRUE(report.has_value()) << report.error().message;
    EXPECT_TRUE(equal(sink.bytes(), as_bytes(later)));
    MemorySink none;
    EXPECT_FALSE(recover(cut, none, {}).has_value());
  }
}

TEST_F(Base, AStreamWithoutARecordIsDamaged) {
  ByteBuffer coded = compress_against(*base, later);
  // The record's tag, in the metadata frame behind the header.
  coded[kStreamHeaderSize + kFrameHeaderSize] = std::byte{200};
  const size_t size = 8 + 24;
  ByteBuffer repaired(ByteView(coded).first(kStreamHeaderSize));
  const auto stream = StreamHeader::parse(repaired);
  const ByteView payload = ByteView(coded).subspan(kStreamHeaderSize + kFrameHeaderSize, size);
  write_frame(plain_frame_header(FrameKind::kMetadata, payload, 0), payload, stream->salt,
              repaired);
  append(repaired, ByteView(coded).subspan(repaired.size()));
  DecompressOptions options;
  options.base = base.get();
  EXPECT_EQ(test::error_of(repaired, options), ErrorCode::kDamaged);
}

TEST_F(Base, EveryStreamOfALongFileNamesTheBase) {
  MemorySink sink;
  StreamWriter writer(sink, 4);
  writer.set_base(base->identity());
  writer.set_bounds({.max_block = 4096, .decode_memory = 0});
  const std::string bytes = test::pattern(1000, 1);
  const Segment segment{.size = bytes.size(), .type = SegmentType::kBytes, .layout = {}};
  for (int i = 0; i < 6; ++i) {
    EncodedBlock encoded;
    encoded.payload = ByteBuffer(as_bytes(bytes));
    ASSERT_TRUE(
        writer
            .add_block(
                {.bytes = as_bytes(bytes), .segments = {&segment, 1}, .type = SegmentType::kBytes},
                encoded)
            .has_value());
  }
  ASSERT_TRUE(writer.finish().has_value());
  DecompressOptions options;
  options.base = base.get();
  const auto restored = test::decompress_bytes(sink.bytes(), options);
  ASSERT_TRUE(restored.summary.has_value()) << restored.summary.error().message;
  EXPECT_GT(restored.summary->streams, 2U);
  EXPECT_EQ(restored.bytes.size(), 6000U);
}

TEST_F(Base, ABaseThatNeedsABaseIsRefused) {
  const ByteBuffer coded = compress_against(*base, later);
  const MemoryRandomAccess file(coded);
  const auto second = BaseFile::open(file, kNoLimit);
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kUsage);
}

TEST_F(Base, TensorsOfAnotherShapeAreNotMatched) {
  const std::string larger = checkpoint(0, 30000);
  const ByteBuffer coded = compress_against(*base, larger);
  const ByteBuffer alone = test::compress_bytes(as_bytes(larger), 5);
  // But for the record of the base.
  EXPECT_LE(coded.size(), alone.size() + 200);
}

TEST(CodedContent, IsReadAtAnyPositionFromSeveralThreads) {
  std::string bytes;
  for (unsigned i = 0; i < 40; ++i) bytes += test::pattern(100000, i);
  const ByteBuffer coded = test::compress_bytes(as_bytes(bytes), 1);
  const MemoryRandomAccess file(coded);
  const auto content = CodedContent::open(file, kNoLimit);
  ASSERT_TRUE(content.has_value());
  ASSERT_EQ((*content)->size(), bytes.size());
  std::vector<std::jthread> threads;
  std::atomic<int> wrong = 0;
  for (unsigned t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (size_t i = 0; i < 50; ++i) {
        const size_t at = (i * 7919 * (t + 1) * 331) % (bytes.size() - 5000);
        ByteBuffer piece(5000);
        if (!(*content)->read_at(at, piece) || !equal(piece, as_bytes(bytes).subspan(at, 5000))) {
          ++wrong;
        }
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
  ByteBuffer piece(10);
  EXPECT_FALSE((*content)->read_at(bytes.size() - 5, piece).has_value());
}

}  // namespace
}  // namespace pith

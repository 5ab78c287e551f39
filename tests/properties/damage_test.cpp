// No damage passes unnoticed. Over files of every codec and of several blocks.
#include <gtest/gtest.h>
#include <zlib.h>

#include <random>

#include "container/catalog.h"
#include "container/range.h"
#include "tests/support/hand_made.h"
#include "tests/support/random_data.h"
#include "tests/support/streams.h"

namespace pith {
namespace {

ByteBuffer deflated_by_zlib(ByteView bytes) {
  uLongf size = compressBound(static_cast<uLong>(bytes.size()));
  ByteBuffer out(size);
  EXPECT_EQ(
      compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uLong>(bytes.size()), 6),
      Z_OK);
  out.resize(size);
  return out;
}

// Small files: one for each codec, and one of several blocks with every kind of frame.
std::vector<ByteBuffer> sample_files() {
  std::vector<ByteBuffer> files;
  const ByteBuffer text = test::random_text(6000, 1);
  for (const Codec* codec : all_codecs()) {
    CompressOptions options;
    options.select.forced = codec;
    const bool deflated = codec->id() == CodecId::kDeflated;
    files.push_back(test::compress_bytes(deflated ? deflated_by_zlib(text) : text, options));
  }
  test::HandMadeStream stream;
  for (uint32_t i = 0; i < 5; ++i) stream.stored(test::random_text(300 + 50 * i, i));
  stream.plain(2, write_metadata({{.tag = 1, .flags = 0, .value = ByteBuffer(as_bytes("n"))}}));
  stream.plain(200, as_bytes("skippable"));
  files.push_back(stream.finish());
  ByteBuffer two = test::compress_bytes(test::random_text(1500, 7));
  two.append(test::compress_bytes(test::random_text(900, 8)));
  files.push_back(std::move(two));
  return files;
}

// True if decoding fails, or gives the right bytes (a change that does not matter does no harm).
bool detected(ByteView damaged, ByteView content) {
  const auto outcome = test::decompress_bytes(damaged);
  if (!outcome.summary) {
    EXPECT_LE(outcome.bytes.size(), content.size());
    return equal(outcome.bytes, content.first(std::min(outcome.bytes.size(), content.size())));
  }
  return false;
}

TEST(Damage, TwentyThousandDamagedCopiesAreAllDetected) {
  std::mt19937 random(20261121);
  const auto files = sample_files();
  std::vector<ByteBuffer> contents;
  for (const ByteBuffer& file : files) contents.push_back(test::decompress_bytes(file).bytes);
  size_t undetected = 0;
  for (int trial = 0; trial < 20000; ++trial) {
    const size_t number = static_cast<size_t>(trial) % files.size();
    const ByteBuffer& file = files[number];
    const ByteBuffer& content = contents[number];
    ByteBuffer damaged = file;
    static constexpr int kFlips[] = {1, 2, 3, 4, 5, 6, 7, 8};
    for (int flips = kFlips[trial / 7 % 8]; flips > 0; --flips) {
      const size_t bit = random() % (8 * file.size());
      damaged[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    }
    if (equal(damaged, file)) continue;  // two flips of the same bit
    if (!detected(damaged, content)) ++undetected;
  }
  EXPECT_EQ(undetected, 0U);
}

TEST(Damage, EveryTruncationIsDetected) {
  for (const ByteBuffer& file : sample_files()) {
    const ByteBuffer content = test::decompress_bytes(file).bytes;
    size_t accepted = 0;
    for (size_t size = 0; size < file.size(); ++size) {
      const ByteView cut = ByteView(file).first(size);
      const auto outcome = test::decompress_bytes(cut);
      if (!outcome.summary) continue;
      // A cut between two streams leaves a whole file.
      ++accepted;
      const MemoryRandomAccess access(cut);
      EXPECT_TRUE(read_catalog(access).has_value());
    }
    const auto whole = read_catalog(MemoryRandomAccess(file));
    ASSERT_TRUE(whole.has_value());
    EXPECT_EQ(accepted, whole->streams.size() - 1);
  }
}

TEST(Damage, RandomAccessNeverGivesWrongBytes) {
  std::mt19937 random(7);
  for (const ByteBuffer& file : sample_files()) {
    const ByteBuffer content = test::decompress_bytes(file).bytes;
    for (int trial = 0; trial < 1000; ++trial) {
      ByteBuffer damaged = file;
      const size_t bit = random() % (8 * file.size());
      damaged[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
      const uint64_t offset = random() % content.size();
      MemorySink sink;
      const auto range = restore_range(MemoryRandomAccess(damaged), offset, 100, UINT64_MAX, sink);
      if (!range) continue;
      const uint64_t size = std::min<uint64_t>(100, content.size() - offset);
      ASSERT_TRUE(equal(sink.bytes(), ByteView(content).subspan(offset, size)));
    }
  }
}

}  // namespace
}  // namespace pith

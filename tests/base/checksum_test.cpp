#include "base/checksum.h"

#include <gtest/gtest.h>

#include "tests/support/random_data.h"

namespace pith {
namespace {

TEST(Checksum, Crc32cCheckValue) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283U);
  EXPECT_EQ(crc32c_portable(as_bytes("123456789")), 0xE3069283U);
  EXPECT_EQ(crc32c({}), 0U);
}

// RFC 3720, B.4.
TEST(Checksum, Crc32cVectorsOfRfc3720) {
  EXPECT_EQ(crc32c(ByteBuffer(32, std::byte{0})), 0x8A9136AAU);
  EXPECT_EQ(crc32c(ByteBuffer(32, std::byte{0xFF})), 0x62A8AB43U);
}

TEST(Checksum, Crc32cTwinsAgreeAtEveryLengthAndOffset) {
  const ByteBuffer bytes = test::random_bytes(300, 1);
  for (size_t offset = 0; offset < 9; ++offset) {
    for (size_t size = 0; offset + size <= bytes.size(); ++size) {
      const ByteView view = ByteView(bytes).subspan(offset, size);
      ASSERT_EQ(crc32c(view), crc32c_portable(view)) << offset << "+" << size;
    }
  }
}

TEST(Checksum, Crc32cTwinsAgreeOnLongBytes) {
  const ByteBuffer bytes = test::random_bytes(20000, 4);
  for (const size_t size : {3071U, 3072U, 3073U, 3080U, 6143U, 6144U, 9999U, 20000U}) {
    const ByteView view = ByteView(bytes).first(size);
    ASSERT_EQ(crc32c(view, 7), crc32c_portable(view, 7)) << size;
  }
}

TEST(Checksum, Crc32cGoesOnFromAPreviousPart) {
  const ByteBuffer bytes = test::random_bytes(1000, 2);
  for (const size_t cut : {0U, 1U, 7U, 8U, 500U, 1000U}) {
    const uint32_t first = crc32c(ByteView(bytes).first(cut));
    EXPECT_EQ(crc32c(ByteView(bytes).subspan(cut), first), crc32c(bytes));
  }
}

// Values of the xxHash project's sanity tables for seed 0.
TEST(Checksum, Xxh3OfNothing) {
  EXPECT_EQ(xxh3_64({}), 0x2D06800538D394C2ULL);
  const Xxh3Hasher128 hash;
  EXPECT_EQ(hash.digest().low, 0x6001C324468D497FULL);
  EXPECT_EQ(hash.digest().high, 0x99AA06D3014798D8ULL);
}

TEST(Checksum, Xxh3_128DoesNotDependOnThePieces) {
  const ByteBuffer bytes = test::random_bytes(100000, 3);
  Xxh3Hasher128 whole;
  whole.update(bytes);
  Xxh3Hasher128 pieces;
  size_t step = 1;
  for (size_t at = 0; at < bytes.size(); at += step, step = step * 3 % 4099) {
    pieces.update(ByteView(bytes).subspan(at, std::min(step, bytes.size() - at)));
  }
  EXPECT_EQ(whole.digest(), pieces.digest());
  pieces.reset();
  EXPECT_EQ(pieces.digest(), Xxh3Hasher128().digest());
}

}  // namespace
}  // namespace pith

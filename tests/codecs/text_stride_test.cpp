// The record length of binary tables.

#include <gtest/gtest.h>

#include <random>

#include "codecs/text/stride.h"
#include "tests/support/random_data.h"

namespace pith::text {
namespace {

// Records of `stride` bytes: one part in three stays the same, the rest is random.
ByteBuffer table(size_t stride, size_t size) {
  std::mt19937 random(1);
  ByteBuffer bytes(size);
  for (size_t i = 0; i < size; ++i) {
    const size_t column = i % stride;
    bytes[i] =
        static_cast<std::byte>(column % 3 == 0 ? (column + 1) * 2654435761U >> 13 : random());
  }
  return bytes;
}

TEST(Stride, IsTheRecordLength) {
  for (const size_t stride : {size_t{4}, size_t{7}, size_t{13}, size_t{20}, size_t{34}, size_t{100},
                              size_t{512}, size_t{2047}, size_t{2048}}) {
    EXPECT_EQ(find_stride(table(stride, 200000)), stride);
  }
  EXPECT_EQ(find_stride(table(13, 500)), 13U);
}

TEST(Stride, IsZeroWithoutRecords) {
  EXPECT_EQ(find_stride({}), 0U);
  EXPECT_EQ(find_stride(test::random_bytes(100000, 1)), 0U);
  EXPECT_EQ(find_stride(test::random_text(100000, 1)), 0U);
  EXPECT_EQ(find_stride(ByteBuffer(100000, std::byte{0})), 0U);
}

TEST(Stride, AnySizeIsSafe) {
  for (size_t size = 0; size < 700; ++size) {
    const uint32_t stride = find_stride(table(5, size));
    EXPECT_TRUE(stride == 0 || stride == 5) << size << " " << stride;
  }
  for (const size_t size : {size_t{2047}, size_t{2048}, size_t{2049}, size_t{4096}, size_t{8191},
                            size_t{8192}, size_t{8193}, size_t{10239}, size_t{32768}}) {
    find_stride(test::random_bytes(size, 2));
  }
}

}  // namespace
}  // namespace pith::text

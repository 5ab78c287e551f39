#include <gtest/gtest.h>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "base/json.h"
#include "base/memory_budget.h"

namespace pith {
namespace {

TEST(ByteIo, WritesAndReadsLittleEndian) {
  ByteBuffer out;
  ByteWriter writer(out);
  writer.u8(0x01);
  writer.u16(0x0302);
  writer.u32(0x07060504);
  writer.u64(0x0F0E0D0C0B0A0908);
  ASSERT_EQ(out.size(), 15U);
  for (size_t i = 0; i < out.size(); ++i) EXPECT_EQ(static_cast<size_t>(out[i]), i + 1);
  ByteReader reader(out);
  EXPECT_EQ(reader.u8(), 0x01);
  EXPECT_EQ(reader.u16(), 0x0302);
  EXPECT_EQ(reader.u32(), 0x07060504U);
  EXPECT_EQ(reader.u64(), 0x0F0E0D0C0B0A0908U);
  EXPECT_TRUE(reader.finished());
}

TEST(ByteIo, AReadThatDoesNotFitFailsForGood) {
  const ByteBuffer bytes(3, std::byte{0xFF});
  ByteReader reader(bytes);
  EXPECT_EQ(reader.u32(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.u8(), 0U);  // although one byte would be there
  EXPECT_TRUE(reader.bytes(UINT64_MAX).empty());
}

TEST(ByteBufferTest, GrowsCopiesAndMoves) {
  ByteBuffer a;
  for (int i = 0; i < 1000; ++i) a.push_back(static_cast<std::byte>(i));
  const ByteBuffer copy = a;
  ByteBuffer moved = std::move(a);
  EXPECT_TRUE(moved == copy);
  EXPECT_EQ(moved.size(), 1000U);
  EXPECT_EQ(moved[999], std::byte{999 % 256});
  moved.clear();
  EXPECT_TRUE(moved.empty());
  EXPECT_GE(moved.capacity(), 1000U);
  moved.append(copy);
  EXPECT_TRUE(moved == copy);
}

TEST(MemoryBudgetTest, NeverGivesMoreThanItHas) {
  MemoryBudget budget(100);
  EXPECT_TRUE(budget.reserve(60));
  EXPECT_FALSE(budget.reserve(41));
  EXPECT_TRUE(budget.reserve(40));
  EXPECT_FALSE(budget.reserve(UINT64_MAX));
  budget.release(40);
  EXPECT_EQ(budget.left(), 40U);
}

TEST(Json, EscapesWhatJsonCannotHold) {
  EXPECT_EQ(json_string("a\"b\\c\n"), R"("a\"b\\c\u000a")");
  EXPECT_EQ(json_string("gr\xC3\xBC\xC3\x9F"), "\"gr\xC3\xBC\xC3\x9F\"");
  EXPECT_EQ(json_string("\xFF"
                        "a\xC3"),
            R"("\ufffda\ufffd")");
  EXPECT_EQ(json_string("\xED\xA0\x80"), R"("\ufffd\ufffd\ufffd")");  // a surrogate
}

}  // namespace
}  // namespace pith

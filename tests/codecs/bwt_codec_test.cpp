// Codec `bwt`: round trips at every effort, and payloads that are damaged or forged.
#include "codecs/bwt/bwt_codec.h"

#include <gtest/gtest.h>

#include "codecs/bwt/block.h"
#include "codecs/bwt/column_coder.h"
#include "tests/support/bwt_inputs.h"

namespace pith::bwt {
namespace {

// Empty when the text would not become smaller.
ByteBuffer encoded(ByteView text, int effort) {
  ByteBuffer payload;
  const auto smaller = encode(text, effort, text.size(), payload);
  EXPECT_TRUE(smaller.has_value());
  EXPECT_EQ(*smaller, !payload.empty());
  EXPECT_LE(payload.size(), text.size());
  return payload;
}

Result<ByteBuffer> decoded(ByteView payload, size_t size) {
  ByteBuffer text(size);
  MemoryBudget budget(decode_memory(size));  // an upper bound of every payload's
  PITH_TRY(decode(payload, text, budget));
  return text;
}

TEST(BwtBlock, RestoresEveryInputAtEveryEffort) {
  for (const ByteBuffer& text : test::bwt_inputs()) {
    for (int effort = kMinEffort; effort <= kMaxEffort; ++effort) {
      const ByteBuffer payload = encoded(text, effort);
      if (payload.empty()) continue;
      const auto restored = decoded(payload, text.size());
      ASSERT_TRUE(restored.has_value()) << restored.error().message;
      ASSERT_TRUE(equal(*restored, text));
    }
  }
}

TEST(BwtBlock, RestoresWhatItDoesNotMakeSmaller) {
  for (const ByteBuffer& text : test::bwt_inputs()) {
    ByteBuffer payload;
    const auto fits = encode(text, kMaxEffort, text.size() * 2 + 1000, payload);
    ASSERT_TRUE(fits.has_value());
    ASSERT_TRUE(*fits);
    const auto restored = decoded(payload, text.size());
    ASSERT_TRUE(restored.has_value()) << restored.error().message;
    ASSERT_TRUE(equal(*restored, text));
  }
}

TEST(BwtBlock, TakesNoMoreRoomThanItGets) {
  const ByteBuffer text = test::random_text(5000, 1);
  ByteBuffer payload;
  ASSERT_TRUE(*encode(text, kMaxEffort, text.size(), payload));
  for (const size_t room : {size_t{0}, size_t{1}, size_t{10}, size_t{40}, payload.size() - 1}) {
    ByteBuffer out(as_bytes("kept"));
    ASSERT_FALSE(*encode(text, kMaxEffort, room, out));
    EXPECT_TRUE(equal(out, as_bytes("kept")));
  }
  ByteBuffer exact;
  EXPECT_TRUE(*encode(text, kMaxEffort, payload.size(), exact));
  EXPECT_TRUE(equal(exact, payload));
}

TEST(BwtBlock, CodesLongRunsInFewBytes) {
  for (const size_t size : {size_t{1} << 16, (size_t{1} << 20) + 12345}) {
    const ByteBuffer payload = encoded(ByteBuffer(size, std::byte{'x'}), kMaxEffort);
    EXPECT_LT(payload.size(), 64U);
  }
}

TEST(BwtBlock, GetsSmallerWithTheEffort) {
  const ByteBuffer text = test::random_text(200000, 5);
  size_t last = text.size();
  for (int effort = kMinEffort; effort <= kMaxEffort; ++effort) {
    const size_t size = encoded(text, effort).size();
    EXPECT_LE(size, last + last / 1000);
    last = size;
  }
}

TEST(BwtColumn, TakesTheEffortForRecordsWhereLargeRanksRepeat) {
  ByteBuffer column(20000);
  for (size_t i = 0; i < column.size(); ++i) column[i] = static_cast<std::byte>(i % 32);
  ByteBuffer noise = test::random_bytes(column.size(), 9);
  for (ByteBuffer* each : {&column, &noise}) {
    for (int asked = kMinEffort; asked <= kMaxEffort; ++asked) {
      ByteBuffer work(each->size());
      ByteBuffer coded;
      int effort = asked;
      ASSERT_TRUE(encode_column(*each, effort, work, each->size() * 2, coded));
      EXPECT_EQ(effort, each == &column ? kRecordEffort : asked);
      ByteBuffer decoded(each->size());
      MemoryBudget budget(column_model_memory(256));
      ASSERT_TRUE(decode_column(coded, effort, decoded, budget).has_value());
      EXPECT_TRUE(equal(decoded, *each));
    }
  }
}

TEST(BwtBlock, RefusesDamageOrSurvivesIt) {
  std::mt19937 random(7);
  const ByteBuffer text = test::random_text(3000, 1);
  for (int effort = kMinEffort; effort <= kMaxEffort; ++effort) {
    const ByteBuffer payload = encoded(text, effort);
    for (int trial = 0; trial < 500; ++trial) {
      ByteBuffer damaged(payload);
      damaged[random() % damaged.size()] ^= static_cast<std::byte>(1 + random() % 255);
      if (trial % 3 == 0) damaged.resize(random() % damaged.size());
      const auto restored = decoded(damaged, text.size());
      if (!restored) {
        EXPECT_EQ(restored.error().code, ErrorCode::kDamaged);
      }
    }
    // A payload that is cut short is noticed.
    for (size_t size = 0; size + 8 < payload.size(); size += 37) {
      EXPECT_FALSE(decoded(ByteView(payload).first(size), text.size()).has_value());
    }
    for (const size_t size : {text.size() - 1, text.size() + 1, text.size() * 3, size_t{0}}) {
      EXPECT_FALSE(decoded(payload, size).has_value());
    }
  }
}

TEST(BwtBlock, RefusesForgedHeads) {
  const ByteBuffer text = test::random_text(3000, 1);
  const ByteBuffer payload = encoded(text, 2);
  constexpr size_t kAlphabetAt = 4;
  const auto refused = [&](size_t at, int value) {
    ByteBuffer forged(payload);
    forged[at] = static_cast<std::byte>(value);
    const auto restored = decoded(forged, text.size());
    return !restored && restored.error().code == ErrorCode::kDamaged;
  };
  EXPECT_TRUE(refused(0, 0));  // effort
  EXPECT_TRUE(refused(0, 5));
  EXPECT_TRUE(refused(0, 2 << 4 | 2));                                                // sort order
  EXPECT_TRUE(refused(3, 0xFF));                                                      // row
  EXPECT_TRUE(refused(kAlphabetAt + 1, static_cast<int>(payload[kAlphabetAt + 2])));  // twice
  EXPECT_TRUE(refused(kAlphabetAt, 255));                                             // alphabet
}

TEST(BwtBlock, RefusesABudgetThatIsTooSmall) {
  const ByteBuffer text = test::random_text(3000, 1);
  const ByteBuffer payload = encoded(text, 2);
  ByteBuffer raw(text.size());
  MemoryBudget budget(decode_memory(payload, text.size()) - 1);
  const auto restored = decode(payload, raw, budget);
  ASSERT_FALSE(restored.has_value());
  EXPECT_EQ(restored.error().code, ErrorCode::kDamaged);
}

TEST(BwtCodec, RefusesAnUnknownFilter) {
  const ByteBuffer text = test::random_text(3000, 1);
  const BlockView block{.bytes = text, .segments = {}, .type = SegmentType::kText};
  ByteBuffer payload;
  uint64_t memory = 0;
  ASSERT_TRUE(bwt_codec().encode(block, 5, payload, memory, nullptr).has_value());
  payload[0] = std::byte{200};
  ByteBuffer raw(text.size());
  MemoryBudget budget(memory);
  const auto decoded = bwt_codec().decode(payload, raw, budget, nullptr);
  ASSERT_FALSE(decoded.has_value());
  EXPECT_EQ(decoded.error().code, ErrorCode::kDamaged);
}

}  // namespace
}  // namespace pith::bwt

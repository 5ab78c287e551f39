// The front of the transforms: picks, applies, undoes; damaged input.

#include <gtest/gtest.h>

#include "codecs/text/transform.h"
#include "tests/codecs/text_samples.h"
#include "tests/support/random_data.h"

namespace pith::text {
namespace {

// Undoes it in one piece and in two.
Transform expect_exact(ByteView raw, const std::optional<WordOptions>& words) {
  ByteBuffer coded;
  const Transformed transformed = apply_transform(raw, words, coded);
  EXPECT_TRUE(restores(transformed, coded, raw));
  EXPECT_EQ(transformed.words.has_value(), has_words(transformed.kind));
  if (transformed.kind == Transform::kNone) {
    EXPECT_TRUE(coded.empty());
    coded.append(raw);
  }
  ByteBuffer back(raw.size());
  MemoryBudget budget(transformed.decode_memory);
  const auto inverted = invert_transform(transformed.kind, coded, back, budget);
  EXPECT_TRUE(inverted.has_value());
  EXPECT_TRUE(equal(back, raw));

  EXPECT_LE(transformed.body, coded.size());
  const ByteView head = ByteView(coded).first(transformed.body);
  ByteBuffer again(raw.size());
  MemoryBudget same(transformed.decode_memory);
  EXPECT_TRUE(
      invert_transform(transformed.kind, head, ByteView(coded).subspan(head.size()), again, same)
          .has_value());
  EXPECT_TRUE(equal(again, raw));
  if (transformed.words) {
    MemoryBudget for_words(transformed.words->memory());
    const auto read = read_words(transformed.kind, head, for_words);
    EXPECT_TRUE(read.has_value());
    if (read) {
      EXPECT_EQ(read->alphabet().kind, transformed.words->alphabet().kind);
    }
  }
  return transformed.kind;
}

// A block of calls of one function.
ByteBuffer calls() {
  ByteBuffer code;
  ByteWriter writer(code);
  for (uint32_t i = 0; i < 1000; ++i) {
    writer.u32(0x90909090 + i * 77);
    writer.u8(0xE8);
    writer.u32(0x1000 + i % 7 * 64 - static_cast<uint32_t>(code.size() + 4));
  }
  return code;
}

std::string filled(size_t size) { return test::filled_text(size, 72, "\n", 0, 5); }

TEST(TextTransform, PicksByTheData) {
  for (const Purpose purpose : {Purpose::kSorted, Purpose::kMixed}) {
    const auto pick = [&](ByteView raw) {
      return expect_exact(raw, WordOptions::for_block(purpose, raw.size()));
    };
    EXPECT_EQ(pick(test::random_text(100000, 1)), Transform::kWords);
    EXPECT_EQ(pick(as_bytes(test::random_mixture(50000, 1))), Transform::kWords);
    EXPECT_EQ(pick(as_bytes(filled(100000))), Transform::kLinesWords);
    EXPECT_EQ(pick(calls()), Transform::kX86);
    EXPECT_EQ(pick(test::random_bytes(100000, 1)), Transform::kNone);
    for (const std::string& text : test::hand_made_texts()) pick(as_bytes(text));
  }
}

TEST(TextTransform, WordsCanBeLeftOut) {
  EXPECT_EQ(expect_exact(test::random_text(100000, 1), {}), Transform::kNone);
  EXPECT_EQ(expect_exact(as_bytes(filled(100000)), {}), Transform::kLines);
  EXPECT_EQ(expect_exact(calls(), {}), Transform::kX86);
  for (const std::string& text : test::hand_made_texts()) expect_exact(as_bytes(text), {});
}

TEST(TextTransform, DamageIsAnErrorOrOtherBytes) {
  const ByteBuffer text = test::random_text(20000, 2);
  for (const ByteBuffer& raw : {text, ByteBuffer(as_bytes(filled(20000))), calls()}) {
    ByteBuffer coded;
    const auto words = WordOptions::for_block(Purpose::kMixed, raw.size());
    const Transformed transformed = apply_transform(raw, words, coded);
    ASSERT_NE(transformed.kind, Transform::kNone);
    std::mt19937 random(3);
    for (int round = 0; round < 1000; ++round) {
      ByteBuffer bad = coded;
      bad[random() % bad.size()] = static_cast<std::byte>(random());
      if (round % 4 == 0) bad.resize(random() % bad.size());
      ByteBuffer back(raw.size());
      MemoryBudget budget(transformed.decode_memory);
      const auto inverted = invert_transform(transformed.kind, bad, back, budget);
      if (!inverted) {
        EXPECT_EQ(inverted.error().code, ErrorCode::kDamaged);
      }
    }
  }
}

TEST(TextTransform, UnknownKindsAndSizesAreDamaged) {
  const ByteBuffer bytes = test::random_bytes(100, 4);
  ByteBuffer back(50);
  for (int kind = 0; kind < 256; ++kind) {
    MemoryBudget budget(uint64_t{1} << 20);
    const auto inverted = invert_transform(static_cast<Transform>(kind), bytes, back, budget);
    ASSERT_FALSE(inverted.has_value());
    EXPECT_EQ(inverted.error().code, ErrorCode::kDamaged);
  }
}

}  // namespace
}  // namespace pith::text

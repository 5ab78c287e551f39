// Blocks that are coded against a base come back, whatever the base holds, and gain by it.
#include <gtest/gtest.h>

#include <random>

#include "base/source.h"
#include "codecs/tensor/describe.h"
#include "codecs/tensor/ggml_blocks.h"
#include "codecs/tensor/tensor_codec.h"

namespace pith {
namespace {

struct Kinds {
  ElementType element;
  uint8_t ggml_type;
  SegmentType type;
  size_t width;
};

constexpr std::array<Kinds, 11> kAllKinds = {{
    {ElementType::kF64, 0, SegmentType::kF64, 8},
    {ElementType::kF32, 0, SegmentType::kF32, 4},
    {ElementType::kF16, 0, SegmentType::kF16, 2},
    {ElementType::kBf16, 0, SegmentType::kBf16, 2},
    {ElementType::kF8E4M3, 0, SegmentType::kF8, 1},
    {ElementType::kInt64, 0, SegmentType::kIntegers, 8},
    {ElementType::kInt32, 0, SegmentType::kIntegers, 4},
    {ElementType::kInt16, 0, SegmentType::kIntegers, 2},
    {ElementType::kInt8, 0, SegmentType::kIntegers, 1},
    {ElementType::kGgml, 2, SegmentType::kIntegers, 18},  // Q4_0
    {ElementType::kGgml, 8, SegmentType::kIntegers, 34},  // Q8_0
}};

ByteBuffer random_bytes(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  ByteBuffer bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

// Floats like weights: small ones, of both signs.
std::vector<float> weights(size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<float> values(count);
  for (float& value : values) {
    int sum = 0;
    for (int k = 0; k < 12; ++k) sum += static_cast<int>(random() % 4096);
    value = static_cast<float>(sum - 12 * 2048) / 65536.0F;
  }
  return values;
}
std::vector<float> trained(const std::vector<float>& from, float step, uint32_t seed) {
  std::vector<float> values = weights(from.size(), seed);
  for (size_t i = 0; i < values.size(); ++i) values[i] = from[i] + step * values[i];
  return values;
}
ByteBuffer bytes_of(const std::vector<float>& values) {
  return ByteBuffer(std::as_bytes(std::span(values)));
}

// A block of one tensor whose bytes the base has at `place`.
struct Block {
  Block(const Kinds& kind, ByteView bytes, ByteView base, uint64_t place, uint64_t row = 0)
      : base_file(base) {
    auto layout = std::make_shared<TensorLayout>();
    layout->element = kind.element;
    layout->ggml_type = kind.ggml_type;
    const uint64_t count = bytes.size() / kind.width;
    layout->shape = row == 0 ? std::vector<uint64_t>{count} : std::vector{count / row, row};
    layout->size = bytes.size();
    segment = {.size = bytes.size(), .type = kind.type, .layout = {.tensor = layout}};
    segment.layout.base = place;
    view = {.bytes = bytes, .segments = {&segment, 1}, .type = kind.type, .base = &base_file};
  }
  MemoryRandomAccess base_file;
  Segment segment;
  BlockView view;
};

struct Coded {
  EncodeOutcome outcome = EncodeOutcome::kDeclined;
  ByteBuffer payload;
  uint64_t memory = 0;
};
Coded encode(const BlockView& view, Level level) {
  Coded coded;
  const auto outcome = tensor_codec().encode(view, {level}, coded.payload, coded.memory, nullptr);
  EXPECT_TRUE(outcome.has_value());
  coded.outcome = outcome.value_or(EncodeOutcome::kDeclined);
  return coded;
}
Result<void> decode(const Coded& coded, MutableBytes raw, const RandomAccess* base) {
  MemoryBudget budget(coded.memory);
  return tensor_codec().decode(coded.payload, raw, budget, nullptr, base);
}

void expect_round_trip(const Block& block, Level level) {
  const Coded coded = encode(block.view, level);
  if (coded.outcome == EncodeOutcome::kDeclined) return;
  EXPECT_LE(coded.memory, tensor_codec().decode_memory(block.view.bytes.size(), level));
  ByteBuffer raw(block.view.bytes.size());
  const auto decoded = decode(coded, raw, &block.base_file);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_TRUE(equal(raw, block.view.bytes));
}

TEST(TensorBase, EveryKindComesBack) {
  constexpr size_t kPlace = 5;
  for (const Kinds& kind : kAllKinds) {
    for (const size_t count : {size_t{1}, size_t{40}, size_t{1500}}) {
      const size_t size = count * kind.width + (count == 40 ? 0 : kind.width / 2);
      const ByteBuffer base = random_bytes(kPlace + size, 1);
      ByteBuffer near(ByteView(base).subspan(kPlace));
      for (size_t i = 0; i < near.size(); i += 37) near[i] ^= std::byte{1};
      const ByteBuffer far = random_bytes(size, 2);
      for (const Level level : {1, 5, 7}) {
        expect_round_trip(Block(kind, ByteView(base).subspan(kPlace), base, kPlace), level);
        expect_round_trip(Block(kind, near, base, kPlace, 7), level);
        expect_round_trip(Block(kind, far, base, kPlace), level);
      }
    }
  }
}

TEST(TensorBase, SpecialNumbersComeBack) {
  constexpr std::array<uint32_t, 10> kWords = {0,          0x80000000, 0x7F800000, 0xFF800000,
                                               0x7F800001, 0xFFC01234, 1,          0x80000001,
                                               0x3F800000, 0x7F7FFFFF};
  std::vector<uint32_t> base;
  std::vector<uint32_t> words;
  for (const uint32_t from : kWords) {
    for (const uint32_t to : kWords) {
      base.insert(base.end(), {from, 0x3C000000U + to % 977, from});
      words.insert(words.end(), {to, 0x3C000000U + to % 977 + from % 3, to});
    }
  }
  for (const Level level : {1, 7}) {
    expect_round_trip(
        Block(kAllKinds[1], std::as_bytes(std::span(words)), std::as_bytes(std::span(base)), 0, 10),
        level);
  }
}

TEST(TensorBase, ATrainingStepCostsLittle) {
  const auto before = weights(60000, 3);
  const ByteBuffer base = bytes_of(before);
  const ByteBuffer after = bytes_of(trained(before, 1.0F / 4096, 4));
  const Block block(kAllKinds[1], after, base, 0, 300);
  BlockView alone = block.view;
  alone.base = nullptr;
  for (const Level level : {5, 7}) {
    expect_round_trip(block, level);
    EXPECT_LT(encode(block.view, level).payload.size(),
              encode(alone, level).payload.size() * 3 / 4);
  }
}

TEST(TensorBase, WhatStayedTheSameCostsNextToNothing) {
  for (const Kinds& kind : kAllKinds) {
    const ByteBuffer base = random_bytes(20000 * kind.width, 5);
    const Block block(kind, base, base, 0);
    EXPECT_LT(encode(block.view, 5).payload.size(), 100U);
    expect_round_trip(block, 5);
  }
}

TEST(TensorBase, FewChangesCostLittle) {
  const ByteBuffer base = random_bytes(200000, 6);
  for (const Kinds& kind : {kAllKinds[3], kAllKinds[8], kAllKinds[10]}) {
    ByteBuffer words = base;
    std::mt19937 random(7);
    for (int i = 0; i < 1000; ++i) words[random() % words.size()] ^= std::byte{1};
    for (const Level level : {1, 7}) {
      const Block block(kind, words, base, 0);
      EXPECT_LT(encode(block.view, level).payload.size(), words.size() / 50);
      expect_round_trip(block, level);
    }
  }
}

TEST(TensorBase, AnUnrelatedBaseCostsNothing) {
  const ByteBuffer words = bytes_of(weights(20000, 8));
  const ByteBuffer base = bytes_of(weights(20000, 9));
  const Block block(kAllKinds[1], words, base, 0, 100);
  BlockView alone = block.view;
  alone.base = nullptr;
  for (const Level level : {1, 5}) {
    EXPECT_LE(encode(block.view, level).payload.size(), encode(alone, level).payload.size());
  }
}

// The columns of a tensor that gains stand beside those of one that does not.
TEST(TensorBase, OnlySomeTensorsHaveABase) {
  const auto before = weights(5000, 10);
  const ByteBuffer base = bytes_of(before);
  ByteBuffer bytes = bytes_of(weights(5000, 11));
  append(bytes, bytes_of(trained(before, 1.0F / 1024, 12)));
  append(bytes, random_bytes(77, 13));
  append(bytes, base);
  const MemoryRandomAccess file(base);
  std::vector<Segment> segments(4);
  for (Segment& segment : segments) {
    segment.size = base.size();
    segment.type = SegmentType::kF32;
  }
  segments[2] = {.size = 77, .type = SegmentType::kBytes, .layout = {}};
  segments[0].layout.base = 0;
  segments[1].layout.base = 0;
  segments[3].layout.base = 0;
  const BlockView view{
      .bytes = bytes, .segments = segments, .type = SegmentType::kF32, .base = &file};
  for (const Level level : {5, 7}) {
    const Coded coded = encode(view, level);
    ByteBuffer raw(bytes.size());
    ASSERT_TRUE(decode(coded, raw, &file).has_value());
    EXPECT_TRUE(equal(raw, bytes));
    MemoryBudget budget(uint64_t{1} << 30);
    const auto pieces = tensor::describe(coded.payload, bytes.size(), budget, &file);
    ASSERT_TRUE(pieces.has_value());
    ASSERT_EQ(pieces->size(), 4U);
    EXPECT_EQ((*pieces)[1].method, "differences to the base");
    EXPECT_EQ((*pieces)[3].method, "as in the base");
    EXPECT_NE((*pieces)[0].method, "differences to the base");
  }
}

TEST(TensorBase, WithoutTheBytesOfTheBaseThePayloadIsDamaged) {
  const auto before = weights(3000, 14);
  const ByteBuffer base = bytes_of(before);
  const ByteBuffer after = bytes_of(trained(before, 1.0F / 1024, 15));
  const Block block(kAllKinds[1], after, base, 0);
  const Coded coded = encode(block.view, 5);
  ByteBuffer raw(after.size());
  auto result = decode(coded, raw, nullptr);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kDamaged);
  const MemoryRandomAccess cut(ByteView(base).first(base.size() - 1));
  result = decode(coded, raw, &cut);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kDamaged);
}

// Nothing but an error comes of a damaged payload, whatever offsets and sizes it tells.
TEST(TensorBase, DamageIsFoundOrHarmless) {
  const auto before = weights(2000, 16);
  const ByteBuffer base = bytes_of(before);
  const ByteBuffer after = bytes_of(trained(before, 1.0F / 1024, 17));
  for (const Kinds& kind : {kAllKinds[1], kAllKinds[10]}) {
    const Block block(kind, after, base, 0, 20);
    Coded coded;
    std::mt19937 random(18);
    for (int i = 0; i < 200; ++i) {
      if (i % 100 == 0) coded = encode(block.view, i == 0 ? 5 : 7);
      Coded broken = coded;
      // Most of the harm is in the front.
      const size_t range =
          i % 2 == 0 ? std::min<size_t>(64, broken.payload.size()) : broken.payload.size();
      for (int k = 0; k <= i % 3; ++k) {
        broken.payload[random() % range] = static_cast<std::byte>(random());
      }
      ByteBuffer raw(after.size());
      const auto result = decode(broken, raw, &block.base_file);
      if (!result) {
        EXPECT_EQ(result.error().code, ErrorCode::kDamaged) << result.error().message;
      }
    }
  }
}

// Blocks of quantised weights: what is known of the columns of the matrix helps at level 7, and all
// bytes come back, those that no quantiser writes too.
TEST(TensorQuants, AreModelled) {
  constexpr size_t kRow = 1024;
  constexpr size_t kBlocks = 64 * kRow / 32;
  std::mt19937 random(19);
  for (const Kinds& kind : {kAllKinds[9], kAllKinds[10]}) {
    const bool q4 = kind.width == 18;
    ByteBuffer bytes;
    for (size_t b = 0; b < kBlocks; ++b) {
      const auto scale =
          static_cast<uint16_t>(0x2000 + random() % 200 + (b % 97 == 0 ? 0x8000 : 0));
      bytes.push_back(static_cast<std::byte>(scale));
      bytes.push_back(static_cast<std::byte>(scale >> 8));
      std::array<int, 32> quants{};
      for (size_t i = 0; i < 32; ++i) {
        // Every fourth column is small.
        const int range = i % 4 == 0 ? 3 : q4 ? 16 : 256;
        quants[i] = static_cast<int>(random() % static_cast<unsigned>(range)) - range / 2;
      }
      for (size_t i = 0; i < (q4 ? 16U : 32U); ++i) {
        bytes.push_back(
            static_cast<std::byte>(q4 ? (quants[i] + 8) | (quants[i + 16] + 8) << 4 : quants[i]));
      }
    }
    bytes.push_back(std::byte{7});  // less than a block
    Block block(kind, bytes, {}, 0);
    auto layout = std::make_shared<TensorLayout>(*block.segment.layout.tensor);
    layout->shape = {64, kRow};
    block.segment.layout.tensor = layout;
    block.segment.layout.base.reset();
    expect_round_trip(block, 7);
    EXPECT_LT(encode(block.view, 7).payload.size(),
              encode(block.view, 6).payload.size() * 99 / 100);
  }
}

}  // namespace
}  // namespace pith

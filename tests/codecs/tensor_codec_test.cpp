// Blocks of tensors of every kind come back, whatever numbers they hold and however they are cut.
#include "codecs/tensor/tensor_codec.h"

#include <gtest/gtest.h>

#include <random>

#include "codecs/select.h"
#include "codecs/tensor/decoder.h"
#include "codecs/tensor/describe.h"
#include "codecs/tensor/encoder.h"
#include "codecs/tensor/extremes.h"
#include "codecs/tensor/ggml_blocks.h"
#include "tests/support/random_data.h"

namespace pith {
namespace {

using tensor::Kernel;

std::vector<Kernel> kernels() {
  std::vector<Kernel> all = {Kernel::kScalar};
  if (entropy::best_kernel() >= Kernel::kAvx2) all.push_back(Kernel::kAvx2);
  if (entropy::best_kernel() >= Kernel::kAvx512) all.push_back(Kernel::kAvx512);
  return all;
}

// Weights: a normal distribution made of sums, as 32-bit floats or their upper halves.
ByteBuffer weights(int width, size_t count, uint32_t seed) {
  std::mt19937 random(seed);
  ByteBuffer bytes(count * static_cast<size_t>(width));
  for (size_t i = 0; i < count; ++i) {
    int sum = 0;
    for (int k = 0; k < 12; ++k) sum += static_cast<int>(random() % 4096);
    const auto value =
        static_cast<float>(sum - 12 * 2048) / 65536.0F + static_cast<float>(random() % 1024) / 1e9F;
    uint32_t word = 0;
    std::memcpy(&word, &value, 4);
    if (width == 2) word >>= 16;
    std::memcpy(bytes.data() + i * static_cast<size_t>(width), &word, static_cast<size_t>(width));
  }
  return bytes;
}

struct Tensor {
  ElementType element = ElementType::kF32;
  uint8_t ggml_type = 0;
  std::vector<uint64_t> shape = {};
  uint64_t offset = 0;
  SegmentType type = SegmentType::kF32;
};

Segment segment_of(const Tensor& tensor, size_t size) {
  auto layout = std::make_shared<TensorLayout>();
  layout->name = "t";
  layout->element = tensor.element;
  layout->ggml_type = tensor.ggml_type;
  layout->shape = tensor.shape;
  layout->size = size + tensor.offset;
  Segment segment{.size = size, .type = tensor.type, .layout = {}};
  segment.layout.tensor = layout;
  segment.layout.offset = tensor.offset;
  return segment;
}

// The size of the payload, the same from every kernel; 0 if the block was declined.
size_t expect_exact(ByteView bytes, const std::vector<Segment>& segments, Level level = 5) {
  const BlockView block{.bytes = bytes, .segments = segments, .type = SegmentType::kF32};
  ByteBuffer expected;
  bool useful = false;
  for (const Kernel kernel : kernels()) {
    ByteBuffer payload;
    const auto encoded = tensor::encode_block(block, level, kernel, payload);
    EXPECT_TRUE(encoded.has_value());
    if (kernel == Kernel::kScalar) expected = payload;
    EXPECT_EQ(payload, expected);
    useful = encoded->useful;
    EXPECT_LE(encoded->decode_memory, tensor_codec().decode_memory(bytes.size(), level));
    ByteBuffer raw(bytes.size());
    MemoryBudget budget(encoded->decode_memory);
    const auto decoded = tensor::decode_block(payload, raw, budget, kernel);
    EXPECT_TRUE(decoded.has_value()) << (decoded ? "" : decoded.error().message);
    EXPECT_TRUE(equal(raw, bytes));
  }
  return useful ? expected.size() : 0;
}

TEST(TensorCodec, RestoresEveryElementTypeWholeCutAndMisaligned) {
  const ByteBuffer bytes = weights(4, 5000, 1);
  const std::vector<std::pair<ElementType, SegmentType>> types = {
      {ElementType::kF64, SegmentType::kF64},        {ElementType::kF32, SegmentType::kF32},
      {ElementType::kF16, SegmentType::kF16},        {ElementType::kBf16, SegmentType::kBf16},
      {ElementType::kF8E4M3, SegmentType::kF8},      {ElementType::kF8E5M2, SegmentType::kF8},
      {ElementType::kInt64, SegmentType::kIntegers}, {ElementType::kInt32, SegmentType::kIntegers},
      {ElementType::kInt16, SegmentType::kIntegers}, {ElementType::kInt8, SegmentType::kIntegers}};
  for (const auto& [element, type] : types) {
    for (const uint64_t offset : {0U, 1U, 8U, 1003U}) {
      for (const size_t size : std::initializer_list<size_t>{1, 3, 63, 4096, 19997}) {
        for (const Level level : {1, 5, 7, 9}) {
          if (level > 5 && size > 5000) continue;
          const Tensor tensor{
              .element = element, .shape = {50, 100}, .offset = offset, .type = type};
          SCOPED_TRACE(testing::Message() << "element " << static_cast<int>(element) << " offset "
                                          << offset << " size " << size << " level " << level);
          expect_exact(ByteView(bytes).first(size), {segment_of(tensor, size)}, level);
        }
      }
    }
  }
}

TEST(TensorCodec, RestoresEveryTypeOfGgmlBlocks) {
  std::mt19937 random(4);
  for (int type = 0; type < 50; ++type) {
    const tensor::GgmlBlock* block = tensor::find_ggml_block(static_cast<uint8_t>(type));
    const size_t unit = block == nullptr ? 7 : block->bytes;
    ByteBuffer bytes = weights(2, unit * 150, 3);
    for (size_t i = 0; i < bytes.size(); i += 1 + random() % 40) {
      bytes[i] = std::array{std::byte{127}, std::byte{0x81}, std::byte{0}}[random() % 3];
    }
    const Tensor tensor{.element = ElementType::kGgml,
                        .ggml_type = static_cast<uint8_t>(type),
                        .shape = {300, 32},
                        .type = SegmentType::kIntegers};
    expect_exact(bytes, {segment_of(tensor, bytes.size())});
    expect_exact(ByteView(bytes).first(bytes.size() - 5), {segment_of(tensor, bytes.size() - 5)});
  }
}

TEST(TensorCodec, WeightsShrinkByTheirExponents) {
  const ByteBuffer single = weights(4, 100000, 5);
  const Tensor tensor{.shape = {1000, 100}};
  const size_t size = expect_exact(single, {segment_of(tensor, single.size())});
  EXPECT_GT(size, 0U);
  EXPECT_LT(size, single.size() / 100 * 86);
  const ByteBuffer half = weights(2, 100000, 5);
  const Tensor brain{.element = ElementType::kBf16, .shape = {100000}, .type = SegmentType::kBf16};
  const size_t half_size = expect_exact(half, {segment_of(brain, half.size())});
  EXPECT_GT(half_size, 0U);
  EXPECT_LT(half_size, half.size() / 100 * 70);
}

TEST(TensorCodec, OddNumbersAreExact) {
  ByteBuffer bytes = weights(4, 4000, 6);
  const std::array<uint32_t, 10> odd = {0x7F800001, 0xFFC12345, 0x7F800000, 0xFF800000, 0x80000000,
                                        0x00000000, 0x00000001, 0x807FFFFF, 0x7FFFFFFF, 0xFFFFFFFF};
  for (size_t i = 0; i < 400; ++i) {
    std::memcpy(bytes.data() + 4 * (i * 10 % 4000), &odd[i % odd.size()], 4);
  }
  for (const Level level : {1, 5, 9}) {
    EXPECT_GT(expect_exact(bytes, {segment_of({.shape = {4000}}, bytes.size())}, level), 0U);
  }
  for (const uint32_t word : odd) {
    ByteBuffer same(4000);
    for (size_t i = 0; i < same.size(); i += 4) std::memcpy(same.data() + i, &word, 4);
    for (const Level level : {1, 5, 9}) {
      const size_t size = expect_exact(same, {segment_of({.shape = {1000}}, same.size())}, level);
      EXPECT_GT(size, 0U);
      EXPECT_LT(size, 200U);
    }
  }
}

TEST(TensorCodec, ZerosAndConstantSignsAreLeftOut) {
  ByteBuffer bytes = weights(4, 20000, 7);
  for (size_t i = 3; i < bytes.size(); i += 4) bytes[i] &= std::byte{0x7F};
  const size_t positive = expect_exact(bytes, {segment_of({.shape = {20000}}, bytes.size())});
  std::mt19937 random(8);
  for (size_t i = 0; i < bytes.size(); i += 4) {
    if (random() % 2 == 0) bytes[i + 3] ^= std::byte{0x80};
  }
  const size_t mixed = expect_exact(bytes, {segment_of({.shape = {20000}}, bytes.size())});
  EXPECT_NEAR(static_cast<double>(mixed - positive), 20000.0 / 8, 100);
  for (size_t i = 0; i < bytes.size(); i += 4) {
    if (random() % 2 == 0) std::memset(bytes.data() + i, 0, 4);
  }
  const size_t sparse = expect_exact(bytes, {segment_of({.shape = {20000}}, bytes.size())});
  EXPECT_LT(sparse, mixed * 56 / 100);
}

// A smooth field with a little noise, of `width` bytes a number.
ByteBuffer smooth(int width, size_t rows, size_t row, uint32_t seed) {
  std::mt19937 random(seed);
  ByteBuffer bytes;
  for (size_t y = 0; y < rows; ++y) {
    for (size_t x = 0; x < row; ++x) {
      const double at = static_cast<double>(x) / 40.0;
      const double value = (at - 1) * (at - 2.5) + 0.01 * static_cast<double>(y) * at +
                           static_cast<double>(random() % 1000) * 1e-7;
      const auto single = static_cast<float>(value);
      uint64_t word = 0;
      if (width == 8) {
        std::memcpy(&word, &value, 8);
      } else {
        std::memcpy(&word, &single, 4);
        if (width == 2) word >>= 16;
      }
      append(bytes, std::as_bytes(std::span(&word, 1)).first(static_cast<size_t>(width)));
    }
  }
  return bytes;
}

TEST(TensorCodec, SmoothFieldsArePredicted) {
  for (const int width : {2, 4, 8}) {
    ByteBuffer bytes = smooth(width, 60, 100, 1);
    const ElementType element = width == 8   ? ElementType::kF64
                                : width == 4 ? ElementType::kF32
                                             : ElementType::kBf16;
    const SegmentType type = width == 8   ? SegmentType::kF64
                             : width == 4 ? SegmentType::kF32
                                          : SegmentType::kBf16;
    const Tensor tensor{.element = element, .shape = {60, 100}, .type = type};
    const size_t fast = expect_exact(bytes, {segment_of(tensor, bytes.size())}, 1);
    const size_t size = expect_exact(bytes, {segment_of(tensor, bytes.size())}, 5);
    EXPECT_GT(size, 0U);
    EXPECT_LT(size, fast - fast / 20) << width;
    // NaNs and infinities among them.
    for (size_t i = 7; i + 8 < bytes.size(); i += 997 * static_cast<size_t>(width)) {
      std::memset(bytes.data() + i / 8 * 8, i % 2 == 0 ? 0xFF : 0x7F, 8);
    }
    EXPECT_GT(expect_exact(bytes, {segment_of(tensor, bytes.size())}, 5), 0U);
    // Cut somewhere, with the wrong shape.
    const Tensor cut{.element = element, .shape = {3, 1, 7}, .offset = 5, .type = type};
    expect_exact(ByteView(bytes).subspan(5), {segment_of(cut, bytes.size() - 5)}, 5);
  }
}

TEST(TensorCodec, ModelsOfWeightsAreExactAndSmaller) {
  // Rows and columns of different sizes, which only the model sees.
  for (const int width : {2, 4}) {
    ByteBuffer bytes = weights(width, 48000, 20);
    for (size_t i = 0; i < 48000; ++i) {
      const size_t at = (i + 1) * static_cast<size_t>(width) - 2;
      uint16_t high = 0;
      std::memcpy(&high, bytes.data() + at, 2);
      if ((high & 0x7F80) < 0x1000) continue;
      high = static_cast<uint16_t>(high - (i % 100 % 7) * 0x80 - (i / 100 % 5) * 0x80);
      std::memcpy(bytes.data() + at, &high, 2);
    }
    const Tensor tensor{.element = width == 4 ? ElementType::kF32 : ElementType::kBf16,
                        .shape = {480, 100},
                        .type = width == 4 ? SegmentType::kF32 : SegmentType::kBf16};
    const size_t fast = expect_exact(bytes, {segment_of(tensor, bytes.size())}, 6);
    const size_t size = expect_exact(bytes, {segment_of(tensor, bytes.size())}, 7);
    EXPECT_LT(size, fast - fast / 40);
    std::memset(bytes.data() + 4000, 0, 9000);
    std::memset(bytes.data() + 19000, 0xFF, 100);
    const size_t odd = expect_exact(bytes, {segment_of(tensor, bytes.size())}, 9);
    EXPECT_LT(odd, size);
  }
}

TEST(TensorCodec, ManyTensorsAndPlainBytesShareABlock) {
  ByteBuffer bytes;
  std::vector<Segment> segments;
  std::mt19937 random(9);
  for (uint32_t i = 0; i < 120; ++i) {
    const bool wide = random() % 2 == 0;
    ByteBuffer some = weights(wide ? 4 : 2, 1 + random() % 3000, i);
    append(bytes, some);
    segments.push_back(segment_of({.element = wide ? ElementType::kF32 : ElementType::kBf16,
                                   .type = wide ? SegmentType::kF32 : SegmentType::kBf16},
                                  some.size()));
    if (random() % 3 != 0) continue;
    some = test::random_text(1 + random() % 50, i);
    append(bytes, some);
    segments.push_back({.size = some.size(), .type = SegmentType::kBytes, .layout = {}});
  }
  const size_t size = expect_exact(bytes, segments);
  EXPECT_GT(size, 0U);
  EXPECT_LT(size, bytes.size() * 84 / 100);
}

TEST(TensorCodec, RandomBytesOfAnyKindAreDeclined) {
  const ByteBuffer bytes = test::random_bytes(100000, 1);
  for (const auto type : {SegmentType::kF16, SegmentType::kF32, SegmentType::kF8, SegmentType::kF64,
                          SegmentType::kIntegers}) {
    EXPECT_EQ(expect_exact(bytes, {{.size = bytes.size(), .type = type, .layout = {}}}), 0U);
  }
}

TEST(TensorCodec, DamagedPayloadsAreRefusedOrSurvived) {
  ByteBuffer bytes = weights(4, 3000, 10);
  append(bytes, weights(2, 3400, 11));
  append(bytes, smooth(4, 30, 100, 12));
  append(bytes, weights(2, 6000, 13));
  const Tensor blocks{.element = ElementType::kGgml,
                      .ggml_type = tensor::kGgmlQ8_0,
                      .type = SegmentType::kIntegers};
  const std::vector<Segment> segments = {
      segment_of({.shape = {30, 100}}, 12000), segment_of(blocks, 6800),
      segment_of({.shape = {30, 100}}, 12000),
      segment_of({.element = ElementType::kBf16, .shape = {60, 100}, .type = SegmentType::kBf16},
                 12000)};
  std::mt19937 random(12);
  for (const Level level : {5, 9}) {
    const BlockView block{.bytes = bytes, .segments = segments, .type = SegmentType::kF32};
    ByteBuffer payload;
    const auto encoded = tensor::encode_block(block, level, entropy::best_kernel(), payload);
    ASSERT_TRUE(encoded.has_value());
    int refused = 0;
    const int trials = level == 5 ? 800 : 100;
    for (int trial = 0; trial < trials; ++trial) {
      ByteBuffer damaged = payload;
      const size_t reach = trial % 2 == 0 ? std::min<size_t>(damaged.size(), 400) : damaged.size();
      for (int i = 0; i < 2; ++i) damaged[random() % reach] = static_cast<std::byte>(random());
      if (trial % 5 == 0) damaged.resize(random() % damaged.size());
      ByteBuffer raw(bytes.size());
      MemoryBudget budget(encoded->decode_memory + (1 << 20));
      if (!tensor::decode_block(damaged, raw, budget, entropy::best_kernel())) ++refused;
    }
    EXPECT_GT(refused, trials / 3);
  }
}

TEST(TensorCodec, IsChosenForFloatsWhereverTheyBegin) {
  ByteBuffer bytes(1, std::byte{7});
  append(bytes, weights(2, 300001, 13));
  std::vector<Segment> segments = {{.size = 1, .type = SegmentType::kBytes, .layout = {}}};
  segments.push_back(
      segment_of({.element = ElementType::kBf16, .type = SegmentType::kBf16}, bytes.size() - 1));
  const BlockView block{.bytes = bytes, .segments = segments, .type = SegmentType::kBf16};
  CodecScratch scratch;
  const auto encoded = encode_block(block, {.level = 5}, scratch);
  ASSERT_TRUE(encoded.has_value());
  EXPECT_EQ(encoded->codec, CodecId::kTensor);
}

TEST(TensorDescribe, AccountsForEveryPieceAndEveryByte) {
  ByteBuffer bytes = test::random_text(100, 1);
  append(bytes, weights(2, 5000, 1));
  append(bytes, smooth(4, 60, 100, 2));
  const std::vector<Segment> segments = {
      {.size = 100, .type = SegmentType::kText, .layout = {}},
      segment_of({.element = ElementType::kBf16, .type = SegmentType::kBf16}, 10000),
      segment_of({.shape = {60, 100}}, 24000)};
  const BlockView block{.bytes = bytes, .segments = segments, .type = SegmentType::kF32};
  ByteBuffer payload;
  ASSERT_TRUE(tensor::encode_block(block, 5, entropy::best_kernel(), payload).has_value());
  MemoryBudget budget(uint64_t{64} << 20);
  const auto reports = tensor::describe(payload, bytes.size(), budget);
  ASSERT_TRUE(reports.has_value());
  ASSERT_EQ(reports->size(), 3U);
  uint64_t coded = 0;
  for (const auto& report : *reports) coded += report.coded_size;
  EXPECT_EQ(coded, payload.size());
  EXPECT_EQ((*reports)[0].kind, "plain");
  EXPECT_EQ((*reports)[1].kind, "bf16");
  EXPECT_EQ((*reports)[1].offset, 100U);
  EXPECT_EQ((*reports)[1].raw_size, 10000U);
  EXPECT_NE((*reports)[1].method.find("rans"), std::string::npos);
  EXPECT_GT((*reports)[1].symbol_size, 1000U);
  EXPECT_GT((*reports)[1].rest_size, 1000U);
  EXPECT_EQ((*reports)[2].kind, "f32");
  EXPECT_NE((*reports)[2].method.find("predicted, row 100"), std::string::npos);
  payload[payload.size() / 2] ^= std::byte{1};
  payload.resize(payload.size() - 9);
  EXPECT_FALSE(tensor::describe(payload, bytes.size(), budget).has_value());
}

TEST(TensorExtremes, AreFoundAndPutBack) {
  for (const bool q4 : {false, true}) {
    const size_t unit = q4 ? 18 : 34;
    ByteBuffer blocks = test::random_bytes(unit * 300, q4 ? 1 : 2);
    for (size_t i = 0; i < 20 * unit; ++i) blocks[i] = std::byte{0x55};  // none
    tensor::Extremes extremes;
    tensor::split_extremes(q4, blocks, extremes);
    size_t quants = 0;
    size_t singles = 0;
    ASSERT_TRUE(tensor::measure_extremes(q4, extremes.positions, quants, singles));
    EXPECT_EQ(quants, extremes.quants.size());
    EXPECT_EQ(singles, extremes.singles.size());
    EXPECT_LT(quants, 300 * (unit - 2));
    ByteBuffer restored = blocks;
    for (size_t i = 0; i < 300; ++i) {
      std::fill_n(restored.begin() + i * unit + 2, unit - 2, std::byte{0xEE});
    }
    tensor::join_extremes(q4, extremes.positions, extremes.quants, extremes.singles, restored);
    EXPECT_EQ(restored, blocks);
    extremes.positions[7] = std::byte{65};
    EXPECT_FALSE(tensor::measure_extremes(q4, extremes.positions, quants, singles));
  }
}

}  // namespace
}  // namespace pith

// What holds for every registered codec.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "codecs/registry.h"
#include "codecs/select.h"
#include "tests/support/random_data.h"

namespace pith {
namespace {

std::vector<ByteBuffer> inputs() {
  std::vector<ByteBuffer> all;
  for (const size_t size :
       std::initializer_list<size_t>{1, 2, 3, 15, 16, 17, 255, 256, 1000, 4096, 70000}) {
    const auto seed = static_cast<uint32_t>(size);
    all.push_back(test::random_bytes(size, seed));
    all.push_back(test::random_text(size, seed));
    all.emplace_back(size, std::byte{0});
    all.emplace_back(size, std::byte{0xFF});
    ByteBuffer ramp(size);
    for (size_t i = 0; i < size; ++i) ramp[i] = static_cast<std::byte>(i / 4);
    all.push_back(std::move(ramp));
  }
  return all;
}

class EveryCodec : public testing::TestWithParam<const Codec*> {};

TEST_P(EveryCodec, IsFoundByIdAndByName) {
  const Codec& codec = *GetParam();
  EXPECT_EQ(find_codec(codec.id()), &codec);
  EXPECT_EQ(find_codec(codec.name()), &codec);
  EXPECT_EQ(codec_name(codec.id()), codec.name());
}

TEST_P(EveryCodec, KeepsItsBoundsAtEveryLevel) {
  const Codec& codec = *GetParam();
  for (Level level = kMinLevel; level <= kMaxLevel; ++level) {
    EXPECT_GE(codec.max_block(level), 1U << 16);
    EXPECT_LE(codec.max_block(level), 1U << 30);
    EXPECT_LE(codec.decode_memory(codec.max_block(level), level), uint64_t{1} << 36);
  }
}

bool accepts_anything(const Codec& codec, Level level) {
  for (int number = 0; number < kSegmentTypes; ++number) {
    if (codec.accepts(static_cast<SegmentType>(number), level)) return true;
  }
  return false;
}

TEST_P(EveryCodec, RestoresWhatItEncodesOfAnyTypeAtEveryLevel) {
  const Codec& codec = *GetParam();
  CodecScratch scratch;
  for (const ByteBuffer& bytes : inputs()) {
    for (int number = 0; number < kSegmentTypes; ++number) {
      const auto type = static_cast<SegmentType>(number);
      if (type == SegmentType::kDeflated) continue;  // such segments carry a layout
      // What a type changes shows in small blocks and at one level.
      const bool thorough = type == SegmentType::kText || type == SegmentType::kBytes;
      if (!thorough && bytes.size() != 17 && bytes.size() != 4096) continue;
      for (const Level level : {1, 5, 7, 9}) {
        if ((bytes.size() > 5000 && level > 5) || (level != 5 && !thorough)) continue;
        // Codecs of the highest levels make the same of all levels below.
        if (level == 1 && !accepts_anything(codec, level) && !accepts_anything(codec, 5)) continue;
        const Segment segment{.size = bytes.size(), .type = type, .layout = {}};
        const BlockView block{.bytes = bytes, .segments = {&segment, 1}, .type = type};
        ByteBuffer payload;
        uint64_t memory = 0;
        const auto outcome = codec.encode(block, level, payload, memory, scratch.of(codec));
        ASSERT_TRUE(outcome.has_value()) << outcome.error().message;
        if (*outcome == EncodeOutcome::kDeclined) continue;
        ASSERT_LE(payload.size(), bytes.size());
        EXPECT_LE(memory, codec.decode_memory(bytes.size(), level));
        ByteBuffer raw(bytes.size());
        MemoryBudget budget(memory);
        const auto decoded = codec.decode(payload, raw, budget, scratch.of(codec));
        ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
        ASSERT_TRUE(equal(raw, bytes));

        // The same bytes again, from a scratch that has seen others and from a new one.
        if (!thorough) continue;
        CodecScratch fresh;
        ByteBuffer again;
        ASSERT_TRUE(codec.encode(block, level, again, memory, fresh.of(codec)).has_value());
        ASSERT_TRUE(equal(again, payload));
      }
    }
  }
}

TEST_P(EveryCodec, RefusesOrSurvivesArbitraryPayloads) {
  const Codec& codec = *GetParam();
  CodecScratch scratch;
  std::mt19937 random(3);
  const ByteBuffer text = test::random_text(3000, 1);
  const Segment segment{.size = text.size(), .type = SegmentType::kText, .layout = {}};
  const BlockView block{.bytes = text, .segments = {&segment, 1}, .type = SegmentType::kText};
  ByteBuffer valid;
  uint64_t memory = 0;
  const auto outcome = codec.encode(block, 5, valid, memory, scratch.of(codec));
  ASSERT_TRUE(outcome.has_value());
  // A model takes milliseconds to set up.
  const bool is_model = codec.id() == CodecId::kText || codec.id() == CodecId::kLogMix;
  const int trials = is_model ? 600 : 3000;
  int refused = 0;
  for (int trial = 0; trial < trials; ++trial) {
    ByteBuffer payload = trial % 2 == 0
                             ? test::random_bytes(random() % 200, static_cast<uint32_t>(random()))
                             : valid;
    if (trial % 2 == 1 && !payload.empty()) {
      for (int i = 0; i < 3; ++i)
        payload[random() % payload.size()] = static_cast<std::byte>(random());
      payload.resize(random() % (payload.size() + 1));
    }
    ByteBuffer raw(text.size());
    MemoryBudget budget(codec.decode_memory(text.size(), 5));
    if (!codec.decode(payload, raw, budget, scratch.of(codec))) ++refused;
  }
  EXPECT_GT(refused, trials / 3);
}

TEST_P(EveryCodec, RefusesABudgetThatIsTooSmall) {
  const Codec& codec = *GetParam();
  CodecScratch scratch;
  const ByteBuffer text = test::random_text(30000, 1);
  const Segment segment{.size = text.size(), .type = SegmentType::kText, .layout = {}};
  const BlockView block{.bytes = text, .segments = {&segment, 1}, .type = SegmentType::kText};
  ByteBuffer payload;
  uint64_t memory = 0;
  const auto outcome = codec.encode(block, 5, payload, memory, scratch.of(codec));
  ASSERT_TRUE(outcome.has_value());
  if (*outcome == EncodeOutcome::kDeclined || memory == 0) return;  // needs none for such a block
  ByteBuffer raw(text.size());
  MemoryBudget budget(memory / 2);
  EXPECT_FALSE(codec.decode(payload, raw, budget, scratch.of(codec)).has_value());
}

INSTANTIATE_TEST_SUITE_P(Registry, EveryCodec,
                         testing::ValuesIn(all_codecs().begin(), all_codecs().end()),
                         [](const auto& test) { return std::string(test.param->name()); });

TEST(Codecs, IdsAndNamesAreUnique) {
  std::set<CodecId> ids;
  std::set<std::string_view> names;
  for (const Codec* codec : all_codecs()) {
    EXPECT_TRUE(ids.insert(codec->id()).second);
    EXPECT_TRUE(names.insert(codec->name()).second);
  }
}

TEST(Select, NeverExpandsAndStoresWhatDoesNotCompress) {
  CodecScratch scratch;
  for (const ByteBuffer& bytes : inputs()) {
    const Segment segment{.size = bytes.size(), .type = SegmentType::kBytes, .layout = {}};
    const BlockView block{.bytes = bytes, .segments = {&segment, 1}, .type = SegmentType::kBytes};
    const auto encoded = encode_block(block, {}, scratch);
    ASSERT_TRUE(encoded.has_value());
    EXPECT_LE(encoded->payload.size(), bytes.size());
  }
  const ByteBuffer noise = test::random_bytes(1 << 20, 1);
  const Segment segment{.size = noise.size(), .type = SegmentType::kCompressed, .layout = {}};
  const BlockView block{
      .bytes = noise, .segments = {&segment, 1}, .type = SegmentType::kCompressed};
  for (const Level level : {1, 5, 9}) {
    const auto encoded = encode_block(block, {.level = level}, scratch);
    ASSERT_TRUE(encoded.has_value());
    EXPECT_EQ(encoded->codec, CodecId::kStored);
  }
}

}  // namespace
}  // namespace pith

// The codecs `text` and `bwt` with all that belongs to a block: transforms, packs, memory, damage.
#include "codecs/text/text_codec.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "base/byte_writer.h"
#include "codecs/bwt/bwt_codec.h"
#include "codecs/text/packs.h"
#include "codecs/text/stride.h"
#include "codecs/text/transform.h"
#include "hwy/targets.h"
#include "tests/codecs/text_samples.h"
#include "tests/support/random_data.h"

namespace pith {
namespace {

using text::PackId;
using text::Transform;

// Where the head of a `text` payload has what (docs/codecs/text.md).
constexpr size_t kShapeAt = 0;
constexpr size_t kTransformAt = 1;
constexpr size_t kPackAt = 2;
constexpr size_t kStrideAt = 3;
constexpr size_t kCodedAt = 5;

struct Encoded {
  EncodeOutcome outcome = EncodeOutcome::kDeclined;
  ByteBuffer payload;
  uint64_t memory = 0;
};

Encoded encode(const Codec& codec, ByteView raw, Level level, bool prime) {
  const Segment segment{.size = raw.size(), .type = SegmentType::kText, .layout = {}};
  const BlockView block{.bytes = raw, .segments = {&segment, 1}, .type = SegmentType::kText};
  Encoded encoded;
  const auto outcome =
      codec.encode(block, {level, prime}, encoded.payload, encoded.memory, nullptr);
  EXPECT_TRUE(outcome.has_value());
  if (outcome) encoded.outcome = *outcome;
  EXPECT_LE(encoded.memory, codec.decode_memory(raw.size(), level));
  return encoded;
}

Result<ByteBuffer> decode(const Codec& codec, ByteView payload, size_t size, uint64_t memory) {
  ByteBuffer raw(size);
  MemoryBudget budget(memory);
  PITH_TRY(codec.decode(payload, raw, budget, nullptr));
  return raw;
}

// Returns the size of the payload; that of the block if the codec declines.
size_t expect_exact(const Codec& codec, ByteView raw, Level level, bool prime) {
  const Encoded encoded = encode(codec, raw, level, prime);
  if (encoded.outcome == EncodeOutcome::kDeclined) return raw.size();
  EXPECT_LE(encoded.payload.size(), raw.size());
  const auto restored = decode(codec, encoded.payload, raw.size(), encoded.memory);
  EXPECT_TRUE(restored.has_value()) << restored.error().message;
  if (restored) {
    EXPECT_TRUE(equal(*restored, raw));
  }
  return encoded.payload.size();
}

// --- inputs of all kinds ------------------------------------------------------------------------

std::string repeated(std::string_view part, size_t size) {
  std::string text;
  while (text.size() < size) text += part;
  text.resize(size);
  return text;
}

std::string source(size_t lines) {
  std::mt19937 random(1);
  std::string text = "#include <stdio.h>\n\nint main(int argc, char** argv) {\n";
  for (size_t i = 0; i < lines; ++i) {
    const std::string name = "value" + std::to_string(random() % 20);
    text += "  if (" + name + " == " + std::to_string(random() % 100) + ") {\n    " + name +
            " += argc; /* count */\n    return run(argv[1]);\n  }\n";
  }
  return text + "  return 0;\n}\n";
}

std::string json(size_t records) {
  std::mt19937 random(2);
  std::string text = "[\n";
  for (size_t i = 0; i < records; ++i) {
    text += R"(  {"id": )" + std::to_string(i) + R"(, "name": "lamp )" +
            std::to_string(random() % 50) + R"(", "tags": ["new", "red"], "price": )" +
            std::to_string(random() % 1000) + ", \"left\": null},\n";
  }
  return text + "]\n";
}

std::string xml(size_t records) {
  std::mt19937 random(3);
  std::string text = "<?xml version=\"1.0\"?>\n<items>\n";
  for (size_t i = 0; i < records; ++i) {
    text += "  <item id=\"" + std::to_string(i) + "\"><name>part " + std::to_string(random() % 30) +
            "</name><b/></item>\n";
  }
  return text + "</items>\n";
}

// Rows of equal length.
std::string csv(size_t rows) {
  std::mt19937 random(4);
  std::string text;
  for (size_t i = 0; i < rows; ++i) {
    text += "2026-11-" + std::to_string(10 + i % 20) + ",N," +
            std::to_string(1000 + random() % 9000) + ",true\n";
  }
  return text;
}

// Binary records, of which a third is constant.
ByteBuffer table(size_t stride, size_t size) {
  ByteBuffer bytes = test::random_bytes(size, 5);
  for (size_t i = 0; i < size; ++i) {
    if (i % stride % 3 == 0) bytes[i] = static_cast<std::byte>(i % stride * 37);
  }
  return bytes;
}

// Calls of a few functions, as in machine code.
ByteBuffer machine_code(size_t calls) {
  std::mt19937 random(6);
  ByteBuffer code;
  ByteWriter writer(code);
  for (size_t i = 0; i < calls; ++i) {
    for (size_t k = 0, n = 2 + random() % 6; k < n; ++k) {
      writer.u8(static_cast<uint8_t>(0x40 + random() % 32));
    }
    writer.u8(0xE8);
    writer.u32(static_cast<uint32_t>(0x1000 + random() % 16 * 640 - (code.size() + 4)));
  }
  return code;
}

struct Input {
  std::string name;
  ByteBuffer bytes;
};

const std::vector<Input>& inputs() {
  static const std::vector<Input> all = [] {
    std::vector<Input> made;
    const auto add = [&](std::string name, ByteView bytes) {
      made.push_back({std::move(name), ByteBuffer(bytes)});
    };
    for (const size_t size : {size_t{1}, size_t{2}, size_t{5}, size_t{6}, size_t{7}, size_t{20}}) {
      add("zeros", ByteBuffer(size, std::byte{0}));
      add("high", ByteBuffer(size, std::byte{0xFF}));
      add("random", test::random_bytes(size, 1));
      add("text", test::random_text(size, 1));
    }
    for (const std::string& text : test::hand_made_texts()) {
      if (!text.empty()) add("hand-made", as_bytes(text));
    }
    ByteBuffer all_values(1024);
    for (size_t i = 0; i < 1024; ++i) all_values[i] = static_cast<std::byte>(i * 7);
    add("all values", all_values);
    add("runs", ByteBuffer(6000, std::byte{0}));
    add("runs of ones", ByteBuffer(6000, std::byte{0xFF}));
    add("line feeds", as_bytes(repeated("\n", 3000)));
    add("period 2", as_bytes(repeated("ab", 5001)));
    add("period 7", as_bytes(repeated("abc\n123", 5000)));
    add("nuls in text", as_bytes(repeated(std::string_view("name\0value\0\0", 12), 3000)));
    add("lf", as_bytes(test::filled_text(6000, 70, "\n", 8, 1)));
    add("crlf", as_bytes(test::filled_text(6000, 60, "\r\n", 8, 2)));
    add("utf-8",
        as_bytes(repeated("na\xC3\xAFve caf\xC3\xA9 \xE2\x80\x94 \xD0\x94\xD0\xB0\n", 4000)));
    add("invalid utf-8",
        as_bytes(repeated("caf\xC3 \xFF\xC0\x80 \xED\xA0\x80 the\xE2\x80\n", 4000)));
    add("mixture", as_bytes(test::random_mixture(6000, 1)));
    add("source", as_bytes(source(50)));
    add("json", as_bytes(json(50)));
    add("xml", as_bytes(xml(80)));
    add("open tags", as_bytes(repeated("<", 2000) + repeated("<a</", 2000)));
    add("csv", as_bytes(csv(200)));
    add("table", table(20, 8000));
    add("code", machine_code(600));
    add("random", test::random_bytes(5000, 2));
    return made;
  }();
  return all;
}

const ByteBuffer& input(std::string_view name) {
  for (const Input& one : inputs()) {
    if (one.name == name) return one.bytes;
  }
  ADD_FAILURE() << name;
  return inputs()[0].bytes;
}

// --- round trips --------------------------------------------------------------------------------

class TextCodecLevels : public testing::TestWithParam<Level> {};
INSTANTIATE_TEST_SUITE_P(Levels, TextCodecLevels, testing::Values(7, 8, 9));

TEST_P(TextCodecLevels, RestoreEveryInput) {
  for (const Input& one : inputs()) {
    SCOPED_TRACE(one.name);
    expect_exact(text_codec(), one.bytes, GetParam(), false);
  }
}

TEST_P(TextCodecLevels, AreNotMadeWorseByPriming) {
  const ByteView raw = ByteView(input("json")).first(1000);
  EXPECT_LE(expect_exact(text_codec(), raw, GetParam(), true),
            encode(text_codec(), raw, GetParam(), false).payload.size());
}

// One block for each pack that is guessed at all.
TEST(TextCodec, RestoresBlocksWithPriming) {
  std::set<PackId> primed = {PackId::kNone};
  for (const Input& one : inputs()) {
    if (one.bytes.size() < 500 || !primed.insert(text::guess_pack(one.bytes)).second) continue;
    SCOPED_TRACE(one.name);
    const size_t size = expect_exact(text_codec(), one.bytes, 7, true);
    EXPECT_LE(size, expect_exact(text_codec(), one.bytes, 7, false));
  }
  EXPECT_GE(primed.size(), 5U);
}

TEST(TextCodec, BeginsSmallBlocksWithAPack) {
  for (const auto& [name, pack] :
       {std::pair{"source", PackId::kSource}, std::pair{"json", PackId::kJson}}) {
    const ByteView raw = ByteView(input(name)).first(600);
    const Encoded primed = encode(text_codec(), raw, 7, true);
    const Encoded plain = encode(text_codec(), raw, 7, false);
    ASSERT_EQ(primed.outcome, EncodeOutcome::kEncoded);
    ASSERT_EQ(plain.outcome, EncodeOutcome::kEncoded);
    EXPECT_EQ(primed.payload[kPackAt], static_cast<std::byte>(pack)) << name;
    EXPECT_EQ(plain.payload[kPackAt], static_cast<std::byte>(PackId::kNone)) << name;
    EXPECT_LT(primed.payload.size(), plain.payload.size() * 9 / 10) << name;
    EXPECT_GT(primed.memory, plain.memory);
  }
}

TEST(TextCodec, TakesTheTransformThatTheBytesCallFor) {
  const auto transform = [](const Encoded& encoded) {
    return static_cast<Transform>(encoded.payload[kTransformAt]);
  };
  EXPECT_EQ(transform(encode(text_codec(), machine_code(3000), 7, false)), Transform::kX86);
  EXPECT_EQ(transform(encode(text_codec(), as_bytes(test::random_mixture(50000, 1)), 7, false)),
            Transform::kWords);
  EXPECT_EQ(transform(encode(text_codec(), input("period 2"), 7, false)), Transform::kNone);
  const Transform filled =
      transform(encode(text_codec(), as_bytes(test::filled_text(50000, 70, "\n", 0, 1)), 7, false));
  EXPECT_TRUE(filled == Transform::kLines || filled == Transform::kLinesWords);
}

TEST(TextCodec, FindsTheRecordLength) {
  const Encoded encoded = encode(text_codec(), table(20, 20000), 7, false);
  ASSERT_EQ(encoded.outcome, EncodeOutcome::kEncoded);
  EXPECT_EQ(encoded.payload[kStrideAt], std::byte{20});
  EXPECT_EQ(encoded.payload[kStrideAt + 1], std::byte{0});
}

TEST(TextCodec, GetsSmallerWithTheLevel) {
  const ByteBuffer& raw = input("xml");
  size_t last = raw.size();
  for (const Level level : {7, 8, 9}) {
    const size_t size = encode(text_codec(), raw, level, false).payload.size();
    EXPECT_LE(size, last + last / 20);
    last = size;
  }
  EXPECT_LT(last, raw.size() / 5);
}

TEST(TextCodec, DeclinesNoise) {
  for (const size_t size : {size_t{1}, size_t{100}, size_t{5000}}) {
    const Encoded encoded = encode(text_codec(), test::random_bytes(size, 3), 7, true);
    EXPECT_EQ(encoded.outcome, EncodeOutcome::kDeclined);
  }
}

TEST(TextCodec, ExpectsWhatItDoes) {
  for (const char* name : {"json", "mixture", "random", "runs"}) {
    const ByteBuffer& raw = input(name);
    const BlockView sample{.bytes = raw, .segments = {}, .type = SegmentType::kText};
    const auto expected = text_codec().estimate(sample, 7, nullptr);
    ASSERT_TRUE(expected.has_value());
    EXPECT_LE(*expected, raw.size());
    const size_t size = expect_exact(text_codec(), raw, 7, false);
    EXPECT_NEAR(static_cast<double>(*expected), static_cast<double>(size),
                0.1 * static_cast<double>(raw.size()));
  }
}

TEST(BwtCodec, RestoresEveryInputThroughItsTransforms) {
  for (const Input& one : inputs()) {
    SCOPED_TRACE(one.name);
    for (const Level level : {4, 5, 6}) expect_exact(bwt_codec(), one.bytes, level, true);
  }
  for (const ByteBuffer& raw :
       {machine_code(8000), ByteBuffer(as_bytes(test::random_mixture(100000, 2))),
        ByteBuffer(as_bytes(test::filled_text(100000, 70, "\r\n", 4, 3)))}) {
    for (const Level level : {4, 6}) {
      const Encoded encoded = encode(bwt_codec(), raw, level, true);
      ASSERT_EQ(encoded.outcome, EncodeOutcome::kEncoded);
      EXPECT_NE(encoded.payload[0], static_cast<std::byte>(Transform::kNone));
      expect_exact(bwt_codec(), raw, level, true);
    }
  }
}

// --- memory -------------------------------------------------------------------------------------

TEST_P(TextCodecLevels, DeclareTheirMemoryExactly) {
  for (const char* name : {"period 2", "mixture", "code", "lf"}) {
    if (GetParam() > 7 && name != std::string("mixture")) continue;
    SCOPED_TRACE(name);
    const ByteBuffer& raw = input(name);
    const Encoded encoded = encode(text_codec(), raw, GetParam(), false);
    ASSERT_EQ(encoded.outcome, EncodeOutcome::kEncoded);
    EXPECT_TRUE(decode(text_codec(), encoded.payload, raw.size(), encoded.memory).has_value());
    for (const uint64_t memory :
         {uint64_t{0}, uint64_t{1000}, encoded.memory / 2, encoded.memory - 1}) {
      const auto restored = decode(text_codec(), encoded.payload, raw.size(), memory);
      ASSERT_FALSE(restored.has_value()) << memory << " of " << encoded.memory;
      EXPECT_EQ(restored.error().code, ErrorCode::kDamaged);
    }
  }
}

TEST(TextCodec, DeclaresTheMemoryOfAPack) {
  const ByteView raw = ByteView(input("json")).first(600);
  const Encoded encoded = encode(text_codec(), raw, 7, true);
  ASSERT_NE(encoded.payload[kPackAt], std::byte{0});
  EXPECT_TRUE(decode(text_codec(), encoded.payload, raw.size(), encoded.memory).has_value());
  for (const uint64_t memory : {uint64_t{0}, encoded.memory / 2, encoded.memory - 1}) {
    const auto restored = decode(text_codec(), encoded.payload, raw.size(), memory);
    ASSERT_FALSE(restored.has_value());
    EXPECT_EQ(restored.error().code, ErrorCode::kDamaged);
  }
}

TEST(TextCodec, MemoryRisesWithTheBlockUpToItsLimit) {
  for (const Level level : {7, 8, 9}) {
    uint64_t last = 0;
    for (size_t size = 1; size <= text_codec().max_block(level); size *= 4) {
      const uint64_t memory = text_codec().decode_memory(size, level);
      EXPECT_GE(memory, last);
      EXPECT_GE(text_codec().encode_memory(size, level), memory);
      last = memory;
    }
  }
}

// --- damage -------------------------------------------------------------------------------------

// A payload that is wrong is refused, or gives bytes of the right number: the checksum of the frame
// tells. `memory` is what its frame would have declared. True if it was not refused.
bool expect_survives(const Codec& codec, ByteView payload, size_t size, uint64_t memory) {
  const auto restored = decode(codec, payload, size, memory);
  if (restored) {
    EXPECT_EQ(restored->size(), size);
  } else {
    EXPECT_TRUE(restored.error().code == ErrorCode::kDamaged ||
                restored.error().code == ErrorCode::kUnsupported)
        << restored.error().message;
  }
  return restored.has_value();
}

// A short payload for each transform.
std::vector<Input> damage_inputs() {
  return {{"none", ByteBuffer(as_bytes(repeated("abc\n123", 400)))},
          {"words", ByteBuffer(as_bytes(test::random_mixture(1500, 4)))},
          {"x86", machine_code(150)},
          {"lines", ByteBuffer(as_bytes(test::filled_text(1500, 60, "\n", 0, 4)))}};
}

TEST_P(TextCodecLevels, SurviveEveryTruncation) {
  const Level level = GetParam();
  for (const Input& one : damage_inputs()) {
    SCOPED_TRACE(one.name);
    const Encoded encoded = encode(text_codec(), one.bytes, level, false);
    ASSERT_EQ(encoded.outcome, EncodeOutcome::kEncoded);
    const size_t size = encoded.payload.size();
    // The head, its end and the end at every length; some of those between.
    size_t cuts = 0;
    size_t refused = 0;
    const size_t stride = level == 7 ? 1 + size / 60 : 1 + size / 12;
    for (size_t cut = 0; cut < size; cut += cut < 16 || cut + 8 >= size ? 1 : stride) {
      const ByteView payload = ByteView(encoded.payload).first(cut);
      ++cuts;
      if (!expect_survives(text_codec(), payload, one.bytes.size(), encoded.memory)) ++refused;
    }
    // What is missing reads as zeros; a model that has learnt these takes them for long runs.
    EXPECT_GE(refused * 10, cuts * 7);
  }
}

TEST_P(TextCodecLevels, SurviveDamage) {
  std::mt19937 random(8);
  const Level level = GetParam();
  for (const Input& one : damage_inputs()) {
    SCOPED_TRACE(one.name);
    const Encoded encoded = encode(text_codec(), one.bytes, level, false);
    ASSERT_EQ(encoded.outcome, EncodeOutcome::kEncoded);
    for (int trial = 0; trial < (level == 7 ? 40 : 8); ++trial) {
      ByteBuffer damaged = encoded.payload;
      for (size_t flips = 1 + random() % 4; flips > 0; --flips) {
        // Half of them in the head of the payload and of the transform.
        const size_t range =
            random() % 2 == 0 ? std::min<size_t>(40, damaged.size()) : damaged.size();
        damaged[random() % range] ^= static_cast<std::byte>(1 + random() % 255);
      }
      // No pack: reading one takes long, and a pack that is not meant harms nothing.
      damaged[kPackAt] = std::byte{0};
      expect_survives(text_codec(), damaged, one.bytes.size(), encoded.memory);
    }
  }
}

TEST(TextCodec, RefusesAPayloadWithATail) {
  Encoded encoded = encode(text_codec(), input("json"), 7, false);
  encoded.payload.append(ByteBuffer(6, std::byte{1}));
  const auto restored = decode(text_codec(), encoded.payload, input("json").size(), encoded.memory);
  ASSERT_FALSE(restored.has_value());
  EXPECT_EQ(restored.error().code, ErrorCode::kDamaged);
}

TEST(TextCodec, RefusesHeadsThatNoEncoderWrites) {
  const ByteBuffer words(as_bytes(test::random_mixture(3000, 5)));
  const Encoded encoded = encode(text_codec(), words, 7, false);
  ASSERT_EQ(static_cast<Transform>(encoded.payload[kTransformAt]), Transform::kWords);
  const auto error = [&](size_t at, std::initializer_list<int> values) {
    ByteBuffer forged = encoded.payload;
    for (const int value : values) forged[at++] = static_cast<std::byte>(value);
    const auto restored =
        decode(text_codec(), forged, words.size(), text_codec().decode_memory(words.size(), 9));
    EXPECT_FALSE(restored.has_value());
    return restored ? ErrorCode::kUsage : restored.error().code;
  };
  for (const int shape : {0, 1, 6, 10, 255}) {
    EXPECT_EQ(error(kShapeAt, {shape}), ErrorCode::kDamaged) << shape;
  }
  for (const int transform : {5, 6, 100, 255}) {
    EXPECT_EQ(error(kTransformAt, {transform}), ErrorCode::kDamaged) << transform;
  }
  const auto packs = static_cast<int>(text::all_packs().size());
  for (const int pack : {packs + 1, 100, 255}) {
    EXPECT_EQ(error(kPackAt, {pack}), ErrorCode::kUnsupported) << pack;
  }
  const auto stride = static_cast<int>(text::kMaxStride) + 1;
  EXPECT_EQ(error(kStrideAt, {stride & 255, stride >> 8}), ErrorCode::kDamaged);
  EXPECT_EQ(error(kStrideAt, {255, 255}), ErrorCode::kDamaged);
  EXPECT_EQ(error(kCodedAt, {255, 255, 255, 255}), ErrorCode::kDamaged);      // coded bytes
  EXPECT_EQ(error(kCodedAt, {0, 0, 0, 0}), ErrorCode::kDamaged);              // fewer than the body
  EXPECT_EQ(error(kCodedAt + 4, {255, 255, 255, 255}), ErrorCode::kDamaged);  // body
  EXPECT_EQ(error(kCodedAt + 4, {0, 0, 0, 0}), ErrorCode::kDamaged);          // no words in it
}

TEST(TextCodec, RefusesAnotherSizeOfTheBlock) {
  const ByteBuffer& raw = input("mixture");
  const Encoded encoded = encode(text_codec(), raw, 7, false);
  ASSERT_NE(static_cast<Transform>(encoded.payload[kTransformAt]), Transform::kNone);
  for (const size_t size : {size_t{0}, size_t{1}, raw.size() - 1, raw.size() + 1}) {
    EXPECT_FALSE(decode(text_codec(), encoded.payload, size, encoded.memory).has_value()) << size;
  }
}

TEST(BwtCodec, SurvivesDamageThroughItsTransforms) {
  std::mt19937 random(9);
  for (const Input& one : damage_inputs()) {
    SCOPED_TRACE(one.name);
    const Encoded encoded = encode(bwt_codec(), one.bytes, 5, true);
    ASSERT_EQ(encoded.outcome, EncodeOutcome::kEncoded);
    for (size_t cut = 0; cut < encoded.payload.size(); ++cut) {
      expect_survives(bwt_codec(), ByteView(encoded.payload).first(cut), one.bytes.size(),
                      encoded.memory);
    }
    for (int trial = 0; trial < 300; ++trial) {
      ByteBuffer damaged = encoded.payload;
      damaged[random() % damaged.size()] ^= static_cast<std::byte>(1 + random() % 255);
      if (trial % 3 == 0) damaged[random() % 8] = static_cast<std::byte>(random());
      expect_survives(bwt_codec(), damaged, one.bytes.size(), encoded.memory);
    }
  }
}

// --- processors ---------------------------------------------------------------------------------

// Lets Highway choose among `targets` only; among all for 0.
void choose_target(int64_t targets) {
  hwy::SetSupportedTargetsForTest(targets);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

// The targets of this processor that the codec has a kernel for, and the baseline.
std::vector<int64_t> targets() {
  choose_target(0);
  std::vector<int64_t> found;
  for (const int64_t target : {HWY_EMU128, HWY_SSE4, HWY_AVX2}) {
    if ((hwy::SupportedTargets() & target) != 0) found.push_back(target);
  }
  return found;
}

TEST_P(TextCodecLevels, GiveTheSameBytesOnEveryProcessor) {
  const Level level = GetParam();
  ByteBuffer raw(ByteView(input("xml")).first(1500));
  raw.append(machine_code(30));
  ByteBuffer first;
  for (const int64_t writer : targets()) {
    choose_target(writer);
    const Encoded encoded = encode(text_codec(), raw, level, false);
    ASSERT_EQ(encoded.outcome, EncodeOutcome::kEncoded);
    if (first.empty()) first = encoded.payload;
    EXPECT_TRUE(equal(encoded.payload, first)) << hwy::TargetName(writer);
    for (const int64_t reader : targets()) {
      if (reader == writer) continue;
      choose_target(reader);
      const auto restored = decode(text_codec(), encoded.payload, raw.size(), encoded.memory);
      ASSERT_TRUE(restored.has_value());
      EXPECT_TRUE(equal(*restored, raw))
          << hwy::TargetName(writer) << " to " << hwy::TargetName(reader);
    }
  }
  choose_target(0);
}

TEST(TextCodec, IsPrimedAlikeOnEveryProcessor) {
  const ByteView raw = ByteView(input("json")).first(600);
  ByteBuffer first;
  for (const int64_t target : targets()) {
    choose_target(target);
    const Encoded encoded = encode(text_codec(), raw, 7, true);
    EXPECT_NE(encoded.payload[kPackAt], std::byte{0});
    if (first.empty()) first = encoded.payload;
    EXPECT_TRUE(equal(encoded.payload, first)) << hwy::TargetName(target);
  }
  choose_target(0);
}

}  // namespace
}  // namespace pith

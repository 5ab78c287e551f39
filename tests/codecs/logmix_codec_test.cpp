// The context-mixing codec of logs: whatever the lines are, they come back exactly, on every
// processor; damage is found or does no harm.
#include "codecs/logmix/logmix_codec.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/logmix/digit_offset.h"
#include "codecs/registry.h"
#include "codecs/select.h"
#include "hwy/targets.h"
#include "tests/support/random_data.h"

namespace pith {
namespace {

struct Encoded {
  EncodeOutcome outcome = EncodeOutcome::kDeclined;
  ByteBuffer payload;
  uint64_t memory = 0;
};

Encoded encode(const Codec& codec, ByteView raw, Level level) {
  const Segment segment{.size = raw.size(), .type = SegmentType::kLog, .layout = {}};
  const BlockView block{.bytes = raw, .segments = {&segment, 1}, .type = SegmentType::kLog};
  Encoded encoded;
  CodecScratch scratch;
  const auto outcome =
      codec.encode(block, level, encoded.payload, encoded.memory, scratch.of(codec));
  EXPECT_TRUE(outcome.has_value());
  encoded.outcome = *outcome;
  return encoded;
}

Result<ByteBuffer> decode(ByteView payload, size_t size, uint64_t memory) {
  ByteBuffer raw(size);
  MemoryBudget budget(memory);
  PITH_TRY(logmix_codec().decode(payload, raw, budget, nullptr));
  return raw;
}

void expect_restored(const std::string& text) {
  for (const Level level : {7, 8, 9}) {
    const Encoded encoded = encode(logmix_codec(), as_bytes(text), level);
    ASSERT_EQ(encoded.outcome, EncodeOutcome::kEncoded);
    const auto raw = decode(encoded.payload, text.size(), encoded.memory);
    ASSERT_TRUE(raw.has_value()) << raw.error().message;
    ASSERT_TRUE(equal(*raw, as_bytes(text))) << "level " << level;
  }
}

// A log as programs write it: `lines` lines of a few templates.
std::string service_log(size_t lines, uint32_t seed, const char* end = "\n") {
  std::mt19937 random(seed);
  std::string text;
  unsigned now = 40000;
  for (size_t i = 0; i < lines; ++i) {
    now += static_cast<unsigned>(random() % 3);
    char time[40];
    snprintf(time, sizeof(time), "Jun %2u %02u:%02u:%02u host ",
             static_cast<unsigned>(1 + i * 20 / lines), now / 3600 % 24, now / 60 % 60, now % 60);
    text += time;
    if (random() % 3 != 0) {
      text += "sshd[" + std::to_string(2000 + random() % 300) +
              "]: Failed password for root from 10.0." + std::to_string(random() % 4) + "." +
              std::to_string(random() % 200) + " port " + std::to_string(random() % 60000) +
              " ssh2";
    } else {
      text += "kernel: [" + std::to_string(i * 17) + "] eth0: link is up, 1000 Mbps";
    }
    text += end;
  }
  return text;
}

std::string repeated(const std::string& line, size_t times) {
  std::string text;
  for (size_t i = 0; i < times; ++i) text += line;
  return text;
}

TEST(LogMix, RestoresHostileLines) {
  expect_restored(service_log(400, 1));
  expect_restored(service_log(300, 2, "\r\n"));
  expect_restored(service_log(100, 3) + "no line feed at the end");
  expect_restored(std::string(5000, '\n'));
  expect_restored(std::string(5000, '\0'));
  expect_restored(std::string(40000, '7'));
  expect_restored(std::string(40000, 'x') + "\n" + service_log(20, 4));
  expect_restored(service_log(50, 5) + repeated(std::string("\x00\xFF\x80\n", 4), 500) +
                  service_log(50, 6));
  expect_restored(repeated("{\"ts\":1528302123.000001,\"id\":\"C1\",\"n\":null}\n", 200));
}

TEST(LogMix, RestoresNumbersThatNothingCanFollow) {
  std::string text;
  for (const char* number :
       {"0", "00", "09", "10", "99", "100", "999999999999999999", "9999999999999999999",
        "18446744073709551615", "18446744073709551616", "000000000000000000", "1000000000000000000",
        "1", "0001", "", "-1", "5a", "a5"}) {
    for (const char* other : {"0", "999999999999999999", "7", "123456789012345678901234567890"}) {
      text += std::string("at ") + number + " of " + other + "\n";
    }
  }
  expect_restored(repeated(text, 3));
}

TEST(LogMix, RestoresALongForeseenLineThatBreaksOff) {
  const std::string line = service_log(8, 9);
  std::string text = repeated(line, 30);
  for (size_t i = 700; i < text.size(); i += 611) text[i] = static_cast<char>(text[i] ^ 1);
  expect_restored(text);
}

TEST(LogMix, GivesNoLargerPayloadAtAHigherLevel) {
  const std::string text = service_log(1500, 10);
  size_t least = text.size();
  for (const Level level : {7, 8, 9}) {
    const size_t size = encode(logmix_codec(), as_bytes(text), level).payload.size();
    EXPECT_LE(size, least) << level;
    least = size;
  }
  EXPECT_LT(least * 10, text.size());
}

TEST(LogMix, CodesTimesByTheirDifferences) {
  // Two bits of time and one of a word in each line; carries run through up to six digits.
  constexpr int kLines = 4000;
  std::mt19937 random(12);
  unsigned now = 913418;
  std::string text;
  for (int i = 0; i < kLines; ++i) {
    now += 1 + static_cast<unsigned>(random() % 4);
    char line[40];
    snprintf(line, sizeof(line), "1521911781.%06u %s ok\n", now % 1000000,
             random() % 2 == 0 ? "query" : "reply");
    text += line;
  }
  constexpr size_t kEntropy = kLines * 3 / 8;
  const Encoded encoded = encode(logmix_codec(), as_bytes(text), 9);
  EXPECT_LT(encoded.payload.size(), kEntropy * 13 / 10);
}

TEST(LogMix, SeesHowFarDigitsAreFromThoseAbove) {
  const auto offset = [](std::string_view digits, std::string_view above) {
    logmix::DigitOffset seen;
    seen.begin();
    for (size_t i = 0; i < digits.size(); ++i) {
      seen.follow(static_cast<unsigned char>(digits[i]),
                  i < above.size() ? 256U | static_cast<unsigned char>(above[i]) : 0);
    }
    return seen;
  };
  EXPECT_EQ(offset("", "").bucket(), 3U);
  EXPECT_EQ(offset("0913418", "0913418").bucket(), 3U);
  EXPECT_EQ(offset("092", "0919").bucket(), 4U);
  EXPECT_EQ(offset("0920", "0919").fine(), 10U);
  EXPECT_EQ(offset("0899", "0919").bucket(), 1U);
  EXPECT_EQ(offset("0899", "0919").fine(), 0U);
  EXPECT_EQ(offset("9999999999999999999999999", "0000000000000000000000000").bucket(), 5U);
  EXPECT_FALSE(offset("09x", "091").alike());
  EXPECT_FALSE(offset("091", "09:").alike());
  EXPECT_FALSE(offset("0919", "091").alike());
  EXPECT_EQ(offset("09x1", "0911").bucket(), 0U);
}

TEST(LogMix, IsChosenForLogs) {
  // Words that depend on each other, which columns know nothing of.
  std::mt19937 random(11);
  std::string text;
  for (int i = 0; i < 1500; ++i) {
    const auto node = std::to_string(random() % 7);
    text += "Jun  9 06:06:20 node" + node + " daemon: rack r" + node + node + " of row " + node +
            "x is up, so is node" + node + "\n";
  }
  const Segment segment{.size = text.size(), .type = SegmentType::kLog, .layout = {}};
  const BlockView block{
      .bytes = as_bytes(text), .segments = {&segment, 1}, .type = SegmentType::kLog};
  CodecScratch scratch;
  SelectOptions options;
  options.level = 9;
  const auto encoded = encode_block(block, options, scratch, {});
  ASSERT_TRUE(encoded.has_value());
  EXPECT_EQ(encoded->codec, CodecId::kLogMix);
}

TEST(LogMix, RefusesWrongSizesAndCutPayloads) {
  const std::string text = service_log(60, 12);
  const Encoded encoded = encode(logmix_codec(), as_bytes(text), 7);
  EXPECT_FALSE(decode(encoded.payload, text.size() * 2, encoded.memory * 4).has_value());
  EXPECT_FALSE(decode(encoded.payload, text.size() / 2, encoded.memory).has_value());
  EXPECT_FALSE(decode(ByteView(encoded.payload).first(0), text.size(), encoded.memory));
  EXPECT_FALSE(decode(ByteView(encoded.payload).first(encoded.payload.size() / 2), text.size(),
                      encoded.memory));
  ByteBuffer longer = encoded.payload;
  for (int i = 0; i < 5; ++i) longer.push_back(std::byte{1});
  EXPECT_FALSE(decode(longer, text.size(), encoded.memory).has_value());
  for (const unsigned shape : {0U, 6U, 10U, 255U}) {
    ByteBuffer damaged = encoded.payload;
    damaged[0] = static_cast<std::byte>(shape);
    EXPECT_FALSE(decode(damaged, text.size(), encoded.memory).has_value()) << shape;
  }
}

TEST(LogMix, TakesTheMemoryThatItDeclares) {
  const std::string text = service_log(60, 13);
  for (const Level level : {7, 8, 9}) {
    const Encoded encoded = encode(logmix_codec(), as_bytes(text), level);
    EXPECT_LE(encoded.memory, logmix_codec().decode_memory(text.size(), level));
    EXPECT_TRUE(decode(encoded.payload, text.size(), encoded.memory).has_value());
    EXPECT_FALSE(decode(encoded.payload, text.size(), encoded.memory - 1).has_value());
    const size_t most = logmix_codec().max_block(level);
    EXPECT_LE(logmix_codec().decode_memory(most, level), uint64_t{256} << 20);
  }
}

TEST(LogMix, SurvivesDamage) {
  const std::string text = service_log(40, 14);
  const Encoded encoded = encode(logmix_codec(), as_bytes(text), 8);
  std::mt19937 random(15);
  size_t wrong = 0;
  for (int trial = 0; trial < 60; ++trial) {
    ByteBuffer damaged = encoded.payload;
    const size_t at = random() % damaged.size();
    damaged[at] = damaged[at] ^ static_cast<std::byte>(1 + random() % 255);
    const auto raw = decode(damaged, text.size(), encoded.memory);
    wrong += !raw || !equal(*raw, as_bytes(text));
  }
  EXPECT_GE(wrong, 58U);
}

// Lets Highway choose among `targets` only; among all for 0.
void choose_target(int64_t targets) {
  hwy::SetSupportedTargetsForTest(targets);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

TEST(LogMix, GivesTheSameBytesOnEveryProcessor) {
  choose_target(0);
  const int64_t supported = hwy::SupportedTargets();
  const std::string text = service_log(80, 16);
  for (const Level level : {7, 8, 9}) {
    choose_target(0);
    const Encoded first = encode(logmix_codec(), as_bytes(text), level);
    for (const int64_t target : {HWY_EMU128, HWY_SSE4, HWY_AVX2}) {
      if ((supported & target) == 0) continue;
      choose_target(target);
      const Encoded other = encode(logmix_codec(), as_bytes(text), level);
      EXPECT_TRUE(equal(other.payload, first.payload)) << hwy::TargetName(target);
      const auto raw = decode(first.payload, text.size(), first.memory);
      ASSERT_TRUE(raw.has_value());
      EXPECT_TRUE(equal(*raw, as_bytes(text))) << hwy::TargetName(target);
    }
  }
  choose_target(0);
}

}  // namespace
}  // namespace pith

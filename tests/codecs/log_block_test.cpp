// Blocks of log text: whatever the lines are, they come back exactly.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "codecs/log/block.h"
#include "codecs/log/describe.h"
#include "codecs/log/log_codec.h"
#include "codecs/registry.h"
#include "tests/support/random_data.h"

namespace pith::log {
namespace {

ByteBuffer encode(const std::string& text, Level level) {
  ByteBuffer payload;
  const auto space = make_workspace();
  EXPECT_TRUE(encode_block(as_bytes(text), level, *space, payload).has_value());
  return payload;
}

std::string decode(ByteView payload, size_t size) {
  const auto space = make_workspace();
  std::string text(size, '?');
  MemoryBudget budget(uint64_t{1} << 40);
  const auto decoded = decode_block(
      payload, {reinterpret_cast<std::byte*>(text.data()), text.size()}, budget, *space);
  EXPECT_TRUE(decoded.has_value());
  return text;
}

void expect_restored(const std::string& text) {
  for (const Level level : {1, 5, 6}) {
    const ByteBuffer payload = encode(text, level);
    ASSERT_EQ(decode(payload, text.size()), text) << "level " << level;
  }
}

// A log as programs write it: `lines` lines of a few templates.
std::string service_log(size_t lines, uint32_t seed) {
  std::mt19937 random(seed);
  std::string text;
  uint64_t now = 40000;
  for (size_t i = 0; i < lines; ++i) {
    now += random() % 3;
    char time[32];
    snprintf(time, sizeof(time), "Jun %2u %02u:%02u:%02u",
             static_cast<unsigned>(1 + i * 20 / lines), static_cast<unsigned>(now / 3600 % 24),
             static_cast<unsigned>(now / 60 % 60), static_cast<unsigned>(now % 60));
    const std::string pid = std::to_string(2000 + random() % 300);
    const std::string address =
        "10.0." + std::to_string(random() % 4) + "." + std::to_string(random() % 200);
    text += time;
    switch (random() % 4) {
      case 0:
        text += " host sshd[" + pid + "]: Failed password for root from " + address + " port " +
                std::to_string(random() % 60000) + " ssh2";
        break;
      case 1:
        text += " host sshd[" + pid + "]: session opened for user news by (uid=0)";
        break;
      case 2:
        text += " host kernel: [" + std::to_string(i * 3) + ".00" + std::to_string(random() % 10) +
                "] eth0: link up";
        break;
      default:
        text += "\n  at Worker.run(Worker.java:" + std::to_string(random() % 90) + ")";
    }
    text += '\n';
  }
  return text;
}

TEST(LogBlock, RestoresALogAndMakesItSmall) {
  const std::string text = service_log(5000, 1);
  expect_restored(text);
  EXPECT_LT(encode(text, 5).size() * 10, text.size());
}

TEST(LogBlock, RestoresLineEndsOfEveryKind) {
  for (const std::string& text : std::vector<std::string>{
           "\n", "\n\n\n\n", "a", "a\n", "a\nb", "\na", "a\r\nb\r\n", "a\r\nb\nc\r\n", "\r\n\r\n\r",
           "a\n\nb\n", std::string(70000, '\n'), " ", "  \n \n", "\r", "=\n=\n"}) {
    expect_restored(text);
  }
  std::string mixed = service_log(200, 2);
  for (size_t at = 0, i = 0; (at = mixed.find('\n', at)) != mixed.npos; at += 2, ++i) {
    if (i % 3 == 0) mixed.insert(at, "\r");
  }
  expect_restored(mixed);
  expect_restored(mixed.substr(0, mixed.size() - 1));
  expect_restored(mixed.substr(7));
}

TEST(LogBlock, RestoresBytesThatMeanSomethingToTheFormat) {
  std::string text;
  for (int i = 0; i < 300; ++i) {
    text += std::string("a\x01") + "b " + std::to_string(i) + " \x02\x03 \x01\x01 " +
            std::string(1, '\0') + "x\x03y <*> \x11\n";
  }
  expect_restored(text);
  std::string words;
  for (int i = 0; i < 300; ++i) {
    words += std::string("v\x01") + std::to_string(i) + " \x03" + std::to_string(i * 7) + "\x01\n";
  }
  expect_restored(words);
}

TEST(LogBlock, RestoresWhatIsNotText) {
  for (const size_t size : {1, 10, 1000, 50000}) {
    const ByteBuffer noise = test::random_bytes(size, static_cast<uint32_t>(size));
    expect_restored(std::string(as_text(noise)));
    const ByteBuffer letters = test::random_text(size, static_cast<uint32_t>(size));
    expect_restored(std::string(as_text(letters)));
    expect_restored(std::string(size, '\0'));
    expect_restored(std::string(size, '\xFF'));
  }
  std::string broken;
  for (int i = 0; i < 500; ++i) {
    broken += "12:00:0" + std::to_string(i % 10) + " caf\xC3 \xE9t\xE9 " + std::to_string(i) + "\n";
  }
  expect_restored(broken);
}

TEST(LogBlock, RestoresLongLines) {
  std::string text = service_log(50, 3);
  text += std::string(200000, 'x') + "\n";
  text += service_log(50, 4);
  for (int i = 0; i < 70000; ++i) text += std::to_string(i) + " ";  // many tokens in one line
  text += "\n" + service_log(50, 5);
  expect_restored(text);
}

TEST(LogBlock, RestoresMoreTemplatesThanThereMayBe) {
  std::string text;
  std::mt19937 random(6);
  for (int i = 0; i < 100000; ++i) {
    // Delimiters tell shapes apart: 17 of them, each one of two, spell the line's number.
    for (int bit = 0; bit < 17; ++bit) {
      text += 'a';
      text += (i >> bit & 1) != 0 ? ',' : ';';
    }
    text += std::to_string(random() % 1000) + "\n";
  }
  const ByteBuffer payload = encode(text, 1);
  EXPECT_EQ(decode(payload, text.size()), text);
  const auto described = describe(payload, text.size());
  ASSERT_TRUE(described.has_value());
  EXPECT_EQ(described->templates.size(), kMaxTemplates);
}

TEST(LogBlock, RestoresNumbersOfEveryKind) {
  static const char* const kOdd[] = {"+5",
                                     "-5",
                                     "-0",
                                     "007",
                                     "0",
                                     "00",
                                     "1e5",
                                     "0x1F",
                                     "0X1f",
                                     "deadBEEF",
                                     "DEADbeef",
                                     "99999999999999999999",
                                     "18446744073709551615",
                                     "18446744073709551616",
                                     "9223372036854775808",
                                     "-9223372036854775808",
                                     "9999999999999999999",
                                     "1.50",
                                     "1.5",
                                     "01.5",
                                     "1.",
                                     ".5",
                                     "24:00:00",
                                     "23:59:60",
                                     "12:00:00.123",
                                     "12:00:00,123",
                                     "99:00:00",
                                     "2026-02-30",
                                     "1:2:3"};
  std::mt19937 random(7);
  std::string text;
  for (int i = 0; i < 4000; ++i) {
    text += "v=" + std::to_string(i) + " w=" + kOdd[random() % std::size(kOdd)] +
            " x=" + kOdd[i / 200 % std::size(kOdd)] + "\n";
  }
  expect_restored(text);
  for (const char* odd : kOdd) {
    std::string column;
    for (int i = 0; i < 40; ++i) {
      column += "id " + std::to_string(i * i) +
                " value=" + (i % 13 == 5 ? odd : std::to_string(i)) + "\n";
    }
    expect_restored(column);
    std::string all;
    for (int i = 0; i < 40; ++i) all += std::to_string(i % 3) + " " + odd + "\n";
    expect_restored(all);
  }
}

TEST(LogBlock, RestoresTimesThatRunBackwards) {
  std::string text;
  for (int i = 0; i < 3000; ++i) {
    const int second = 86399 - i * 17 % 86400;
    char line[80];
    snprintf(line, sizeof(line), "2026-02-%02d %02d:%02d:%02d.%03d INFO tick %d\n", 1 + i / 100,
             second / 3600, second / 60 % 60, second % 60, i * 7 % 1000, second);
    text += line;
  }
  expect_restored(text);
}

TEST(LogBlock, LinksColumnsThatFollowFromOthers) {
  std::mt19937 random(8);
  std::string linked;
  std::string free;
  for (int i = 0; i < 6000; ++i) {
    const uint64_t session = random() % 500;
    const uint64_t port = session * 7919 % 60000 + 1024;
    const uint64_t other = random() % 60000 + 1024;
    const std::string head = "s" + std::to_string(session * 104729 % 99991) + "\tok\t";
    linked += head + std::to_string(port) + "\n";
    free += head + std::to_string(i % 2 == 0 ? port : other) + "\n";
  }
  expect_restored(linked);
  const auto described = describe(encode(linked, 5), linked.size());
  ASSERT_TRUE(described.has_value());
  EXPECT_TRUE(std::any_of(described->columns.begin(), described->columns.end(),
                          [](const ColumnCost& column) { return column.linked; }));
  EXPECT_LT(encode(linked, 5).size() * 5, encode(free, 5).size() * 4);
}

TEST(LogBlock, DescribesTemplatesAndColumns) {
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    text += "conn " + std::to_string(i * i) + " opened\n";
    if (i % 2 == 0) text += "conn " + std::to_string(i * i) + " closed by peer\n";
  }
  const auto described = describe(encode(text, 5), text.size());
  ASSERT_TRUE(described.has_value());
  ASSERT_EQ(described->templates.size(), 2U);
  EXPECT_EQ(described->templates[0].text, "conn <*> opened");
  EXPECT_EQ(described->templates[0].lines, 1000U);
  EXPECT_EQ(described->templates[1].text, "conn <*> closed by peer");
  ASSERT_EQ(described->columns.size(), 1U);  // both slots stand behind the same word
  EXPECT_EQ(described->columns[0].type, ColumnType::kNumber);
  EXPECT_EQ(described->columns[0].values, 1500U);
  EXPECT_GT(described->columns[0].cost, 0U);
}

TEST(LogBlock, DamagedPayloadsAreRefusedOrRestoreSomething) {
  std::mt19937 random(9);
  const std::string text = service_log(300, 10);
  const auto space = make_workspace();
  size_t refused = 0;
  size_t trials = 0;
  for (const Level level : {1, 6}) {
    const ByteBuffer payload = encode(text, level);
    for (int trial = 0; trial < 1500; ++trial, ++trials) {
      ByteBuffer damaged = payload;
      for (int flips = 1 + trial % 3; flips > 0; --flips) {
        damaged[random() % damaged.size()] = static_cast<std::byte>(random());
      }
      if (trial % 5 == 0) damaged.resize(random() % damaged.size());
      ByteBuffer raw(text.size());
      MemoryBudget budget(uint64_t{64} << 20);
      if (!decode_block(damaged, raw, budget, *space)) ++refused;
    }
  }
  EXPECT_GT(refused, trials / 4);
}

TEST(LogBlock, ASmallBudgetIsRefused) {
  const std::string text = service_log(2000, 11);
  const ByteBuffer payload = encode(text, 5);
  const auto space = make_workspace();
  ByteBuffer raw(text.size());
  MemoryBudget enough(uint64_t{1} << 30);
  ASSERT_TRUE(decode_block(payload, raw, enough, *space).has_value());
  const uint64_t needed = (uint64_t{1} << 30) - enough.least_left();
  MemoryBudget exact(needed);
  EXPECT_TRUE(decode_block(payload, raw, exact, *space).has_value());
  MemoryBudget less(needed - 1);
  const auto refused = decode_block(payload, raw, less, *space);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kDamaged);
}

TEST(LogCodec, DeclinesWhatItDoesNotMakeSmaller) {
  const ByteBuffer noise = test::random_bytes(5000, 1);
  const Segment segment{.size = noise.size(), .type = SegmentType::kLog, .layout = {}};
  const BlockView block{.bytes = noise, .segments = {&segment, 1}, .type = SegmentType::kLog};
  CodecScratch scratch;
  ByteBuffer payload;
  uint64_t memory = 0;
  const auto outcome = log_codec().encode(block, 5, payload, memory, scratch.of(log_codec()));
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(*outcome, EncodeOutcome::kDeclined);
}

}  // namespace
}  // namespace pith::log

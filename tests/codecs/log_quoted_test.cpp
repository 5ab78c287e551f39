// Quoted strings of log lines: taken whole where that is better, and restored either way.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "codecs/log/block.h"
#include "codecs/log/describe.h"
#include "codecs/log/quoted.h"
#include "codecs/log/tokens.h"

namespace pith::log {
namespace {

std::vector<std::string> tokens_of(const std::string& line, Quoted quoted) {
  std::vector<std::string> texts;
  const Tokens tokens = tokenise(as_bytes(line), quoted);
  for (const uint32_t word : tokens.tokens) {
    texts.push_back(line.substr(tokens.words[word].begin, tokens.words[word].size));
  }
  return texts;
}

// Requests of a few browsers, whose names and requests have different numbers of words.
std::string access_log(size_t lines, uint32_t seed) {
  std::mt19937 random(seed);
  const auto name = [](size_t number) {
    std::string text = "Mozilla/" + std::to_string(number % 7) + ".0 (";
    for (size_t i = 0; i < 2 + number % 9; ++i) {
      text += "part" + std::to_string(number * (i + 1) % 97) + (i % 3 == 0 ? "; " : " ");
    }
    return text + ") Browser/" + std::to_string(number);
  };
  std::string text;
  for (size_t i = 0; i < lines; ++i) {
    text += "10.0.0." + std::to_string(random() % 250) +
            " - - [17/May/2015:10:05:03 +0000] \"GET /page" + std::to_string(random() % 40) +
            " HTTP/1.1\" 200 " + std::to_string(random() % 9000) + " \"-\" \"" +
            name(random() % 300) + "\"\n";
  }
  return text;
}

size_t templates_of(const std::string& text) {
  ByteBuffer payload;
  const auto space = make_workspace();
  EXPECT_TRUE(encode_block(as_bytes(text), 1, *space, payload).has_value());
  std::string back(text.size(), '?');
  MemoryBudget budget(uint64_t{1} << 40);
  EXPECT_TRUE(decode_block(payload, {reinterpret_cast<std::byte*>(back.data()), back.size()},
                           budget, *space)
                  .has_value());
  EXPECT_EQ(back, text);
  const auto description = describe(payload, text.size());
  EXPECT_TRUE(description.has_value());
  return description ? description->templates.size() : 0;
}

TEST(LogQuoted, AStringIsOneTokenOrMany) {
  const std::string line = R"(a "GET /x y" 200 "" "one" b)";
  EXPECT_EQ(tokens_of(line, Quoted::kWords),
            (std::vector<std::string>{"a", "GET", "/x", "y", "200", "one", "b"}));
  EXPECT_EQ(tokens_of(line, Quoted::kWhole),
            (std::vector<std::string>{"a", "GET /x y", "200", "one", "b"}));
}

TEST(LogQuoted, AStringWithoutAnEndIsWords) {
  EXPECT_EQ(tokens_of(R"(x "a b" "c d)", Quoted::kWhole),
            (std::vector<std::string>{"x", "a b", "c", "d"}));
  EXPECT_EQ(tokens_of("\"", Quoted::kWhole), (std::vector<std::string>{}));
}

TEST(LogQuoted, LinesTellWhetherThereAreTexts) {
  EXPECT_TRUE(has_quoted_texts(as_bytes("1 \"GET / HTTP/1.1\" 200\n2 \"GET /a HTTP/1.1\" 200\n")));
  EXPECT_FALSE(has_quoted_texts(as_bytes("{\"a\":\"some words\"}\n{\"a\":\"other words\"}\n")));
  EXPECT_FALSE(has_quoted_texts(as_bytes("user=\"root\" id=\"7\"\nno quotes here\n")));
  EXPECT_FALSE(has_quoted_texts({}));
}

TEST(LogQuoted, RequestsAreTakenWhole) { EXPECT_LT(templates_of(access_log(4000, 1)), 10U); }

TEST(LogQuoted, MessagesAreTakenByWords) {
  std::mt19937 random(2);
  std::string text;
  for (size_t i = 0; i < 4000; ++i) {
    const auto number = [&] { return std::to_string(random() % 100000); };
    text += "host app: \"user " + number() + " came from port " + number() + " with key " +
            number() + " and left\"\n";
  }
  EXPECT_EQ(templates_of(text), 1U);
  ByteBuffer payload;
  const auto space = make_workspace();
  ASSERT_TRUE(encode_block(as_bytes(text), 1, *space, payload).has_value());
  EXPECT_EQ(describe(payload, text.size())->columns.size(), 3U);
}

}  // namespace
}  // namespace pith::log

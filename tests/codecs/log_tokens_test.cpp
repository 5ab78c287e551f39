// Tokens of log lines: delimiters found by every kernel, and lines that tokens and the gaps between
// them make up.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "codecs/log/column.h"
#include "codecs/log/delimiters.h"
#include "codecs/log/tokens.h"
#include "hwy/highway.h"

namespace pith::log {
namespace {

std::string random_lines(size_t size, uint32_t seed) {
  // Delimiters, what may be taken for one, and what is none.
  static constexpr std::string_view kBytes(
      "\t\r ,;\"'()[]{}<>|=&?:::\"\"\n\n%*+-./09@AZ\\^_`az~\x01\x1f\x7f\x80\xff");
  std::mt19937 random(seed);
  std::string text(size, '\0');
  for (char& c : text) {
    if (random() % 50 != 0) c = kBytes[random() % kBytes.size()];
  }
  return text;
}

bool is_delimiter(const std::string& text, size_t at) {
  static constexpr std::string_view kDelimiters(" \t,;\"'()[]{}<>|=&?\r\0", 20);
  return kDelimiters.find(text[at]) != kDelimiters.npos ||
         (text[at] == ':' && at > 0 && text[at - 1] == '"');
}

TEST(LogTokens, AllKernelsFindTheSameDelimiters) {
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    for (const size_t size : {0U, 1U, 63U, 64U, 65U, 127U, 128U, 129U, 10000U}) {
      const std::string text = random_lines(size, static_cast<uint32_t>(size));
      const auto bits = find_delimiters(as_bytes(text));
      ASSERT_EQ(bits.size(), (size + 63) / 64);
      for (size_t i = 0; i < bits.size() * 64; ++i) {
        const bool expected = i >= size || is_delimiter(text, i);
        ASSERT_EQ((bits[i / 64] >> i % 64 & 1) != 0, expected)
            << hwy::TargetName(target) << ", byte " << i << " of " << size;
      }
    }
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

std::string text_of(const std::string& text, const Piece& piece) {
  return text.substr(piece.begin, piece.size);
}

// The line, put together from the gaps of its shape and its words.
std::string line_of(const std::string& text, const Tokens& tokens, const Line& line) {
  const Shape& shape = tokens.shape_of(line);
  std::string made;
  const auto words = tokens.words_of(line);
  for (size_t i = 0; i < words.size(); ++i) {
    made += text_of(text, tokens.gap(shape, i)) + text_of(text, tokens.words[words[i]]);
  }
  return made + text_of(text, tokens.gap(shape, words.size()));
}

TEST(LogTokens, WordsAndGapsMakeUpTheLines) {
  std::string text = random_lines(60000, 5);
  // Lines of several lengths, with tokens over the borders of what a kernel looks at.
  for (size_t i = 0; i < 200; ++i) {
    text += "key" + std::string(i, 'x') + "=" + std::string(i % 9, ' ') + std::to_string(i) +
            " 00:00:0" + std::to_string(i % 10) + ",123\n";
  }
  const Tokens tokens = tokenise(as_bytes(text), Quoted::kWords);
  ASSERT_FALSE(tokens.lines.empty());
  std::string made;
  for (const Line& line : tokens.lines) {
    ASSERT_FALSE(tokens.shape_of(line).whole);
    made += line_of(text, tokens, line) + "\n";
  }
  EXPECT_EQ(made, text);
}

TEST(LogTokens, EqualWordsHaveEqualNumbersAndOthersNot) {
  const std::string text = "a 10 a:b 10\nlonger-than-eight 10 longer-than-eighT 012345678\n";
  const Tokens tokens = tokenise(as_bytes(text), Quoted::kWords);
  ASSERT_EQ(tokens.lines.size(), 2U);
  const auto first = tokens.words_of(tokens.lines[0]);
  const auto second = tokens.words_of(tokens.lines[1]);
  ASSERT_EQ(first.size(), 4U);
  ASSERT_EQ(second.size(), 4U);
  EXPECT_EQ(first[1], first[3]);
  EXPECT_EQ(first[1], second[1]);
  EXPECT_EQ(tokens.words.size(), 6U);
  EXPECT_EQ(tokens.word_has_digit[first[1]], 1);
  EXPECT_EQ(tokens.word_has_digit[first[2]], 0);
  EXPECT_TRUE(tokens.ends_with_lf);
}

TEST(LogTokens, PaddingAndTheCommaOfATimeBelongToTheToken) {
  const std::string text = "Jun  9 06:06:20,123 x,y\n";
  const Tokens tokens = tokenise(as_bytes(text), Quoted::kWords);
  const auto words = tokens.words_of(tokens.lines.at(0));
  ASSERT_EQ(words.size(), 5U);
  EXPECT_EQ(text_of(text, tokens.words[words[1]]), " 9");
  EXPECT_EQ(text_of(text, tokens.words[words[2]]), "06:06:20,123");
}

TEST(LogTokens, LongLinesAreKeptWhole) {
  const std::string text = std::string(kMaxLineToTokenise + 1, 'a') + "\nb c\n" + [] {
    std::string many;
    for (size_t i = 0; i <= kMaxTokensOfLine; ++i) many += "t ";
    return many;
  }() + "\n";
  const Tokens tokens = tokenise(as_bytes(text), Quoted::kWords);
  ASSERT_EQ(tokens.lines.size(), 3U);
  EXPECT_TRUE(tokens.shape_of(tokens.lines[0]).whole);
  EXPECT_FALSE(tokens.shape_of(tokens.lines[1]).whole);
  EXPECT_TRUE(tokens.shape_of(tokens.lines[2]).whole);
  EXPECT_EQ(tokens.lines[0].shape, tokens.lines[2].shape);
}

TEST(LogSamples, RunsLieInWhatTheyAreOf) {
  for (const size_t all : {1U, 7U, 8U, 1000U, 1025U, 20000U}) {
    const SampleRuns runs(all, 1024);
    size_t last = 0;
    size_t sum = 0;
    runs.each([&](size_t begin, size_t end) {
      EXPECT_LE(last, begin);
      EXPECT_LT(begin, end);
      EXPECT_LE(end, all);
      last = end;
      sum += end - begin;
    });
    EXPECT_EQ(sum, runs.size());
    EXPECT_EQ(sum, std::min<size_t>(all, 1024));
    EXPECT_EQ(runs.scaled(sum), all);
  }
}

}  // namespace
}  // namespace pith::log

// Unwrapping of filled prose: exact for any bytes, finds the breaks a formatter made, damage.

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "codecs/text/line_wrap.h"
#include "tests/codecs/text_samples.h"
#include "tests/support/random_data.h"

namespace pith::text {
namespace {

using test::filled_text;

void expect_exact(ByteView text, bool must_gain) {
  ByteBuffer unwrapped;
  const auto mark = unwrap_lines(text, unwrapped);
  ASSERT_TRUE(mark.has_value() || !must_gain);
  if (!mark) {
    EXPECT_TRUE(unwrapped.empty());
    return;
  }
  ByteBuffer back(text.size());
  const auto rewrapped = rewrap_lines(*mark, unwrapped, back);
  ASSERT_TRUE(rewrapped.has_value()) << rewrapped.error().message;
  EXPECT_TRUE(equal(back, text));
}

TEST(Lines, FilledTextLosesItsBreaks) {
  for (const char* line_break : {"\n", "\r\n", " \n", " \r\n"}) {
    for (const size_t width : {size_t{30}, size_t{60}, size_t{72}, size_t{79}, size_t{100}}) {
      const std::string text = filled_text(30000, width, line_break, 0, 1);
      expect_exact(as_bytes(text), true);
      ByteBuffer unwrapped;
      unwrap_lines(as_bytes(text), unwrapped);
      size_t soft = 0;
      for (size_t i = 1; i + 1 < unwrapped.size(); ++i) {
        soft += unwrapped[i] == std::byte{'\n'} && unwrapped[i - 1] != std::byte{'\n'} &&
                        unwrapped[i + 1] != std::byte{'\n'}
                    ? 1
                    : 0;
      }
      EXPECT_LT(soft, 100U) << width;
    }
  }
}

TEST(Lines, AnyTextComesBack) {
  for (const std::string& text : test::hand_made_texts()) expect_exact(as_bytes(text), false);
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::string text =
        filled_text(8000, 40 + seed % 40, seed % 3 == 0 ? "\r\n" : "\n", seed % 32, seed);
    std::mt19937 random(seed);
    for (uint32_t i = 0; i < seed; ++i) {  // other blanks and bytes here and there
      text[random() % text.size()] = " \n\r\x01\x02x\xFF"[random() % 7];
    }
    if (seed % 2 == 0) text += " ";
    if (seed % 4 == 0) text += "\r";
    expect_exact(as_bytes(text), false);
  }
}

TEST(Lines, TextThatIsNotFilledIsLeftAlone) {
  ByteBuffer out;
  EXPECT_FALSE(unwrap_lines({}, out).has_value());
  EXPECT_FALSE(unwrap_lines(test::random_bytes(100000, 1), out).has_value());
  EXPECT_FALSE(unwrap_lines(ByteBuffer(100000, std::byte{' '}), out).has_value());
  std::string ragged;
  std::mt19937 random(1);
  for (int i = 0; i < 20000; ++i) ragged += "word" + std::string(random() % 7 == 0 ? "\n" : " ");
  EXPECT_FALSE(unwrap_lines(as_bytes(ragged), out).has_value());
  EXPECT_TRUE(out.empty());
}

TEST(Lines, DamageIsAnErrorOrOtherText) {
  const std::string text = filled_text(8000, 60, "\r\n", 8, 2);
  ByteBuffer unwrapped;
  const auto mark = unwrap_lines(as_bytes(text), unwrapped);
  ASSERT_TRUE(mark.has_value());
  std::mt19937 random(3);
  for (int round = 0; round < 3000; ++round) {
    ByteBuffer bad = unwrapped;
    for (size_t i = 0, n = 1 + random() % 4; i < n; ++i) {
      const auto value = static_cast<uint8_t>(random() % 2 == 0 ? *mark : " \n\r x"[random() % 5]);
      bad[random() % bad.size()] = static_cast<std::byte>(value);
    }
    if (round % 3 == 0) bad.resize(random() % bad.size());
    ByteBuffer back(text.size());
    const auto rewrapped = rewrap_lines(*mark, bad, back);
    EXPECT_TRUE(rewrapped.has_value() || rewrapped.error().code == ErrorCode::kDamaged);
  }
  for (int other = 0; other < 256; ++other) {
    ByteBuffer back(text.size());
    (void)rewrap_lines(static_cast<uint8_t>(other), unwrapped, back);
  }
}

}  // namespace
}  // namespace pith::text

// The word transform: what is a word, exactness for any bytes, the word list, damage.

#include <gtest/gtest.h>

#include <string>

#include "codecs/text/word_transform.h"
#include "tests/codecs/text_samples.h"
#include "tests/support/random_data.h"

namespace pith::text {
namespace {

constexpr uint64_t kPlenty = uint64_t{1} << 26;
using BaseWords = std::vector<std::string_view>;

WordOptions eager(bool imply_spaces) {
  return {.min_count = 1, .min_base_count = 1, .imply_spaces = imply_spaces, .min_gain = 0};
}

ByteBuffer header_of(const WordCoder& coder, const BaseWords& base = {}) {
  ByteBuffer header;
  ByteWriter writer(header);
  coder.write_header(base, writer);
  return header;
}

Result<WordCoder> parse(ByteView header, const BaseWords& base = {}, uint64_t memory = kPlenty) {
  ByteReader reader(header);
  MemoryBudget budget(memory);
  return WordCoder::parse(base, reader, budget);
}

void expect_exact(const WordCoder& writer, const WordCoder& reader, ByteView text) {
  ByteBuffer coded;
  writer.encode(text, coded);
  ByteBuffer again;
  reader.encode(text, again);
  EXPECT_EQ(coded, again);
  ByteBuffer back(text.size());
  const auto decoded = reader.decode(coded, back);
  ASSERT_TRUE(decoded.has_value()) << decoded.error().message;
  EXPECT_TRUE(equal(back, text)) << as_text(text.first(std::min<size_t>(text.size(), 200)));
}

std::string cut(std::string_view text) {
  std::string words;
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  for (size_t at = 0; at < text.size();) {
    const size_t end = next_word(bytes, at, text.size()).end;
    words += std::string(text.substr(at, end - at)) + "|";
    at = end;
  }
  return words;
}

TEST(Words, AreCutWhereTheCaseSaysSo) {
  EXPECT_EQ(cut("word"), "word|");
  EXPECT_EQ(cut("Word"), "Word|");
  EXPECT_EQ(cut("WORD"), "WORD|");
  EXPECT_EQ(cut("HTMLParser"), "HTML|Parser|");
  EXPECT_EQ(cut("readFileX"), "read|File|X|");
  EXPECT_EQ(cut("ABc"), "A|Bc|");
  EXPECT_EQ(cut("aBCd"), "a|B|Cd|");
}

TEST(Words, SameLettersHaveTheSameHash) {
  const auto hash = [](std::string_view word) {
    return next_word(reinterpret_cast<const uint8_t*>(word.data()), 0, word.size()).hash;
  };
  EXPECT_EQ(hash("word"), hash("WORD"));
  EXPECT_EQ(hash("word"), hash("Word"));
  EXPECT_EQ(hash("HTMLp"), hash("htm"));
  EXPECT_NE(hash("word"), hash("wore"));
}

TEST(Words, EveryTextComesBackInEveryCodersWords) {
  std::vector<std::string> texts = test::hand_made_texts();
  for (uint32_t seed = 0; seed < 20; ++seed) texts.push_back(test::random_mixture(300, seed));
  for (const bool imply_spaces : {false, true}) {
    for (uint32_t seed = 0; seed < 6; ++seed) {
      const std::string learnt = test::random_mixture(size_t{20} << (2 * seed), seed + 100);
      const auto coder = WordCoder::learn(as_bytes(learnt), eager(imply_spaces));
      if (!coder) continue;
      const auto parsed = parse(header_of(*coder));
      ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
      expect_exact(*coder, *parsed, as_bytes(learnt));
      for (const std::string& text : texts) expect_exact(*coder, *parsed, as_bytes(text));
      expect_exact(*coder, *parsed, test::random_bytes(5000, seed));
    }
  }
}

TEST(Words, ProseShrinksToHalfItsSymbols) {
  const ByteBuffer text = test::random_text(100000, 1);
  const auto coder = WordCoder::learn(text, WordOptions::for_block(Purpose::kMixed, text.size()));
  ASSERT_TRUE(coder.has_value());
  ByteBuffer coded;
  coder->encode(text, coded);
  EXPECT_LT(header_of(*coder).size() + coded.size(), text.size() / 2);
}

TEST(Words, DeclinesWhatHasNone) {
  for (const Purpose purpose : {Purpose::kSorted, Purpose::kMixed}) {
    const WordOptions options = WordOptions::for_block(purpose, 100000);
    EXPECT_FALSE(WordCoder::learn({}, options).has_value());
    EXPECT_FALSE(WordCoder::learn(test::random_bytes(100000, 1), options).has_value());
    EXPECT_FALSE(WordCoder::learn(ByteBuffer(100000, std::byte{0}), options).has_value());
    EXPECT_FALSE(WordCoder::learn(ByteBuffer(100000, std::byte{'a'}), options).has_value());
  }
}

TEST(Words, ASpaceMayBeImpliedByAnyByte) {
  for (int byte = 0; byte < 256; ++byte) {
    std::string text;
    for (int i = 0; i < 300; ++i) {
      text += static_cast<char>(byte);
      text += " word";
      text += std::string(1 + static_cast<size_t>(i) % 3, ' ') + "other  ";
    }
    const auto coder = WordCoder::learn(as_bytes(text), eager(true));
    ASSERT_TRUE(coder.has_value());
    const auto parsed = parse(header_of(*coder));
    ASSERT_TRUE(parsed.has_value());
    expect_exact(*coder, *parsed, as_bytes(text));
  }
}

TEST(Words, MoreWordsThanCodesAreCutOff) {
  std::string text;
  for (int i = 0; i < 40000; ++i) {
    for (int k = i + 1000, digits = 0; digits < 5; k /= 10, ++digits) {
      text += static_cast<char>('a' + k % 10);
    }
    text += ' ';
  }
  for (int i = 0; i < 256; ++i) {  // no free byte values beyond the capitals and some others
    if (i < 'A' || i > 'Z')
      text += std::string(static_cast<size_t>(i < 'A' ? 1 : 200), static_cast<char>(i));
  }
  const auto coder = WordCoder::learn(as_bytes(text), eager(false));
  ASSERT_TRUE(coder.has_value());
  EXPECT_LT(coder->word_count(), 40000U);
  const auto parsed = parse(header_of(*coder));
  ASSERT_TRUE(parsed.has_value());
  expect_exact(*coder, *parsed, as_bytes(text));
}

TEST(Words, TheAlphabetTellsTheTokens) {
  const std::string text = test::random_mixture(20000, 3);
  const auto coder = WordCoder::learn(as_bytes(text), eager(true));
  ASSERT_TRUE(coder.has_value());
  ByteBuffer coded;
  coder->encode(as_bytes(text), coded);
  const WordAlphabet& alphabet = coder->alphabet();
  size_t words = 0;
  for (size_t i = 0; i < coded.size(); ++i) {
    const auto byte = static_cast<uint8_t>(coded[i]);
    const ByteKind kind = alphabet[byte];
    if (kind == ByteKind::kEscape) ++i;
    if (kind == ByteKind::kSingle) {
      EXPECT_FALSE(coder->word(byte).empty());
      ++words;
    }
    if (kind == ByteKind::kLead) {
      ASSERT_LT(++i, coded.size());
      EXPECT_FALSE(coder->word(byte, static_cast<uint8_t>(coded[i])).empty());
      ++words;
    }
  }
  EXPECT_GT(words, 2000U);
}

TEST(Words, ABaseListMakesTheHeaderShorter) {
  const ByteBuffer text = test::random_text(50000, 2);
  const auto plain = WordCoder::learn(text, eager(true));
  ASSERT_TRUE(plain.has_value());
  std::vector<std::string> known;
  std::string word;
  for (const char c : as_text(ByteView(text).first(20000))) {
    if (c >= 'a') {
      word += c;
    } else {
      if (!word.empty() && std::find(known.begin(), known.end(), word) == known.end()) {
        known.push_back(word);
      }
      word.clear();
    }
  }
  for (int i = 0; i < 500; ++i)
    known.push_back("zz" + std::string(1, static_cast<char>('a' + i % 26)) +
                    std::string(static_cast<size_t>(1 + i / 26), 'q'));
  const BaseWords base(known.begin(), known.end());
  const auto coder = WordCoder::learn(text, eager(true), base);
  ASSERT_TRUE(coder.has_value());
  EXPECT_EQ(coder->word_count(), plain->word_count());
  const ByteBuffer header = header_of(*coder, base);
  EXPECT_LT(header.size() * 2, header_of(*plain).size());
  const auto parsed = parse(header, base);
  ASSERT_TRUE(parsed.has_value());
  expect_exact(*coder, *parsed, text);
}

TEST(Words, ReadsNoMoreThanItsHeaderAndReservesWhatItSays) {
  const std::string text = test::random_mixture(20000, 4);
  const auto coder = WordCoder::learn(as_bytes(text), eager(true));
  ASSERT_TRUE(coder.has_value());
  ByteBuffer header = header_of(*coder);
  const size_t size = header.size();
  header.append(as_bytes("rest"));
  ByteReader reader(header);
  MemoryBudget budget(coder->memory());
  ASSERT_TRUE(WordCoder::parse({}, reader, budget).has_value());
  EXPECT_EQ(reader.position(), size);
  EXPECT_EQ(budget.left(), 0U);
  const auto too_little = parse(header, {}, coder->memory() - 1);
  ASSERT_FALSE(too_little.has_value());
  EXPECT_EQ(too_little.error().code, ErrorCode::kDamaged);
}

TEST(Words, DamageIsAnErrorOrAnotherText) {
  const std::string text = test::random_mixture(4000, 5);
  for (const bool imply_spaces : {false, true}) {
    const auto coder = WordCoder::learn(as_bytes(text), eager(imply_spaces));
    ASSERT_TRUE(coder.has_value());
    ByteBuffer coded = header_of(*coder);
    const size_t header_size = coded.size();
    coder->encode(as_bytes(text), coded);
    std::mt19937 random(6);
    for (int round = 0; round < 3000; ++round) {
      ByteBuffer bad = coded;
      for (size_t i = 0, n = 1 + random() % 3; i < n; ++i) {
        const size_t where = random() % (round % 2 == 0 ? header_size : bad.size());
        bad[where] = static_cast<std::byte>(random());
      }
      if (round % 3 == 0) bad.resize(random() % bad.size());
      ByteReader reader(bad);
      MemoryBudget budget(coder->memory());
      const auto parsed = WordCoder::parse({}, reader, budget);
      if (!parsed) {
        EXPECT_EQ(parsed.error().code, ErrorCode::kDamaged);
        continue;
      }
      ByteBuffer back(text.size());
      const auto decoded = parsed->decode(reader.rest(), back);
      if (!decoded) {
        EXPECT_EQ(decoded.error().code, ErrorCode::kDamaged);
      }
    }
  }
}

TEST(Words, CodedTextForAnotherSizeIsDamaged) {
  const std::string text = test::random_mixture(2000, 7);
  const auto coder = WordCoder::learn(as_bytes(text), eager(true));
  ASSERT_TRUE(coder.has_value());
  ByteBuffer coded;
  coder->encode(as_bytes(text), coded);
  for (const size_t size : {size_t{0}, size_t{1}, text.size() - 1, text.size() + 1}) {
    ByteBuffer back(size);
    EXPECT_FALSE(coder->decode(coded, back).has_value());
  }
}

}  // namespace
}  // namespace pith::text

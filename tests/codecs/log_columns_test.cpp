// Columns of the log codec: types, formats of numbers, and the mixed coding of streams.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "codecs/log/column.h"
#include "codecs/log/links.h"
#include "codecs/log/mixed.h"
#include "codecs/log/number_format.h"
#include "codecs/log/parsed.h"
#include "tests/support/random_data.h"

namespace pith::log {
namespace {

struct WrittenColumn {
  ColumnType type;
  std::vector<std::string> restored;
};

WrittenColumn pass_through(const std::vector<std::string>& values) {
  std::string block;
  Pieces pieces;
  for (const std::string& value : values) {
    pieces.push_back({static_cast<uint32_t>(block.size()), static_cast<uint32_t>(value.size())});
    block += value + " ";
  }
  const auto space = make_workspace();
  CostMeter meter(*space);
  const Encoded encoded = ColumnEncoder(as_bytes(block), meter).encode(pieces, {});
  StreamWriter writer;
  Encoded(encoded).put(writer);
  ByteBuffer payload;
  EXPECT_TRUE(writer.finish(5, block.size(), *space, payload).has_value());

  VarintReader in(payload);
  StreamReader streams;
  MemoryBudget budget(uint64_t{1} << 32);
  EXPECT_TRUE(streams.open(in, budget, *space).has_value());
  VarintReader meta(streams.rest(Pool::kMeta));
  Arena arena(budget);
  ColumnDecoder decoder(streams, meta, arena, budget);
  Pieces decoded;
  EXPECT_TRUE(decoder.decode(values.size(), decoded).has_value());
  EXPECT_TRUE(streams.finished());
  EXPECT_EQ(meta.remaining(), 0U);
  WrittenColumn written{static_cast<ColumnType>(encoded.meta[0]), {}};
  for (const Piece& piece : decoded) {
    written.restored.emplace_back(arena.data() + piece.begin, piece.size);
  }
  return written;
}

void expect_type(const std::vector<std::string>& values, ColumnType type) {
  const WrittenColumn written = pass_through(values);
  EXPECT_EQ(written.restored, values);
  EXPECT_EQ(written.type, type) << values[0] << " … " << values.back();
}

template <class F>
std::vector<std::string> make(size_t count, F value) {
  std::vector<std::string> values;
  for (size_t i = 0; i < count; ++i) values.push_back(value(i));
  return values;
}

TEST(LogColumn, TypesFitTheirValues) {
  std::mt19937 random(1);
  expect_type(make(100, [](size_t) { return "same"; }), ColumnType::kConstant);
  expect_type(make(1000, [](size_t i) { return std::to_string(5000 + 3 * i); }),
              ColumnType::kNumber);
  expect_type(make(1000, [&](size_t) { return std::to_string(random()); }), ColumnType::kNumber);
  expect_type(
      make(1000, [&](size_t) { return std::to_string(random() % 100000 + 100000).substr(1); }),
      ColumnType::kNumber);  // five digits, with leading zeros
  expect_type(make(500,
                   [&](size_t) {
                     const auto value = std::to_string(random());
                     return (random() % 2 == 0 ? "-" : "") + value;
                   }),
              ColumnType::kNumber);  // some with a sign
  expect_type(make(1000, [&](size_t) { return "/dev/vcs" + std::to_string(random() % 5000); }),
              ColumnType::kPattern);
  expect_type(make(1000,
                   [&](size_t i) {
                     return i % 50 == 7 ? std::string("none")
                                        : "blk_" + std::to_string(100000 + random() % 800000);
                   }),
              ColumnType::kExceptions);
  const auto words = make(20, [&](size_t i) {
    return "word" + std::string(1, static_cast<char>('a' + i)) + std::to_string(random());
  });
  expect_type(make(2000, [&](size_t) { return words[random() % words.size()]; }),
              ColumnType::kDictionary);
  expect_type(make(300,
                   [&](size_t i) {
                     const ByteBuffer text = test::random_text(9 + i % 7, static_cast<uint32_t>(i));
                     std::string value(as_text(text));
                     for (char& c : value) c = c == '\n' ? '_' : c;
                     return value;
                   }),
              ColumnType::kRaw);
}

TEST(LogColumn, HexadecimalDigitsArePacked) {
  std::mt19937_64 random(4);
  const auto hex = [&](size_t digits, const char* alphabet) {
    std::string text;
    for (size_t i = 0; i < digits; ++i) text += alphabet[random() % 16];
    return text;
  };
  static const char* const kLower = "0123456789abcdef";
  static const char* const kUpper = "0123456789ABCDEF";
  expect_type(make(500, [&](size_t) { return hex(40, kLower); }), ColumnType::kHex);
  expect_type(make(500, [&](size_t) { return "0x" + hex(16, kUpper); }), ColumnType::kHex);
  expect_type(make(500,
                   [&](size_t) {
                     return hex(8, kLower) + "-" + hex(4, kLower) + "-4" + hex(3, kLower) + "-" +
                            hex(12, kLower);
                   }),
              ColumnType::kHex);
  expect_type(make(500, [&](size_t i) { return i % 40 == 3 ? "none" : hex(20, kLower); }),
              ColumnType::kExceptions);
  expect_type(make(500, [&](size_t i) { return i % 2 == 0 ? hex(20, kLower) : hex(20, kUpper); }),
              ColumnType::kRaw);
  const auto mixed =
      make(100, [&](size_t i) { return hex(3 + i % 4, i % 3 == 0 ? kUpper : kLower); });
  EXPECT_EQ(pass_through(mixed).restored, mixed);
}

TEST(LogColumn, SmallAndOddColumnsComeBack) {
  for (const auto& values :
       std::vector<std::vector<std::string>>{{"a"},
                                             {"a", "b"},
                                             {"1", "2"},
                                             {"", ""},
                                             {"", "a", "", "b"},
                                             {" 9", "14", " 7", "21"},
                                             {" 0.5", " 10.5", " 3.0", " 4.0", " 5.5"},
                                             {"1", "22", "333", "-4"},
                                             {"24:00:00", "23:59:59", "00:00:00"},
                                             {"12:00:00.5", "12:00:00.6", "12:00:01.7"},
                                             {"1.2.3.4", "10.20.30.40", "1.2.3.5"},
                                             {"x\x01y1", "x\x01y2", "x\x01y3", "x\x01y4"},
                                             {"99999999999999999999", "1", "2", "3"},
                                             {"18446744073709551615", "0", "7", "8"}}) {
    EXPECT_EQ(pass_through(values).restored, values);
  }
}

TEST(LogColumn, LargeColumnsGetStreamsOfTheirOwn) {
  std::mt19937 random(2);
  const auto values = make(3 * kOwnStream, [&](size_t i) {
    return i % 100 == 0 ? "t" + std::to_string(random()) : std::to_string(random() % 70000);
  });
  EXPECT_EQ(pass_through(values).restored, values);
  const auto edge = make(kOwnStream, [&](size_t) { return std::to_string(random() % 256); });
  EXPECT_EQ(pass_through(edge).restored, edge);
}

TEST(LogNumbers, WhatIsReadIsWrittenBack) {
  static const char* const kTexts[] = {"0",
                                       "7",
                                       "10",
                                       "9999999999999999999",
                                       "-1",
                                       "-4611686018427387903",
                                       "00012",
                                       "   12",
                                       "00:00:00",
                                       "23:59:59",
                                       "99:59:59",
                                       "24:00:00",
                                       "12:34:56.7",
                                       "12:34:56,123456789",
                                       "0.5",
                                       "12.000",
                                       "1234567890.123456",
                                       "0.000000001",
                                       "9999999999.999999999"};
  for (const char* text : kTexts) {
    const Formats formats = formats_for(text);
    size_t fitting = 0;
    for (size_t i = 0; i < formats.count; ++i) {
      ASSERT_TRUE(is_valid(formats.list[i]));
      const auto value = read_number(formats.list[i], text);
      if (!value) continue;
      ++fitting;
      char out[kMaxNumberText];
      const size_t size = write_number(formats.list[i], *value, out);
      EXPECT_EQ(std::string(out, size), text);
    }
    EXPECT_GE(fitting, 1U) << text;
  }
  for (const char* text :
       {"", "-", "-0", "01", "1:2:3", "12:60:00", "12:00:60", "12:00:00.", "1..5", "1.", ".5",
        "01.5", "12345678901234567890", "0x10", "1e3", "   "}) {
    const Formats formats = formats_for(text);
    for (size_t i = 0; i < formats.count; ++i) {
      const auto value = read_number(formats.list[i], text);
      if (!value) continue;
      char out[kMaxNumberText];
      EXPECT_EQ(std::string(out, write_number(formats.list[i], *value, out)), text);
    }
  }
}

TEST(LogNumbers, AnyValueIsWrittenWithinItsRoom) {
  std::mt19937_64 random(3);
  for (int trial = 0; trial < 20000; ++trial) {
    const NumberFormat format{static_cast<NumberKind>(random() % kNumberKinds),
                              static_cast<uint8_t>(random() % 22),
                              static_cast<uint8_t>(random() % 11), ','};
    if (!is_valid(format)) continue;
    char out[kMaxNumberText];
    const uint64_t value = random() >> random() % 64;
    EXPECT_LE(write_number(format, value, out), kMaxNumberText);
  }
}

TEST(LogLinks, PartnersAreTheLastValuesOfTheLine) {
  const auto partners = [](const ColumnLines& lines, const ColumnLines& others, size_t count) {
    const Partners found(lines, others, count);
    std::vector<uint32_t> places;
    for (size_t i = 0; i < count; ++i) places.push_back(found[i]);
    return places;
  };
  using Places = std::vector<uint32_t>;
  const auto listed = [](ColumnLines::List lines) {
    return ColumnLines{.list = std::make_shared<ColumnLines::List>(std::move(lines))};
  };
  const ColumnLines some = listed({0, 0, 2, 5, 6});
  const ColumnLines others = listed({1, 2, 2, 6});
  const ColumnLines none;
  const ColumnLines each{.once_in_each = true};
  EXPECT_EQ(partners(some, others, 5), (Places{kNoValue, kNoValue, 2, 2, 3}));
  EXPECT_EQ(partners(some, none, 5), Places(5, kNoValue));
  EXPECT_EQ(partners(some, each, 4), (Places{0, 0, 2, 5}));
  EXPECT_EQ(partners(each, others, 4), (Places{kNoValue, 0, 2, 2}));
  EXPECT_EQ(partners(each, each, 3), (Places{0, 1, 2}));
}

TEST(LogLinks, LinesOfColumnsAreThoseOfTheirSlots) {
  Template both;
  both.slots = {{.column = 0, .copy_of = kNotACopy},
                {.column = 1, .copy_of = kNotACopy},
                {.column = 0, .copy_of = 1}};
  both.lines = 2;
  Template twice;
  twice.slots = {{.column = 2, .copy_of = kNotACopy},
                 {.column = 0, .copy_of = kNotACopy},
                 {.column = 2, .copy_of = kNotACopy}};
  twice.lines = 1;
  const auto lines = lines_of_columns({both, twice}, {0, 1, 0}, {true, true, true, false});
  EXPECT_TRUE(lines[0].once_in_each);
  EXPECT_FALSE(lines[1].once_in_each);
  EXPECT_EQ(*lines[1].list, (std::vector<uint32_t>{0, 2}));
  EXPECT_FALSE(lines[2].once_in_each);
  EXPECT_EQ(*lines[2].list, (std::vector<uint32_t>{1, 1}));
  EXPECT_FALSE(lines[3].once_in_each);
}

TEST(LogLinks, KeysLookToTheLeft) {
  const auto make_template = [](std::vector<std::string> fixed) {
    Template t;
    for (const std::string& text : fixed) {
      t.text += text;
      t.cuts.push_back(static_cast<uint32_t>(t.text.size()));
    }
    t.slots.resize(fixed.size() - 1);
    return t;
  };
  const auto a = slot_keys(make_template({"sshd[", "]: from ", " port ", ""}));
  const auto b = slot_keys(make_template({"crond[", "]: user ", " port ", " ssh2"}));
  EXPECT_NE(a[0], b[0]);
  EXPECT_NE(a[1], b[1]);
  EXPECT_EQ(a[2], b[2]);
  const auto c = slot_keys(make_template({"", " ", " ", ""}));
  EXPECT_NE(c[0], c[1]);
  EXPECT_NE(c[1], c[2]);
}

TEST(LogMixed, RestoresBothKindsAndRefusesNoRoom) {
  MixedSpace space;
  for (const MixedKind kind : {MixedKind::kText, MixedKind::kPlane}) {
    for (const size_t size : {1, 2, 5, 100, 5000, 40000}) {
      ByteBuffer in = test::random_text(size, static_cast<uint32_t>(size));
      for (size_t i = size / 2; i < size; ++i) in[i] = in[i - size / 2];
      ByteBuffer out;
      ASSERT_TRUE(encode_mixed(in, kind, in.size() + 16, space, out));
      ByteBuffer back(in.size());
      MemoryBudget budget(mixed_memory(kind, in.size()));
      ASSERT_TRUE(decode_mixed(out, kind, space, back, budget).has_value());
      EXPECT_EQ(back, in);
      // A space that has seen other streams changes nothing.
      MixedSpace fresh;
      ByteBuffer again;
      ASSERT_TRUE(encode_mixed(in, kind, in.size() + 16, fresh, again));
      EXPECT_EQ(again, out);
      if (out.size() > 1) {
        ByteBuffer none;
        EXPECT_FALSE(encode_mixed(in, kind, out.size() - 1, space, none));
        EXPECT_TRUE(none.empty());
      }
      MemoryBudget small(mixed_memory(kind, in.size()) - 1);
      EXPECT_FALSE(decode_mixed(out, kind, space, back, small).has_value());
    }
  }
}

}  // namespace
}  // namespace pith::log

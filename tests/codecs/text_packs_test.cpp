// The built-in texts: that they are the released ones, and that a block finds its own.
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "base/checksum.h"
#include "codecs/text/packs.h"
#include "codecs/text/primer.h"
#include "tests/support/random_data.h"

namespace pith::text {
namespace {

// Streams refer to these bytes: a line here may be added, and none may ever change.
struct Released {
  PackId id;
  unsigned number;
  const char* name;
  size_t size;
  uint64_t hash;
};
constexpr Released kReleased[] = {
    {PackId::kProse, 1, "prose", 297534, 0x3C7BA0D3217BED73},
    {PackId::kWiki, 2, "wiki", 296627, 0xDB967CD23E1AE04B},
    {PackId::kSource, 3, "source", 224733, 0x0E2BEAE22ABB4175},
    {PackId::kJson, 4, "json", 199528, 0xB15DFADB46873070},
    {PackId::kMarkup, 5, "markup", 208020, 0x24EBA7C52C3618AD},
    {PackId::kCsv, 6, "csv", 168221, 0x4658EF7F138CD071},
    {PackId::kX86, 7, "x86", 205640, 0x9FA8C300DB1FAF8F},
};

TEST(TextPacks, AreTheReleasedOnes) {
  ASSERT_EQ(all_packs().size(), std::size(kReleased));
  for (size_t i = 0; i < std::size(kReleased); ++i) {
    const Released& released = kReleased[i];
    const PackInfo& pack = all_packs()[i];
    EXPECT_EQ(static_cast<unsigned>(released.id), released.number);
    EXPECT_EQ(pack.id, released.id);
    EXPECT_EQ(pack.name, released.name);
    EXPECT_EQ(pack.size, released.size);
    const auto bytes = pack_bytes(released.id);
    ASSERT_TRUE(bytes.has_value()) << bytes.error().message;
    EXPECT_EQ(bytes->size(), released.size);
    EXPECT_EQ(xxh3_64(*bytes), released.hash) << released.name;
  }
}

TEST(TextPacks, NoPackHasNoBytes) {
  const auto bytes = pack_bytes(PackId::kNone);
  ASSERT_TRUE(bytes.has_value());
  EXPECT_TRUE(bytes->empty());
}

TEST(TextPacks, ANumberOfALaterProgramIsRefused) {
  for (const unsigned number : {static_cast<unsigned>(std::size(kReleased)) + 1, 100U, 255U}) {
    const auto bytes = pack_bytes(static_cast<PackId>(number));
    ASSERT_FALSE(bytes.has_value());
    EXPECT_EQ(bytes.error().code, ErrorCode::kUnsupported);
    EXPECT_NE(bytes.error().message.find(std::to_string(number)), std::string::npos);
  }
}

TEST(TextPacks, AreUnpackedOnce) {
  std::vector<const std::byte*> seen(8);
  {
    std::vector<std::jthread> threads;
    for (const std::byte*& data : seen) {
      threads.emplace_back([&data] { data = pack_bytes(PackId::kX86).value().data(); });
    }
  }
  for (const std::byte* data : seen) EXPECT_EQ(data, seen[0]);
  EXPECT_EQ(pack_bytes(PackId::kX86).value().data(), seen[0]);
}

TEST(TextPacks, EachIsGuessedForItself) {
  for (const PackInfo& pack : all_packs()) {
    const ByteView bytes = pack_bytes(pack.id).value();
    EXPECT_EQ(guess_pack(bytes), pack.id) << pack.name;
    size_t right = 0;
    size_t pieces = 0;
    constexpr size_t kPiece = 16384;
    for (size_t at = 0; at + kPiece <= bytes.size(); at += kPiece, ++pieces) {
      const PackId guess = guess_pack(bytes.subspan(at, kPiece));
      right += guess == pack.id ? 1 : 0;
    }
    EXPECT_GE(right * 10, pieces * 6) << pack.name << ": " << right << " of " << pieces;
  }
}

TEST(TextPacks, ShortBlocksAreGuessed) {
  const auto guess = [](std::string_view block) { return guess_pack(as_bytes(block)); };
  EXPECT_EQ(guess(""), PackId::kNone);
  EXPECT_EQ(guess("x"), PackId::kNone);
  EXPECT_EQ(
      guess("It was the best that could be said of the house, and of those who lived in it.\n"),
      PackId::kProse);
  EXPECT_EQ(guess("int main(int argc, char** argv) {\n  if (argc < 2) return 1;\n  return "
                  "run(argv[1]);\n}\n"),
            PackId::kSource);
  EXPECT_EQ(guess("def add(a, b):\n    total = a + b\n    return (total)\n\nprint(add(1, 2))\n"),
            PackId::kSource);
  EXPECT_EQ(guess(R"({"id": 17, "name": "lamp", "tags": ["new", "red"], "price": null})"),
            PackId::kJson);
  EXPECT_EQ(guess("<html><body><p>Hello</p><p class=\"x\">there</p></body></html>"),
            PackId::kMarkup);
  EXPECT_EQ(guess("a;b;c\n1;2;3\n4;5;6\n7;8;9\n10;11;12\n"), PackId::kCsv);
  EXPECT_EQ(guess("'''Tea''' is a [[drink]] from the leaves of the [[tea plant|plant]].\n"),
            PackId::kWiki);
}

TEST(TextPacks, WhatNoPackSuitsIsNotGuessed) {
  EXPECT_EQ(guess_pack(test::random_bytes(100000, 1)), PackId::kNone);
  const ByteBuffer zeros(50000, std::byte{0});
  EXPECT_EQ(guess_pack(zeros), PackId::kNone);
  ByteBuffer numbers(65536);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<std::byte>(i / 7);
  EXPECT_EQ(guess_pack(numbers), PackId::kNone);
}

// Blocks that were coded after the pack in this form need it for ever.
TEST(TextPacks, ThePrimerOfUnwrappedProseNeverChanges) {
  const auto primer = make_primer(PackId::kProse, Transform::kLines, 0, nullptr);
  ASSERT_TRUE(primer.has_value());
  const auto pack = pack_bytes(PackId::kProse);
  ASSERT_TRUE(pack.has_value());
  EXPECT_EQ(primer->size(), pack->size());
  EXPECT_FALSE(equal(*primer, *pack));
  EXPECT_EQ(xxh3_64(*primer), 0xaf8394f1e1694722U);
}

}  // namespace
}  // namespace pith::text

// Columns of different slots that hold the same things.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "codecs/log/block.h"
#include "codecs/log/cluster.h"
#include "codecs/log/column_merge.h"

namespace pith::log {
namespace {

// Each package is unpacked, configured and installed, in lines of their own; `apart`: every kind of
// line has packages of its own.
std::string package_log(size_t packages, bool apart) {
  std::mt19937 random(5);
  std::string text;
  for (size_t i = 0; i < packages; ++i) {
    std::string name = "lib";
    for (size_t k = 0; k < 9; ++k) name += static_cast<char>('a' + random() % 26);
    name += ":amd64";
    for (const char* what : {"unpacked ", "half-configured ", "installed "}) {
      text += "2026-11-22 status ";
      text += what;
      text += name + (apart ? what : "");
      text += '\n';
    }
  }
  return text;
}

size_t coded_size(const std::string& text) {
  ByteBuffer payload;
  const auto space = make_workspace();
  EXPECT_TRUE(encode_block(as_bytes(text), 1, *space, payload).has_value());
  std::string back(text.size(), '?');
  MemoryBudget budget(uint64_t{1} << 40);
  EXPECT_TRUE(decode_block(payload, {reinterpret_cast<std::byte*>(back.data()), back.size()},
                           budget, *space)
                  .has_value());
  EXPECT_EQ(back, text);
  return payload.size();
}

TEST(LogColumnMerge, OneColumnForWhatIsTheSame) {
  const std::string text = package_log(500, false);
  Parsed parsed = parse(as_bytes(text), Quoted::kWords);
  const size_t before = parsed.columns.size();
  merge_columns(parsed, text, 1000);
  EXPECT_EQ(before - parsed.columns.size(), 2U);
  size_t values = 0;
  for (const auto& column : parsed.columns) values = std::max(values, column.size());
  EXPECT_EQ(values, 1500U);
}

TEST(LogColumnMerge, OthersStayAsTheyAre) {
  const std::string text = package_log(500, true);
  Parsed parsed = parse(as_bytes(text), Quoted::kWords);
  const auto before = parsed.columns;
  merge_columns(parsed, text, 1000);
  EXPECT_EQ(parsed.columns, before);
}

// Nine random letters a package, each told once.
TEST(LogColumnMerge, APackageIsToldOnce) {
  EXPECT_LT(coded_size(package_log(2000, false)), 2000U * 9);
}

}  // namespace
}  // namespace pith::log

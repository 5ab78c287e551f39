// The Burrows-Wheeler transform against its definition, and its inverse.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "codecs/bwt/transform.h"
#include "tests/support/bwt_inputs.h"

namespace pith::bwt {
namespace {

struct Column {
  ByteBuffer bytes;
  PieceRows rows{};
};

Column transform(ByteView text) {
  SortSpace space(text.size());
  const auto rows = forward(text, space);
  EXPECT_TRUE(rows.has_value());
  return {ByteBuffer(space.column()), *rows};
}

// All suffixes, sorted by comparing them.
Column transform_naively(ByteView text) {
  std::vector<size_t> suffixes(text.size() + 1);
  std::iota(suffixes.begin(), suffixes.end(), size_t{0});
  std::sort(suffixes.begin(), suffixes.end(), [text](size_t a, size_t b) {
    return std::ranges::lexicographical_compare(text.subspan(a), text.subspan(b));
  });
  Column column;
  for (size_t row = 0; row < suffixes.size(); ++row) {
    const size_t suffix = suffixes[row];
    if (suffix != 0) column.bytes.push_back(text[suffix - 1]);
    if (suffix < text.size() && suffix % piece_size(text.size()) == 0) {
      column.rows[suffix / piece_size(text.size())] = static_cast<uint32_t>(row);
    }
  }
  return column;
}

ByteBuffer restore(const Column& column) {
  ByteBuffer text(column.bytes);
  MemoryBudget budget(inverse_memory(text.size()));
  const auto restored = inverse(text, column.rows, identity_map(), budget);
  EXPECT_TRUE(restored.has_value());
  return text;
}

TEST(BwtTransform, IsTheLastColumnOfTheSortedSuffixes) {
  for (const ByteBuffer& text : test::bwt_inputs()) {
    if (text.size() > 20000) continue;
    if (text.size() > 2000 && text[0] == text[1] && text[1] == text[2]) continue;  // slow to sort
    const Column column = transform(text);
    const Column expected = transform_naively(text);
    ASSERT_TRUE(equal(column.bytes, expected.bytes)) << text.size();
    EXPECT_EQ(column.rows, expected.rows);
  }
}

TEST(BwtTransform, IsInverted) {
  for (const ByteBuffer& text : test::bwt_inputs()) {
    EXPECT_TRUE(equal(restore(transform(text)), text)) << text.size();
  }
}

TEST(BwtTransform, PiecesCoverTheText) {
  for (size_t log = 0; log < 24; ++log) {
    for (size_t size = std::max<size_t>(1, (size_t{1} << log) - 20); size < (size_t{1} << log) + 20;
         ++size) {
      const size_t pieces = piece_count(size);
      EXPECT_LE(pieces, kMaxPieces);
      EXPECT_GE(piece_size(size) * pieces, size);
      EXPECT_LT(piece_size(size) * (pieces - 1), size);
    }
  }
}

TEST(BwtTransform, SurvivesRowsAndColumnsThatNoTextHas) {
  std::mt19937 random(1);
  size_t refused = 0;
  for (int trial = 0; trial < 500; ++trial) {
    ByteBuffer column = test::random_bytes(1 + random() % 40000, static_cast<uint32_t>(random()));
    PieceRows rows;
    for (uint32_t& row : rows) {
      row = static_cast<uint32_t>(random() % (column.size() + 2));
      if (random() % 50 == 0) row = static_cast<uint32_t>(random());
    }
    MemoryBudget budget(inverse_memory(column.size()));
    const auto restored = inverse(column, rows, identity_map(), budget);
    if (!restored) {
      EXPECT_EQ(restored.error().code, ErrorCode::kDamaged);
      ++refused;
    }
  }
  EXPECT_GT(refused, 490U);
}

TEST(BwtTransform, SortOrdersArePermutations) {
  for (int number = 0; number < kSortOrders; ++number) {
    const ByteMap places = places_of(SortOrder{static_cast<uint8_t>(number)});
    const ByteMap bytes = inverse_of(places);
    for (size_t i = 0; i < 256; ++i) {
      EXPECT_EQ(static_cast<size_t>(bytes[static_cast<size_t>(places[i])]), i);
    }
  }
}

TEST(BwtTransform, RefusesABudgetThatIsTooSmall) {
  Column column = transform(test::random_text(1000, 1));
  MemoryBudget budget(inverse_memory(1000) - 1);
  EXPECT_FALSE(inverse(column.bytes, column.rows, identity_map(), budget).has_value());
}

}  // namespace
}  // namespace pith::bwt

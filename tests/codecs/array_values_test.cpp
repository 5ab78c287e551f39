// The numbers of arrays come out of their bytes and go back into them, however they lie.
#include <gtest/gtest.h>

#include <numeric>

#include "codecs/array/png_filter.h"
#include "codecs/array/values.h"
#include "tests/support/array_data.h"
#include "tests/support/random_data.h"

namespace pith::array {
namespace {

BlockView block_of(ByteView bytes, std::span<const Segment> segments) {
  return {.bytes = bytes, .segments = segments, .type = SegmentType::kArray};
}

template <class Word>
std::vector<Word> expect_way_back(const Variable& variable, ByteView bytes) {
  std::vector<Word> cells(static_cast<size_t>(cell_count(variable)));
  take_apart(variable, bytes, std::span(cells));
  uint64_t in_grids = 0;
  for (const Grid& grid : grids_of(variable)) {
    in_grids += grid.cells();
    EXPECT_LT(grid.first_row, grid.slice_rows);
    for (const uint64_t distance : grid.back) EXPECT_LT(distance, grid.rows);
  }
  EXPECT_EQ(in_grids, cells.size());
  ByteBuffer back(bytes.size(), std::byte{0xAA});
  put_together(variable, std::span<const Word>(cells), back);
  EXPECT_TRUE(equal(back, bytes));
  return cells;
}

// The plan of a block, written and read again.
Plan expect_plan(const BlockView& block) {
  const Plan plan = plan_block(block, 16);
  ByteBuffer written;
  ByteWriter writer(written);
  write_plan(plan, writer);
  ByteReader reader(written);
  auto read = read_plan(reader, block.bytes.size());
  EXPECT_TRUE(read.has_value() && reader.finished());
  if (!read) return plan;
  EXPECT_EQ(read->parts.size(), plan.parts.size());
  ByteBuffer back(block.bytes.size());
  for (uint32_t i = 0; i < plan.variables.size(); ++i) {
    EXPECT_EQ(read->variables[i].size, plan.variables[i].size);
    const ByteBuffer bytes = gather(plan, i, block.bytes);
    scatter(*read, i, bytes, back);
    if (i == 0) continue;
    if (needs_wide_words(read->variables[i])) {
      expect_way_back<uint64_t>(read->variables[i], bytes);
    } else {
      expect_way_back<uint32_t>(read->variables[i], bytes);
    }
  }
  EXPECT_TRUE(equal(back, block.bytes));
  return std::move(*read);
}

TEST(ArrayValues, EveryTypeAndByteOrderComesBackFromAnyCut) {
  const std::vector<std::vector<uint64_t>> shapes = {
      {77}, {5, 31}, {4, 1, 9, 13}, {3, 20, 10, 3}, {300, 2}, {2, 2, 2, 2, 2, 2, 2, 12}};
  for (int number = 0; number < kNumberTypes; ++number) {
    for (const bool big_endian : {false, true}) {
      for (const auto& shape : shapes) {
        ArrayLayout layout;
        layout.type = static_cast<NumberType>(number);
        layout.big_endian = big_endian;
        layout.shape = shape;
        const uint64_t cells =
            std::accumulate(shape.begin(), shape.end(), uint64_t{1}, std::multiplies<>());
        const uint64_t size = cells * number_size(layout.type);
        const ByteBuffer bytes =
            test::random_bytes(static_cast<size_t>(size), static_cast<uint32_t>(number));
        for (const uint64_t from : {uint64_t{0}, size / 3, size / 2 + 1}) {
          for (const uint64_t to : {size, size - size / 5}) {
            const ByteView part = ByteView(bytes).subspan(from, to - from);
            const Segment segment = test::array_segment(layout, part.size(), from);
            expect_plan(block_of(part, {&segment, 1}));
          }
        }
      }
    }
  }
}

TEST(ArrayValues, ByteOrderIsThatOfTheNumbers) {
  const ByteBuffer bytes = test::pack({0x0102, 0xFFFE, 0x8000}, NumberType::kInt16, true);
  const Variable v{.form = Form::kCells,
                   .type = NumberType::kInt16,
                   .big_endian = true,
                   .shape = {3},
                   .size = 6};
  EXPECT_EQ(expect_way_back<uint32_t>(v, bytes), (std::vector<uint32_t>{0x0102, 0xFFFE, 0x8000}));
}

TEST(ArrayValues, ShuffledBytesAreGathered) {
  const std::vector<uint64_t> numbers = {0x01020304, 0x11121314, 0x21222324};
  ByteBuffer shuffled;
  for (int b = 0; b < 4; ++b) {
    for (const uint64_t number : numbers) {
      shuffled.push_back(static_cast<std::byte>((number >> (8 * b)) & 0xFF));
    }
  }
  const Variable v{.form = Form::kCells,
                   .type = NumberType::kF32,
                   .shuffled = true,
                   .shape = {3},
                   .size = shuffled.size()};
  EXPECT_EQ(expect_way_back<uint32_t>(v, shuffled),
            (std::vector<uint32_t>(numbers.begin(), numbers.end())));
}

TEST(ArrayValues, TilesAreLaidOutByRowsAndWhatLiesBeyondTheShapeComesLast) {
  // A shape of 3 × 5 in tiles of 2 × 4: numbers are 10 · row + column.
  std::vector<uint64_t> bits;
  for (const int tile : {0, 1, 2, 3}) {
    for (int r = 0; r < 2; ++r) {
      for (int c = 0; c < 4; ++c) {
        bits.push_back(static_cast<uint64_t>(10 * (tile / 2 * 2 + r) + tile % 2 * 4 + c));
      }
    }
  }
  const ByteBuffer bytes = test::pack(bits, NumberType::kUint16, false);
  const Variable v{.form = Form::kTiles,
                   .type = NumberType::kUint16,
                   .shape = {3, 5},
                   .tile = {2, 4},
                   .size = bytes.size()};
  const auto cells = expect_way_back<uint32_t>(v, bytes);
  ASSERT_EQ(cells.size(), 32U);
  for (uint32_t i = 0; i < 15; ++i) EXPECT_EQ(cells[i], 10 * (i / 5) + i % 5);
  const auto grids = grids_of(v);
  ASSERT_EQ(grids.size(), 2U);
  EXPECT_EQ(grids[0].rows, 3U);
  EXPECT_EQ(grids[0].cols, 5U);
  EXPECT_EQ(grids[1].cells(), 17U);
}

TEST(ArrayValues, AnyRunOfTilesComesBack) {
  for (const bool shuffled : {false, true}) {
    ArrayLayout layout;
    layout.type = NumberType::kF64;
    layout.filter = shuffled ? ArrayFilter::kShuffle : ArrayFilter::kNone;
    layout.shape = {7, 10, 9};
    layout.tile = {3, 4, 5};
    const uint64_t tile = 3 * 4 * 5 * 8;
    const uint64_t tiles = 3 * 3 * 2;
    for (uint64_t from = 0; from < tiles; ++from) {
      for (uint64_t to = from + 1; to <= tiles; ++to) {
        const ByteBuffer bytes = test::random_bytes((to - from) * tile + 5, 1);
        const Segment segment = test::array_segment(layout, bytes.size(), from * tile);
        if (to == tiles) continue;  // five bytes more would lie beyond the array
        const Plan plan = expect_plan(block_of(bytes, {&segment, 1}));
        EXPECT_EQ(plan.variables.size(), 2U);
        EXPECT_EQ(plan.variables[0].size, 5U);
      }
    }
  }
}

TEST(ArrayValues, FiltersOfPngAreUndoneAndDoneAgain) {
  // Two rows of gray pixels: 1 3 6 10 by Sub, 2 4 6 8 by Up.
  const std::vector<uint8_t> rows = {1, 1, 2, 3, 4, 2, 1, 1, 0, 0xFE};
  Variable v{.form = Form::kPng,
             .type = NumberType::kUint8,
             .big_endian = true,
             .shape = {2, 4},
             .size = rows.size()};
  const ByteView bytes(reinterpret_cast<const std::byte*>(rows.data()), rows.size());
  EXPECT_EQ(expect_way_back<uint32_t>(v, bytes),
            (std::vector<uint32_t>{1, 2, 1, 3, 6, 10, 2, 4, 6, 8}));

  for (const uint64_t channels : {1U, 2U, 3U, 4U}) {
    for (const NumberType type : {NumberType::kUint8, NumberType::kUint16}) {
      v.type = type;
      v.shape = {9, 13, channels};
      const uint64_t row = 13 * channels * number_size(type) + 1;
      ByteBuffer image = test::random_bytes(9 * row, static_cast<uint32_t>(channels));
      // All filters, and numbers that none has.
      for (size_t r = 0; r < 9; ++r) image[r * row] = static_cast<std::byte>(r);
      v.size = image.size();
      expect_way_back<uint32_t>(v, image);
    }
  }
}

TEST(ArrayValues, VariablesThatInterleaveAreGathered) {
  ArrayLayout layout;
  layout.type = NumberType::kF32;
  layout.shape = {6, 4, 8};
  layout.size = 6 * 128;
  const auto a = std::make_shared<ArrayLayout>(layout);
  const auto b = std::make_shared<ArrayLayout>(layout);
  std::vector<Segment> segments;
  for (uint64_t record = 0; record < 6; ++record) {
    for (const auto& array : {a, b}) {
      Segment segment{.size = 128, .type = SegmentType::kArray, .layout = {}};
      segment.layout.array = array;
      segment.layout.offset = record * 128;
      segments.push_back(segment);
    }
    segments.push_back({.size = 3, .type = SegmentType::kMetadata, .layout = {}});
  }
  const ByteBuffer bytes = test::random_bytes(6 * 259, 3);
  const Plan plan = expect_plan(block_of(bytes, segments));
  ASSERT_EQ(plan.variables.size(), 3U);
  EXPECT_EQ(plan.variables[0].size, 18U);
  EXPECT_EQ(plan.variables[1].size, 768U);
  const auto grids = grids_of(plan.variables[2]);
  ASSERT_EQ(grids.size(), 1U);
  EXPECT_EQ(grids[0].rows, 24U);
  EXPECT_EQ(grids[0].slice_rows, 4U);
}

TEST(ArrayValues, PlansThatMakeNoSenseAreRefused) {
  std::mt19937 random(5);
  ArrayLayout layout;
  layout.type = NumberType::kInt16;
  layout.shape = {10, 20};
  layout.tile = {4, 4};
  const ByteBuffer bytes = test::random_bytes(3 * 5 * 32, 3);
  const Segment segment = test::array_segment(layout, bytes.size());
  const Plan plan = plan_block(block_of(bytes, {&segment, 1}), 16);
  ByteBuffer written;
  ByteWriter writer(written);
  write_plan(plan, writer);
  int refused = 0;
  for (int trial = 0; trial < 20000; ++trial) {
    ByteBuffer damaged = written;
    for (int i = 0; i < 2; ++i) {
      damaged[random() % damaged.size()] = static_cast<std::byte>(random());
    }
    ByteReader reader(damaged);
    const auto read = read_plan(reader, bytes.size());
    if (!read) {
      ++refused;
      continue;
    }
    for (const Variable& variable : read->variables) {
      if (variable.form == Form::kPlain) continue;
      EXPECT_LE(cell_count(variable), 2 * variable.size);
      if (!needs_wide_words(variable)) {
        expect_way_back<uint32_t>(variable, ByteView(bytes).first(variable.size));
      }
    }
  }
  EXPECT_GT(refused, 5000);
}

}  // namespace
}  // namespace pith::array

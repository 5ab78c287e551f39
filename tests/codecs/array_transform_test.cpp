// The search finds what numbers were made from, and every transform is exact on bit patterns.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "codecs/array/lattice.h"
#include "codecs/array/transform_search.h"
#include "tests/support/array_data.h"
#include "tests/support/random_data.h"

namespace pith::array {
namespace {

constexpr uint64_t kRows = 60;
constexpr uint64_t kCols = 100;

Grid grid_of(NumberType type, uint64_t rows, uint64_t cols) {
  return {.type = type, .cols = cols, .rows = rows, .up = 1, .slice_rows = rows, .first_row = 0};
}

template <class Word>
std::vector<FoundTransform<Word>> expect_exact(const Grid& grid, const std::vector<Word>& cells,
                                               const Variable& hints = {}) {
  auto found = find_transforms(grid, std::span<const Word>(cells), hints, true);
  EXPECT_FALSE(found.empty());
  size_t usable = 0;
  for (auto& candidate : found) {
    Keys<Word> keys;
    if (!apply(candidate.transform, std::span<const Word>(cells), most_exceptions(cells.size()),
               keys)) {
      continue;
    }
    ++usable;
    candidate.transform.exceptions = !keys.exceptions.empty();
    for (const Word key : keys.keys) EXPECT_LE(key, keys.highest);
    ByteBuffer written;
    ByteWriter writer(written);
    const TransformMemory memory = write_transform(candidate.transform, writer);
    ByteReader reader(written);
    MemoryBudget budget(memory.peak);
    const auto read = read_transform<Word>(reader, grid.type, cells.size(), budget);
    EXPECT_TRUE(read.has_value() && reader.finished());
    if (!read) continue;
    std::vector<Word> back(cells.size());
    invert(*read, keys, std::span(back));
    EXPECT_EQ(back, cells);
  }
  EXPECT_GT(usable, 0U);
  return found;
}

template <class Word>
std::vector<Word> floats(const std::vector<int64_t>& field, const auto& value) {
  std::vector<Word> cells;
  for (const int64_t k : field) cells.push_back(nearest_bits<Word>(value(k)));
  return cells;
}

template <class Word>
void expect_kind(NumberType type, TransformKind kind, const auto& value) {
  const auto field = test::wandering(kRows * kCols, kCols, 1);
  const auto cells = floats<Word>(field, value);
  const auto found = expect_exact(grid_of(type, kRows, kCols), cells);
  EXPECT_EQ(static_cast<int>(found.front().transform.kind), static_cast<int>(kind));
}

TEST(ArrayTransform, FindsDecimals) {
  const auto hundredths = [](int64_t k) { return static_cast<double>(k) / 100; };
  expect_kind<uint32_t>(NumberType::kF32, TransformKind::kGrid, hundredths);
  expect_kind<uint64_t>(NumberType::kF64, TransformKind::kGrid, hundredths);
}

TEST(ArrayTransform, FindsMeansOfCounts) {
  const auto means = [](int64_t k) { return static_cast<double>(k) / 1240; };
  expect_kind<uint32_t>(NumberType::kF32, TransformKind::kGrid, means);
  expect_kind<uint64_t>(NumberType::kF64, TransformKind::kGrid, means);
}

TEST(ArrayTransform, FindsTheStepOfABoundPassedByRounding) {
  for (const double step : {2 * 1e-3 * 83.17, 0.0123456789, 2e-4 * 29.74, 3.7e-5, 1234.5678}) {
    const auto rounded = [&](int64_t k) { return static_cast<double>(k - 500) * step; };
    const auto field = test::wandering(kRows * kCols, kCols, 2);
    const auto single = floats<uint32_t>(field, rounded);
    EXPECT_LE(expect_exact(grid_of(NumberType::kF32, kRows, kCols), single).front().cost,
              kRows * kCols * 6)
        << step;
    const auto wide = floats<uint64_t>(field, rounded);
    EXPECT_LE(expect_exact(grid_of(NumberType::kF64, kRows, kCols), wide).front().cost,
              kRows * kCols * 6)
        << step;
  }
}

TEST(ArrayTransform, FindsScaleAndAdd) {
  for (const double add : {273.15, -40.0, 0.37}) {
    expect_kind<uint32_t>(NumberType::kF32, TransformKind::kLinear,
                          [&](int64_t k) { return static_cast<double>(k) * 0.0137 + add; });
  }
}

TEST(ArrayTransform, TakesScaleAndAddAsGiven) {
  const auto field = test::wandering(kRows * kCols, kCols, 1);
  std::vector<uint32_t> cells;
  for (const int64_t k : field) {
    const float product = static_cast<float>(k) * 0.0021F;
    cells.push_back(std::bit_cast<uint32_t>(product + 271.3F));
  }
  Variable hints;
  hints.scale = static_cast<double>(0.0021F);
  hints.add = static_cast<double>(271.3F);
  const auto found = expect_exact(grid_of(NumberType::kF32, kRows, kCols), cells, hints);
  EXPECT_EQ(found.front().transform.kind, TransformKind::kLinear);
  EXPECT_TRUE(found.front().transform.single);
}

TEST(ArrayTransform, FindsADivisorForEachSlice) {
  Grid grid = grid_of(NumberType::kF32, 60, 100);
  grid.slice_rows = 10;
  grid.first_row = 4;  // so the first slice has six rows
  const auto field = test::wandering(6000, 100, 4);
  std::vector<uint32_t> cells;
  const uint64_t divisors[] = {120, 310, 280, 1240, 300, 560, 119};
  for (size_t i = 0; i < field.size(); ++i) {
    const uint64_t slice = (i / 100 + 4) / 10;
    cells.push_back(nearest_bits<uint32_t>(static_cast<double>(field[i]) /
                                           static_cast<double>(divisors[slice])));
  }
  const auto found = expect_exact(grid, cells);
  ASSERT_EQ(found.front().transform.kind, TransformKind::kGrid);
  ASSERT_EQ(found.front().transform.slices.size(), 7U);
}

TEST(ArrayTransform, RanksPackedIntegersAndDropsBitsThatAreZero) {
  const auto field = test::wandering(kRows * kCols, kCols, 1);
  std::vector<uint32_t> gaps;
  std::vector<uint32_t> steps;
  std::vector<uint64_t> widened;
  for (const int64_t k : field) {
    gaps.push_back(static_cast<uint32_t>(k * 21 / 2) & 0xFFFF);
    steps.push_back(static_cast<uint32_t>(k * 7 - 4000) & 0xFFFF);
    widened.push_back(
        std::bit_cast<uint64_t>(static_cast<double>(std::sqrt(static_cast<float>(k) + 0.1F))));
  }
  const auto ranked = expect_exact(grid_of(NumberType::kInt16, kRows, kCols), gaps);
  EXPECT_EQ(ranked.front().transform.kind, TransformKind::kRank);
  const auto stepped = expect_exact(grid_of(NumberType::kInt16, kRows, kCols), steps);
  const bool by_step = std::any_of(stepped.begin(), stepped.end(),
                                   [](const auto& f) { return f.transform.step == 7; });
  EXPECT_TRUE(by_step);
  const auto wide = expect_exact(grid_of(NumberType::kF64, kRows, kCols), widened);
  const bool by_shift =
      std::any_of(wide.begin(), wide.end(), [](const auto& f) { return f.transform.shift == 29; });
  EXPECT_TRUE(by_shift);
}

TEST(ArrayTransform, OddValuesComeBackBesideAGrid) {
  const auto field = test::wandering(kRows * kCols, kCols, 1);
  auto cells = floats<uint32_t>(field, [](int64_t k) { return static_cast<double>(k) / 10; });
  for (size_t i = 0; i < cells.size(); i += 9) cells[i] = 0xE0AD78EC;  // -1e20
  for (size_t i = 4; i < cells.size(); i += 50) cells[i] = 0x7FC00000;
  cells[17] = 0x80000000;
  cells[18] = 0x7F800000;
  cells[19] = 0xFFC12345;
  cells[20] = 0x00000001;
  cells[21] = 0x807FFFFF;
  cells[2222] = 0x3F9DF3B6;  // 1.234
  Variable hints;
  hints.fills = {0xE0AD78EC};
  const auto found = expect_exact(grid_of(NumberType::kF32, kRows, kCols), cells, hints);
  EXPECT_TRUE(std::any_of(found.begin(), found.end(), [](const auto& f) {
    return f.transform.kind == TransformKind::kGrid && f.transform.exceptions;
  }));
}

TEST(ArrayTransform, RandomBitsOfEveryTypeComeBack) {
  for (int number = 0; number < kNumberTypes; ++number) {
    const auto type = static_cast<NumberType>(number);
    const uint32_t bits = 8 * number_size(type);
    for (const size_t count : {size_t{1}, size_t{2}, size_t{99}, size_t{5000}}) {
      std::mt19937_64 random(count);
      Grid grid = grid_of(type, 1, count);
      grid.up = 0;
      if (bits == 64) {
        std::vector<uint64_t> cells(count);
        for (auto& cell : cells) cell = random();
        expect_exact(grid, cells);
      } else {
        std::vector<uint32_t> cells(count);
        for (auto& cell : cells) {
          cell = static_cast<uint32_t>(random() & ((uint64_t{1} << bits) - 1));
        }
        expect_exact(grid, cells);
        std::fill(cells.begin(), cells.end(), cells[0]);
        expect_exact(grid, cells);
      }
    }
  }
}

TEST(ArrayTransform, DamagedTransformsAreRefusedOrHarmless) {
  const auto field = test::wandering(kRows * kCols, kCols, 1);
  std::mt19937 random(2);
  const std::vector<std::vector<uint32_t>> kinds = {
      floats<uint32_t>(field, [](int64_t k) { return static_cast<double>(k) / 100; }),
      floats<uint32_t>(field, [](int64_t k) { return static_cast<double>(k) * 0.0137 + 0.37; }),
      floats<uint32_t>(field, [](int64_t k) { return std::sqrt(static_cast<double>(k)); })};
  for (const auto& cells : kinds) {
    const Grid grid = grid_of(NumberType::kF32, kRows, kCols);
    for (const auto& candidate :
         find_transforms(grid, std::span<const uint32_t>(cells), Variable{}, true)) {
      ByteBuffer written;
      ByteWriter writer(written);
      write_transform(candidate.transform, writer);
      for (int trial = 0; trial < 300; ++trial) {
        ByteBuffer damaged = written;
        damaged[random() % damaged.size()] = static_cast<std::byte>(random());
        ByteReader reader(damaged);
        MemoryBudget budget(uint64_t{1} << 22);
        const auto read = read_transform<uint32_t>(reader, grid.type, cells.size(), budget);
        if (!read) continue;
        Keys<uint32_t> keys;
        for (size_t i = 0; i < cells.size(); ++i) {
          keys.keys.push_back(static_cast<uint32_t>(random()));
        }
        std::vector<uint32_t> back(cells.size());
        invert(*read, keys, std::span(back));
      }
    }
  }
}

}  // namespace
}  // namespace pith::array

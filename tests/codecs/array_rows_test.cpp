// What is done to whole rows gives the same numbers for every vector width, and those that the
// definitions of predictions, tokens and levels give.
#include <gtest/gtest.h>

#include <random>

#include "codecs/array/array_codec.h"
#include "codecs/array/row_kernels.h"
#include "codecs/array/token.h"
#include "hwy/targets.h"
#include "tests/support/array_data.h"

namespace pith::array {
namespace {

// Calls f() with each target that this machine has.
template <class F>
void for_each_target(F&& f) {
  for (const int64_t target : {HWY_SSE4, HWY_AVX2, HWY_AVX3}) {
    hwy::SetSupportedTargetsForTest(0);
    if ((hwy::SupportedTargets() & target) == 0) continue;
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    f();
  }
  hwy::SetSupportedTargetsForTest(0);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

// Rows of keys up to `highest`, with margins.
struct Keys {
  explicit Keys(uint32_t highest, size_t cols) : cells(7 * (cols + 2 * kMargin)) {
    std::mt19937 random(highest);
    for (uint32_t& cell : cells) {
      cell = highest == UINT32_MAX ? static_cast<uint32_t>(random())
                                   : static_cast<uint32_t>(random()) % (highest + 1);
    }
    const auto row = [&](size_t i) { return cells.data() + i * (cols + 2 * kMargin) + kMargin; };
    rows = {.x = row(0),
            .n = row(1),
            .nn = row(2),
            .p = {row(3), row(4)},
            .pn = {row(5), row(6)},
            .ps = {row(3), row(4)}};
  }

  std::vector<uint32_t> cells;
  Rows<uint32_t> rows;
};

uint32_t expected_residual(const Keys& keys, Mode mode, size_t ref, uint32_t highest, ptrdiff_t c) {
  int64_t prediction = 0;
  with_mode(mode,
            [&](auto fixed) { prediction = predict<decltype(fixed)::value>(keys.rows, ref, c); });
  return fold(keys.rows.x[c] - Limits<uint32_t>(highest).clamp(prediction));
}

TEST(ArrayRows, AreFoldedAndPricedAlikeByEveryTarget) {
  constexpr size_t kCols = 77;
  for (const uint32_t highest : {0U, 9U, 255U, kHighestNarrow, kHighestNarrow + 1, UINT32_MAX}) {
    const Keys keys(highest, kCols);
    for (int number = 0; number < kFixedModes; ++number) {
      const auto mode = static_cast<Mode>(number);
      const size_t ref = needs_time(mode) ? 1 : 0;
      std::array<uint8_t, kCols> classes{};
      for (size_t c = 0; c < kCols; c += 5) classes[c] = 1;
      const std::array<Window<uint32_t>, 3> windows = {
          Window<uint32_t>{.rows = keys.rows, .classes = nullptr, .begin = 3, .end = 3 + 32},
          Window<uint32_t>{.rows = keys.rows, .classes = classes.data(), .begin = 40, .end = 72},
          Window<uint32_t>{.rows = keys.rows, .classes = nullptr, .begin = 70, .end = 77}};
      uint64_t price = 0;
      for (const auto& window : windows) {
        for (ptrdiff_t c = window.begin; c < window.end; ++c) {
          if (window.classes != nullptr && window.classes[c] != 0) continue;
          price += cost_of_residual(expected_residual(keys, mode, ref, highest, c));
        }
      }
      for_each_target([&] {
        std::array<uint32_t, kCols> folded{};
        std::array<uint8_t, kCols> tokens{};
        fold_row(keys.rows, mode, ref, highest, kCols, folded.data(), tokens.data());
        for (size_t c = 0; c < kCols; ++c) {
          const uint32_t residual =
              expected_residual(keys, mode, ref, highest, static_cast<ptrdiff_t>(c));
          ASSERT_EQ(folded[c], residual) << number << " " << highest;
          ASSERT_EQ(tokens[c], token_of(residual)) << residual;
        }
        ASSERT_EQ(cost_of_windows(windows, mode, ref, highest), price) << number << " " << highest;
      });
    }
  }
}

TEST(ArrayRows, TokensOfAllSizesAreTold) {
  // Residuals to a row of zeros, which are not limited.
  std::vector<uint32_t> numbers;
  for (int bits = 0; bits < 31; ++bits) {
    for (const uint32_t top : {8U, 9U, 10U, 11U, 12U, 13U, 14U, 15U}) {
      const uint32_t size = (top << bits) >> 3;
      for (const uint32_t number : {size - 1, size, size + 1}) {
        if (number < (1U << 31)) numbers.push_back(number);
      }
    }
  }
  const size_t cols = numbers.size();
  std::vector<uint32_t> zeros(cols + 2 * kMargin, 0);
  std::vector<uint32_t> row(zeros);
  std::copy(numbers.begin(), numbers.end(), row.begin() + kMargin);
  const Rows<uint32_t> rows = {
      .x = row.data() + kMargin, .n = zeros.data() + kMargin, .nn = zeros.data() + kMargin};
  for_each_target([&] {
    std::vector<uint32_t> folded(cols);
    std::vector<uint8_t> tokens(cols);
    fold_row(rows, kAbove, 0, UINT32_MAX, cols, folded.data(), tokens.data());
    for (size_t c = 0; c < cols; ++c) ASSERT_EQ(tokens[c], token_of(2 * numbers[c])) << numbers[c];
  });
}

TEST(ArrayRows, LevelsFollowFromTheSizesAround) {
  constexpr size_t kCols = 83;
  std::mt19937 random(1);
  std::vector<uint8_t> tokens(3 * (kCols + 2 * kMargin));
  for (uint8_t& token : tokens) token = static_cast<uint8_t>(random() % 256);
  const auto row = [&](size_t i) { return tokens.data() + i * (kCols + 2 * kMargin) + kMargin; };
  const uint8_t* const t = row(0);
  const uint8_t* const n = row(1);
  const uint8_t* const p = row(2);
  for_each_target([&] {
    std::array<uint8_t, kCols> levels{};
    std::array<uint16_t, kCols> both{};
    std::array<uint16_t, kCols> above{};
    std::array<uint16_t, kCols> ref{};
    levels_of_row(t, n, p, kCols, levels.data());
    sizes_around(n, p, kCols, both.data());
    sizes_around(n, nullptr, kCols, above.data());
    sizes_around(nullptr, p, kCols, ref.data());
    for (size_t i = 0; i < kCols; ++i) {
      const auto c = static_cast<ptrdiff_t>(i);
      const unsigned sum = 2U * n[c] + n[c - 1] + n[c + 1];
      ASSERT_EQ(above[i], sum);
      ASSERT_EQ(ref[i], 2U * p[c]);
      ASSERT_EQ(both[i], sum + 2U * p[c]);
      ASSERT_EQ(levels[i], level_of(sum + 2U * p[c] + 2U * t[c - 1]));
    }
  });
}

TEST(ArrayRows, PayloadsAreTheSameForEveryTarget) {
  const std::vector<uint64_t> shape = {4, 40, 61};
  std::vector<uint64_t> bits;
  for (const int64_t k : test::wandering(4 * 40 * 61, 61, 3)) {
    bits.push_back(bits.size() % 97 < 20 ? 0x8000 : static_cast<uint64_t>(k) & 0xFFFF);
  }
  const ByteBuffer bytes = test::pack(bits, NumberType::kInt16, false);
  auto layout = std::make_shared<ArrayLayout>();
  layout->type = NumberType::kInt16;
  layout->shape = shape;
  layout->size = bytes.size();
  Segment segment{.size = bytes.size(), .type = SegmentType::kArray, .layout = {}};
  segment.layout.array = layout;
  const BlockView block{.bytes = bytes, .segments = {&segment, 1}, .type = SegmentType::kArray};
  for (const Level level : {3, 5}) {
    ByteBuffer first;
    for_each_target([&] {
      ByteBuffer payload;
      uint64_t memory = 0;
      ASSERT_TRUE(array_codec().encode(block, level, payload, memory, nullptr).has_value());
      if (first.empty()) first = ByteBuffer(payload);
      EXPECT_TRUE(equal(payload, first));
      ByteBuffer raw(bytes.size());
      MemoryBudget budget(memory);
      ASSERT_TRUE(array_codec().decode(first, raw, budget, nullptr).has_value());
      EXPECT_TRUE(equal(raw, bytes));
    });
  }
}

}  // namespace
}  // namespace pith::array

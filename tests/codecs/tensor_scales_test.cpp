// Scales of columns and rows (codecs/tensor/scales.h).
#include <gtest/gtest.h>

#include "codecs/tensor/scales.h"

namespace pith::tensor {
namespace {

constexpr int32_t kOctave = 32;

TEST(TensorScales, AProductOfColumnsAndRowsIsFound) {
  constexpr int kColumns = 8;
  Scales scales;
  scales.begin(kColumns);
  // Column c is 2^c as large as the first one, every other row 2^3 as large as the one before.
  for (int row = 0; row < 400; ++row) {
    const int shift = 20 + (row % 2) * 3;
    for (int column = 0; column < kColumns; ++column) {
      const int64_t number = int64_t{1} << (shift + column);
      // The row's scale is known after its first numbers.
      if (row >= 300 && column == kColumns - 1) {
        const int32_t exact = (shift + column) * kOctave;
        EXPECT_LT(std::abs(scales.expected() - exact), 2 * kOctave) << row;
      }
      scales.add(number);
    }
  }
}

TEST(TensorScales, WithoutRowsAllCount) {
  Scales scales;
  scales.begin(0);
  EXPECT_EQ(scales.expected(), 0);
  scales.add(int64_t{1} << 30);
  EXPECT_EQ(scales.all(), 30 * kOctave);
  EXPECT_EQ(scales.expected(), 30 * kOctave);
}

TEST(TensorScales, TheLargestAndZerosStayInRange) {
  constexpr int64_t kMost = (int64_t{1} << Scales::kMagnitudeBits) - 1;
  Scales scales;
  scales.begin(3);
  for (int i = 0; i < 3000; ++i) {
    scales.add(i % 7 < 3 ? kMost : i % 7 == 3 ? 1 : 0);
    EXPECT_GE(scales.expected(), 0);
    EXPECT_LT(scales.all(), Scales::kMagnitudeBits * kOctave);
    EXPECT_LT(scales.column(), Scales::kMagnitudeBits * kOctave);
  }
}

}  // namespace
}  // namespace pith::tensor

#include "base/tensor.h"

#include <gtest/gtest.h>

namespace pith {
namespace {

TensorLayout tensor(ElementType element, std::vector<uint64_t> shape, uint8_t ggml_type = 0) {
  TensorLayout layout;
  layout.element = element;
  layout.ggml_type = ggml_type;
  layout.shape = std::move(shape);
  layout.size = tensor_size(layout).value_or(0);
  return layout;
}

TEST(TensorSize, IsThatOfTheElements) {
  EXPECT_EQ(tensor_size(tensor(ElementType::kF64, {})), 8U);
  EXPECT_EQ(tensor_size(tensor(ElementType::kF32, {3, 4})), 48U);
  EXPECT_EQ(tensor_size(tensor(ElementType::kBf16, {7})), 14U);
  EXPECT_EQ(tensor_size(tensor(ElementType::kF8E5M2, {5, 1})), 5U);
  EXPECT_EQ(tensor_size(tensor(ElementType::kInt64, {2, 0, 9})), 0U);
}

TEST(TensorSize, CountsBlocksOfGgml) {
  EXPECT_EQ(tensor_size(tensor(ElementType::kGgml, {2, 64}, 8)), 136U);  // Q8_0
  EXPECT_EQ(tensor_size(tensor(ElementType::kGgml, {512}, 14)), 420U);   // Q6_K
  // Rows that are no whole number of blocks.
  EXPECT_FALSE(tensor_size(tensor(ElementType::kGgml, {64, 5}, 8)));
  EXPECT_FALSE(tensor_size(tensor(ElementType::kGgml, {}, 8)));
}

TEST(TensorSize, RefusesWhatNoFileHolds) {
  EXPECT_EQ(tensor_size(tensor(ElementType::kInt8, {uint64_t{1} << 60})), uint64_t{1} << 60);
  EXPECT_FALSE(tensor_size(tensor(ElementType::kInt16, {uint64_t{1} << 60})));
  EXPECT_FALSE(tensor_size(tensor(ElementType::kInt8, {uint64_t{1} << 40, uint64_t{1} << 40})));
  EXPECT_FALSE(tensor_size(tensor(ElementType::kInt8, {UINT64_MAX, UINT64_MAX})));
  // An axis of none makes the others harmless only if they are sane.
  EXPECT_EQ(tensor_size(tensor(ElementType::kInt8, {0, 5})), 0U);
}

TEST(GgmlTypes, HaveTheSizesOfGgml) {
  EXPECT_EQ(find_ggml_type(2)->block_size, 18U);
  EXPECT_EQ(find_ggml_type(12)->elements, 256U);
  EXPECT_EQ(find_ggml_type(12)->block_size, 144U);
  EXPECT_EQ(find_ggml_type(30)->element, ElementType::kBf16);
  EXPECT_STREQ(find_ggml_type(23)->name, "IQ4_XS");
  for (const uint32_t gone : {4U, 5U, 31U, 38U, 40U, 255U, UINT32_MAX}) {
    EXPECT_FALSE(find_ggml_type(gone)) << gone;
  }
}

TEST(CutSize, IsARowOrAUnitWhereRowsAreLong) {
  EXPECT_EQ(cut_size(tensor(ElementType::kF32, {10, 100})), 400U);
  EXPECT_EQ(cut_size(tensor(ElementType::kF32, {10, 16384})), 65536U);
  EXPECT_EQ(cut_size(tensor(ElementType::kF32, {10, 16385})), 4U);
  EXPECT_EQ(cut_size(tensor(ElementType::kF16, {})), 2U);
  EXPECT_EQ(cut_size(tensor(ElementType::kF16, {9, 1})), 2U);
  EXPECT_EQ(cut_size(tensor(ElementType::kGgml, {4, 64}, 8)), 68U);
  EXPECT_EQ(cut_size(tensor(ElementType::kGgml, {4, 262144}, 8)), 34U);
}

TEST(FirstAxisStride, DividesTheTensor) {
  EXPECT_EQ(first_axis_stride(tensor(ElementType::kF32, {10, 3, 2})), 24U);
  EXPECT_EQ(first_axis_stride(tensor(ElementType::kF32, {})), 4U);
}

}  // namespace
}  // namespace pith

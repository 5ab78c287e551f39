#include "base/tensor.h"

#include <algorithm>
#include <array>

namespace pith {
namespace {

constexpr uint64_t kMaxTensor = uint64_t{1} << 60;
constexpr uint64_t kLongRow = uint64_t{64} << 10;

// By ggml's numbers (enum ggml_type). The numbers that are left out were types that are gone.
constexpr std::array<GgmlType, 40> kGgmlTypes = {{
    {"F32", 1, 4, ElementType::kF32},
    {"F16", 1, 2, ElementType::kF16},
    {"Q4_0", 32, 18},
    {"Q4_1", 32, 20},
    {},  // Q4_2
    {},  // Q4_3
    {"Q5_0", 32, 22},
    {"Q5_1", 32, 24},
    {"Q8_0", 32, 34},
    {"Q8_1", 32, 36},
    {"Q2_K", 256, 84},
    {"Q3_K", 256, 110},
    {"Q4_K", 256, 144},
    {"Q5_K", 256, 176},
    {"Q6_K", 256, 210},
    {"Q8_K", 256, 292},
    {"IQ2_XXS", 256, 66},
    {"IQ2_XS", 256, 74},
    {"IQ3_XXS", 256, 98},
    {"IQ1_S", 256, 50},
    {"IQ4_NL", 32, 18},
    {"IQ3_S", 256, 110},
    {"IQ2_S", 256, 82},
    {"IQ4_XS", 256, 136},
    {"I8", 1, 1, ElementType::kInt8},
    {"I16", 1, 2, ElementType::kInt16},
    {"I32", 1, 4, ElementType::kInt32},
    {"I64", 1, 8, ElementType::kInt64},
    {"F64", 1, 8, ElementType::kF64},
    {"IQ1_M", 256, 56},
    {"BF16", 1, 2, ElementType::kBf16},
    {},  // Q4_0_4_4
    {},  // Q4_0_4_8
    {},  // Q4_0_8_8
    {"TQ1_0", 256, 54},
    {"TQ2_0", 256, 66},
    {},  // IQ4_NL_4_4
    {},  // IQ4_NL_4_8
    {},  // IQ4_NL_8_8
    {"MXFP4", 32, 17},
}};

// Elements of the tensor that one unit holds.
uint64_t unit_elements(const TensorLayout& tensor) {
  if (tensor.element != ElementType::kGgml) return 1;
  const auto type = find_ggml_type(tensor.ggml_type);
  return type ? type->elements : 1;
}

// Bytes of `axes`; nothing if that is too many or no whole number of units.
std::optional<uint64_t> size_of(const TensorLayout& tensor, size_t first_axis) {
  uint64_t elements = 1;
  bool empty = false;
  for (size_t i = first_axis; i < tensor.shape.size(); ++i) {
    if (tensor.shape[i] == 0) {
      empty = true;
    } else if (tensor.shape[i] > kMaxTensor / elements) {
      return std::nullopt;
    } else {
      elements *= tensor.shape[i];
    }
  }
  if (empty) return 0;
  const uint64_t per_unit = unit_elements(tensor);
  const uint64_t row = tensor.shape.empty() ? 1 : tensor.shape.back();
  if (row % per_unit != 0) return std::nullopt;
  const uint64_t units = elements / per_unit;
  const uint64_t unit = unit_size(tensor);
  if (units > kMaxTensor / unit) return std::nullopt;
  return units * unit;
}

}  // namespace

std::optional<GgmlType> find_ggml_type(uint32_t number) {
  if (number >= kGgmlTypes.size() || kGgmlTypes[number].name == nullptr) return std::nullopt;
  return kGgmlTypes[number];
}

SegmentType segment_type_of(ElementType element) {
  switch (element) {
    case ElementType::kF64:
      return SegmentType::kF64;
    case ElementType::kF32:
      return SegmentType::kF32;
    case ElementType::kF16:
      return SegmentType::kF16;
    case ElementType::kBf16:
      return SegmentType::kBf16;
    case ElementType::kF8E4M3:
    case ElementType::kF8E5M2:
      return SegmentType::kF8;
    case ElementType::kInt64:
    case ElementType::kInt32:
    case ElementType::kInt16:
    case ElementType::kInt8:
    case ElementType::kGgml:
      break;
  }
  return SegmentType::kIntegers;
}

uint64_t unit_size(const TensorLayout& tensor) {
  switch (tensor.element) {
    case ElementType::kF64:
    case ElementType::kInt64:
      return 8;
    case ElementType::kF32:
    case ElementType::kInt32:
      return 4;
    case ElementType::kF16:
    case ElementType::kBf16:
    case ElementType::kInt16:
      return 2;
    case ElementType::kF8E4M3:
    case ElementType::kF8E5M2:
    case ElementType::kInt8:
      return 1;
    case ElementType::kGgml:
      break;
  }
  const auto type = find_ggml_type(tensor.ggml_type);
  return type ? type->block_size : 1;
}

std::optional<uint64_t> tensor_size(const TensorLayout& tensor) { return size_of(tensor, 0); }

uint64_t first_axis_stride(const TensorLayout& tensor) {
  if (tensor.shape.empty() || tensor.size == 0) return tensor.size;
  return tensor.size / tensor.shape.front();
}

uint64_t cut_size(const TensorLayout& tensor) {
  const uint64_t unit = unit_size(tensor);
  if (tensor.shape.empty() || tensor.size == 0) return unit;
  const auto row = size_of(tensor, tensor.shape.size() - 1);
  return row && *row != 0 && *row <= kLongRow && tensor.size % *row == 0 ? *row : unit;
}

}  // namespace pith

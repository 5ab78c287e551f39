#include "codecs/tensor/element.h"

#include "codecs/tensor/ggml_blocks.h"

namespace pith::tensor {
namespace {

// Types of ggml that are plain numbers.
Kind kind_of_ggml(uint8_t type) {
  switch (type) {
    case 0:
      return Kind::kF32;
    case 1:
      return Kind::kF16;
    case 24:
      return Kind::kInt8;
    case 25:
      return Kind::kInt16;
    case 26:
      return Kind::kInt32;
    case 27:
      return Kind::kInt64;
    case 28:
      return Kind::kF64;
    case 30:
      return Kind::kBf16;
    default:
      return find_ggml_block(type) != nullptr ? Kind::kGgml : Kind::kInt8;
  }
}

Kind kind_of_element(const TensorLayout& tensor) {
  switch (tensor.element) {
    case ElementType::kF64:
      return Kind::kF64;
    case ElementType::kF32:
      return Kind::kF32;
    case ElementType::kF16:
      return Kind::kF16;
    case ElementType::kBf16:
      return Kind::kBf16;
    case ElementType::kF8E4M3:
    case ElementType::kF8E5M2:
      return Kind::kF8;
    case ElementType::kInt64:
      return Kind::kInt64;
    case ElementType::kInt32:
      return Kind::kInt32;
    case ElementType::kInt16:
      return Kind::kInt16;
    case ElementType::kInt8:
      return Kind::kInt8;
    case ElementType::kGgml:
      return kind_of_ggml(tensor.ggml_type);
  }
  return Kind::kPlain;
}

}  // namespace

Kind kind_of(const Segment& segment, uint8_t& ggml_type) {
  ggml_type = 0;
  switch (segment.type) {
    case SegmentType::kF64:
    case SegmentType::kF32:
    case SegmentType::kF16:
    case SegmentType::kBf16:
    case SegmentType::kF8:
    case SegmentType::kIntegers:
      break;
    default:
      return Kind::kPlain;
  }
  if (segment.layout.tensor != nullptr) {
    const Kind kind = kind_of_element(*segment.layout.tensor);
    if (kind == Kind::kGgml) ggml_type = segment.layout.tensor->ggml_type;
    return kind;
  }
  switch (segment.type) {
    case SegmentType::kF64:
      return Kind::kF64;
    case SegmentType::kF32:
      return Kind::kF32;
    case SegmentType::kF16:
      return Kind::kF16;
    case SegmentType::kBf16:
      return Kind::kBf16;
    case SegmentType::kF8:
      return Kind::kF8;
    default:
      return Kind::kInt8;
  }
}

}  // namespace pith::tensor

// What follows from a tensor's description: sizes of elements, of rows, of the whole.
#pragma once

#include <optional>

#include "base/segment.h"

namespace pith {

// A type of ggml: `block_size` bytes hold `elements` weights. Nothing for a number that ggml has
// not given, or has taken back.
struct GgmlType {
  const char* name = nullptr;
  uint32_t elements = 0;
  uint32_t block_size = 0;
  // How it is coded: kGgml if the block is more than one plain element.
  ElementType element = ElementType::kGgml;
};
std::optional<GgmlType> find_ggml_type(uint32_t number);

// The type of a segment with such elements.
SegmentType segment_type_of(ElementType element);

// Bytes of the smallest part that has a meaning of its own: an element, or a block of ggml.
uint64_t unit_size(const TensorLayout& tensor);

// Bytes of a tensor with these elements and this shape; nothing if they are more than 2^60, or if
// the rows are no whole number of ggml's blocks.
std::optional<uint64_t> tensor_size(const TensorLayout& tensor);

// Bytes of one step along the first axis: of the whole tensor if it has no axis or is empty.
uint64_t first_axis_stride(const TensorLayout& tensor);

// Bytes of which a part of a tensor should be a whole number: of a row (the last axis), or of a
// unit where rows are longer than 64 KiB.
uint64_t cut_size(const TensorLayout& tensor);

}  // namespace pith

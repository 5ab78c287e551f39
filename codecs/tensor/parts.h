// How a block falls into parts, and a part into columns.
//
// A piece is a run of bytes of one kind: a segment of the block, or what is left of one after the
// bytes in front of its first whole element. A part is at most so much of a piece as part_size()
// says; what is left over at the end of a piece, less than an element, is a part of plain bytes.
// A part of floats is one column; other parts are told apart into columns of fields (the bytes of
// an integer, the scales and quants of a block of weights), whose lengths follow from the part.
// Encoder and decoder walk over the parts in the same order.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "codecs/tensor/element.h"
#include "codecs/tensor/ggml_blocks.h"

namespace pith::tensor {

struct Piece {
  Kind kind = Kind::kPlain;
  uint8_t ggml_type = 0;                        // 0 unless the kind is kGgml
  uint64_t size = 0;                            // bytes, at least 1
  std::optional<uint64_t> base = std::nullopt;  // where the base holds the same piece
};

struct Part {
  Kind kind = Kind::kPlain;
  uint8_t ggml_type = 0;
  size_t offset = 0;  // in the block
  size_t size = 0;    // bytes
};

// What a part that is not of floats looks like. The numbers stand in payloads.
enum class Form : uint8_t {
  kFields = 0,    // one column for each field
  kExtremes = 1,  // Q8_0 and Q4_0: extremes.h
  kPlain = 2,
  kQuants = 3,  // Q8_0 and Q4_0: quant_coder.h
};

inline constexpr size_t kPartElements = size_t{256} << 10;

// Bytes of an element, or of a block of weights.
constexpr size_t unit_size(Kind kind, const GgmlBlock* block) {
  return block != nullptr   ? block->bytes
         : is_integer(kind) ? integer_width(kind)
                            : number_format(kind).width;
}

constexpr size_t part_size(Kind kind, const GgmlBlock* block) {
  if (kind == Kind::kPlain) return SIZE_MAX;
  const size_t unit = unit_size(kind, block);
  return block != nullptr ? (size_t{512} << 10) / unit * unit : kPartElements * unit;
}

// Calls f(part) for each part of a piece that begins at `offset`; f returns false to stop.
template <class F>
bool for_each_part(const Piece& piece, size_t offset, F&& f) {
  const GgmlBlock* block = piece.kind == Kind::kGgml ? find_ggml_block(piece.ggml_type) : nullptr;
  const size_t unit = unit_size(piece.kind, block);
  const size_t most = part_size(piece.kind, block);
  auto left = static_cast<size_t>(piece.size);
  while (left >= unit) {
    const size_t size = left < most ? left / unit * unit : most;
    if (!f(Part{piece.kind, piece.ggml_type, offset, size})) return false;
    offset += size;
    left -= size;
  }
  return left == 0 || f(Part{Kind::kPlain, 0, offset, left});
}

// The fields of a part that is not of floats: those of a ggml block, or the bytes of an integer.
std::span<const GgmlField> fields_of(const Part& part);

constexpr NumberFormat field_format(FieldKind kind) {
  return kind == FieldKind::kF16   ? number_format(Kind::kF16)
         : kind == FieldKind::kF32 ? number_format(Kind::kF32)
                                   : NumberFormat{};
}

// Copies `size` bytes at `offset` of each `stride` bytes of `from` to `to`, back to back; and back.
void gather(ByteView from, size_t stride, size_t offset, size_t size, std::byte* to);
void scatter(const std::byte* from, size_t stride, size_t offset, size_t size, MutableBytes to);

}  // namespace pith::tensor

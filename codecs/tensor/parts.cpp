#include "codecs/tensor/parts.h"

namespace pith::tensor {
namespace {

template <size_t kSize>
void gather_fixed(ByteView from, size_t stride, size_t offset, std::byte* to) {
  for (size_t at = offset; at < from.size(); at += stride, to += kSize) {
    std::memcpy(to, from.data() + at, kSize);
  }
}

template <size_t kSize>
void scatter_fixed(const std::byte* from, size_t stride, size_t offset, MutableBytes to) {
  for (size_t at = offset; at < to.size(); at += stride, from += kSize) {
    std::memcpy(to.data() + at, from, kSize);
  }
}

}  // namespace

std::span<const GgmlField> fields_of(const Part& part) {
  static constexpr std::array<GgmlField, 8> kPlanes = {{{1}, {1}, {1}, {1}, {1}, {1}, {1}, {1}}};
  if (part.kind == Kind::kGgml) return find_ggml_block(part.ggml_type)->fields;
  return std::span(kPlanes).first(integer_width(part.kind));
}

void gather(ByteView from, size_t stride, size_t offset, size_t size, std::byte* to) {
  switch (size) {
    case 1:
      return gather_fixed<1>(from, stride, offset, to);
    case 2:
      return gather_fixed<2>(from, stride, offset, to);
    case 16:
      return gather_fixed<16>(from, stride, offset, to);
    case 32:
      return gather_fixed<32>(from, stride, offset, to);
    default:
      for (size_t at = offset; at < from.size(); at += stride, to += size) {
        std::memcpy(to, from.data() + at, size);
      }
  }
}

void scatter(const std::byte* from, size_t stride, size_t offset, size_t size, MutableBytes to) {
  switch (size) {
    case 1:
      return scatter_fixed<1>(from, stride, offset, to);
    case 2:
      return scatter_fixed<2>(from, stride, offset, to);
    case 16:
      return scatter_fixed<16>(from, stride, offset, to);
    case 32:
      return scatter_fixed<32>(from, stride, offset, to);
    default:
      for (size_t at = offset; at < to.size(); at += stride, from += size) {
        std::memcpy(to.data() + at, from, size);
      }
  }
}

}  // namespace pith::tensor

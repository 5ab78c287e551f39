#include "codecs/arraymix/grid_coder.h"

#include <memory>

#include "codecs/arraymix/mask_model.h"
#include "codecs/entropy/binary_coder.h"

#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codecs/arraymix/grid_coder.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "codecs/arraymix/grid_model-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::arraymix {
namespace HWY_NAMESPACE {

struct EncodeBits {
  entropy::BinaryEncoder coder;
  bool code(bool bit, uint32_t p) {
    coder.encode(bit, p);
    return bit;
  }
};

struct DecodeBits {
  entropy::BinaryDecoder coder;
  bool code(bool, uint32_t p) { return coder.decode(p); }
};

template <int kLevel, class Word>
Result<size_t> encode_at(const GridSpec& spec, std::span<const Word> keys,
                         std::span<const uint8_t> classes, MutableBytes out) {
  const auto model = std::make_unique<GridModel<kLevel>>(spec);
  EncodeBits bits{entropy::BinaryEncoder(out)};
  std::vector<uint8_t> seen(classes.size());
  std::unique_ptr<MaskModel> masks;
  if (!classes.empty()) masks = std::make_unique<MaskModel>(spec.shape, spec.kinds, seen);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (masks != nullptr && masks->code(bits, classes[i]) != 0) {
      model->pass();
    } else {
      model->code(bits, keys[i]);
    }
    if (bits.coder.overflowed()) return size_t{0};
  }
  bits.coder.finish();
  return bits.coder.overflowed() ? 0 : bits.coder.size();
}

template <int kLevel, class Word>
Result<void> decode_at(const GridSpec& spec, ByteView code, std::span<Word> keys,
                       std::span<uint8_t> classes) {
  const auto model = std::make_unique<GridModel<kLevel>>(spec);
  DecodeBits bits{entropy::BinaryDecoder(code)};
  std::unique_ptr<MaskModel> masks;
  if (!classes.empty()) masks = std::make_unique<MaskModel>(spec.shape, spec.kinds, classes);
  for (Word& key : keys) {
    if (masks != nullptr && masks->code(bits, 0) != 0) {
      model->pass();
    } else {
      key = static_cast<Word>(model->code(bits, 0));
    }
    if (bits.coder.missing() > 4) {
      return fail(ErrorCode::kDamaged, "the code of an array ends too early");
    }
  }
  if (!bits.coder.all_read()) return fail(ErrorCode::kDamaged, "the code of an array has a tail");
  return {};
}

template <class Word>
Result<size_t> encode(const GridSpec& spec, int level, std::span<const Word> keys,
                      std::span<const uint8_t> classes, MutableBytes out) {
  return level <= 7   ? encode_at<7>(spec, keys, classes, out)
         : level == 8 ? encode_at<8>(spec, keys, classes, out)
                      : encode_at<9>(spec, keys, classes, out);
}

template <class Word>
Result<void> decode(const GridSpec& spec, int level, ByteView code, std::span<Word> keys,
                    std::span<uint8_t> classes) {
  return level <= 7   ? decode_at<7>(spec, code, keys, classes)
         : level == 8 ? decode_at<8>(spec, code, keys, classes)
                      : decode_at<9>(spec, code, keys, classes);
}

Result<size_t> Encode32(const GridSpec& spec, int level, std::span<const uint32_t> keys,
                        std::span<const uint8_t> classes, MutableBytes out) {
  return encode(spec, level, keys, classes, out);
}
Result<size_t> Encode64(const GridSpec& spec, int level, std::span<const uint64_t> keys,
                        std::span<const uint8_t> classes, MutableBytes out) {
  return encode(spec, level, keys, classes, out);
}
Result<void> Decode32(const GridSpec& spec, int level, ByteView code, std::span<uint32_t> keys,
                      std::span<uint8_t> classes) {
  return decode(spec, level, code, keys, classes);
}
Result<void> Decode64(const GridSpec& spec, int level, ByteView code, std::span<uint64_t> keys,
                      std::span<uint8_t> classes) {
  return decode(spec, level, code, keys, classes);
}

uint64_t Memory(const GridShape& shape, int level) {
  return level <= 7   ? GridModel<7>::memory(shape)
         : level == 8 ? GridModel<8>::memory(shape)
                      : GridModel<9>::memory(shape);
}

}  // namespace HWY_NAMESPACE
}  // namespace pith::arraymix
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pith::arraymix {

HWY_EXPORT(Encode32);
HWY_EXPORT(Encode64);
HWY_EXPORT(Decode32);
HWY_EXPORT(Decode64);
HWY_EXPORT(Memory);

template <>
Result<size_t> encode_grid(const GridSpec& spec, int level, std::span<const uint32_t> keys,
                           std::span<const uint8_t> classes, MutableBytes out) {
  return HWY_DYNAMIC_DISPATCH(Encode32)(spec, level, keys, classes, out);
}
template <>
Result<size_t> encode_grid(const GridSpec& spec, int level, std::span<const uint64_t> keys,
                           std::span<const uint8_t> classes, MutableBytes out) {
  return HWY_DYNAMIC_DISPATCH(Encode64)(spec, level, keys, classes, out);
}
template <>
Result<void> decode_grid(const GridSpec& spec, int level, ByteView code, std::span<uint32_t> keys,
                         std::span<uint8_t> classes) {
  return HWY_DYNAMIC_DISPATCH(Decode32)(spec, level, code, keys, classes);
}
template <>
Result<void> decode_grid(const GridSpec& spec, int level, ByteView code, std::span<uint64_t> keys,
                         std::span<uint8_t> classes) {
  return HWY_DYNAMIC_DISPATCH(Decode64)(spec, level, code, keys, classes);
}

uint64_t grid_memory(const GridShape& shape, int level, uint32_t kinds) {
  return HWY_DYNAMIC_DISPATCH(Memory)(shape, level) +
         (kinds > 1 ? MaskModel::memory() + shape.cells() : 0);
}

}  // namespace pith::arraymix
#endif

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

Result<size_t> Encode(const GridSpec& spec, std::span<const int64_t> keys,
                      std::span<const uint8_t> mask, uint32_t kinds, MutableBytes out) {
  const auto model = std::make_unique<GridModel>(spec);
  EncodeBits bits{entropy::BinaryEncoder(out)};
  std::vector<uint8_t> seen(mask.size());
  std::unique_ptr<MaskModel> masks;
  if (!mask.empty()) masks = std::make_unique<MaskModel>(spec.shape, kinds, seen);
  for (size_t i = 0; i < keys.size(); ++i) {
    if (masks != nullptr && masks->code(bits, mask[i]) != 0) {
      model->pass();
    } else {
      model->code(bits, keys[i]);
    }
    if (bits.coder.overflowed()) return size_t{0};
  }
  bits.coder.finish();
  return bits.coder.overflowed() ? 0 : bits.coder.size();
}

Result<void> Decode(const GridSpec& spec, ByteView code, std::span<int64_t> keys,
                    std::span<uint8_t> mask, uint32_t kinds) {
  const auto model = std::make_unique<GridModel>(spec);
  DecodeBits bits{entropy::BinaryDecoder(code)};
  std::unique_ptr<MaskModel> masks;
  if (!mask.empty()) masks = std::make_unique<MaskModel>(spec.shape, kinds, mask);
  for (int64_t& key : keys) {
    if (masks != nullptr && masks->code(bits, 0) != 0) {
      model->pass();
    } else {
      key = model->code(bits, 0);
    }
    if (bits.coder.missing() > 4) {
      return fail(ErrorCode::kDamaged, "the code of an array ends too early");
    }
  }
  if (!bits.coder.all_read()) return fail(ErrorCode::kDamaged, "the code of an array has a tail");
  return {};
}

}  // namespace HWY_NAMESPACE
}  // namespace pith::arraymix
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pith::arraymix {

HWY_EXPORT(Encode);
HWY_EXPORT(Decode);

Result<size_t> encode_grid(const GridSpec& spec, std::span<const int64_t> keys,
                           std::span<const uint8_t> mask, uint32_t kinds, MutableBytes out) {
  return HWY_DYNAMIC_DISPATCH(Encode)(spec, keys, mask, kinds, out);
}

Result<void> decode_grid(const GridSpec& spec, ByteView code, std::span<int64_t> keys,
                         std::span<uint8_t> mask, uint32_t kinds) {
  return HWY_DYNAMIC_DISPATCH(Decode)(spec, code, keys, mask, kinds);
}

}  // namespace pith::arraymix
#endif

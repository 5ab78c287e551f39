#include "codecs/logmix/log_coder.h"

#include <memory>

#include "codecs/entropy/byte_bits.h"

// The kernels: the baseline, SSE4 and AVX2.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codecs/logmix/log_coder.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "codecs/logmix/log_model-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::logmix {
namespace HWY_NAMESPACE {

using entropy::DecodeBits;
using entropy::EncodeBits;

template <int kLevel>
size_t arena_size(size_t size) {
  return LogModel<kLevel>::arena_bytes(LogModel<kLevel>::sizes_for(size));
}

template <int kLevel>
Result<std::unique_ptr<LogModel<kLevel>>> make_model(ByteView history, m::Arena& arena) {
  if (!arena.valid()) return fail(ErrorCode::kLimit, "not enough memory for the model of logs");
  return std::make_unique<LogModel<kLevel>>(reinterpret_cast<const uint8_t*>(history.data()),
                                            LogModel<kLevel>::sizes_for(history.size()), arena);
}

template <int kLevel>
Result<size_t> encode(ByteView raw, MutableBytes out) {
  m::Arena arena(arena_size<kLevel>(raw.size()));
  PITH_ASSIGN(const auto model, make_model<kLevel>(raw, arena));
  EncodeBits bits{entropy::BinaryEncoder(out)};
  for (const std::byte byte : raw) {
    bits.byte = static_cast<uint32_t>(byte);
    model->code_byte(bits);
    if (bits.coder.overflowed()) return 0;
    model->advance(bits.byte);
  }
  bits.coder.finish();
  return bits.coder.overflowed() ? 0 : bits.coder.size();
}

template <int kLevel>
Result<void> decode(ByteView code, MutableBytes raw) {
  m::Arena arena(arena_size<kLevel>(raw.size()));
  PITH_ASSIGN(const auto model, make_model<kLevel>(raw, arena));
  DecodeBits bits{entropy::BinaryDecoder(code)};
  for (std::byte& byte : raw) {
    const uint32_t c = model->code_byte(bits);
    byte = static_cast<std::byte>(c);
    // Up to four zeros are left out at the end; a payload that lacks more is cut short.
    if (bits.coder.missing() > 4) {
      return fail(ErrorCode::kDamaged, "the code of a block of logs ends too early");
    }
    model->advance(c);
  }
  if (!bits.coder.all_read()) return fail(ErrorCode::kDamaged, "a block of logs has a tail");
  return {};
}

Result<size_t> Encode(int shape, ByteView raw, MutableBytes out) {
  switch (shape) {
    case 7:
      return encode<7>(raw, out);
    case 8:
      return encode<8>(raw, out);
    default:
      return encode<9>(raw, out);
  }
}

Result<void> Decode(int shape, ByteView code, MutableBytes raw) {
  switch (shape) {
    case 7:
      return decode<7>(code, raw);
    case 8:
      return decode<8>(code, raw);
    default:
      return decode<9>(code, raw);
  }
}

uint64_t Memory(int shape, size_t size) {
  // The model and its coder lie beside the arena.
  constexpr uint64_t kObjects = 96 * 1024;
  switch (shape) {
    case 7:
      return arena_size<7>(size) + kObjects;
    case 8:
      return arena_size<8>(size) + kObjects;
    default:
      return arena_size<9>(size) + kObjects;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pith::logmix
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pith::logmix {

HWY_EXPORT(Encode);
HWY_EXPORT(Decode);
HWY_EXPORT(Memory);

uint64_t coder_memory(int shape, size_t size) { return HWY_DYNAMIC_DISPATCH(Memory)(shape, size); }

Result<size_t> encode_bytes(int shape, ByteView raw, MutableBytes out) {
  return HWY_DYNAMIC_DISPATCH(Encode)(shape, raw, out);
}

Result<void> decode_bytes(int shape, ByteView code, MutableBytes raw, MemoryBudget& budget) {
  if (!budget.reserve(coder_memory(shape, raw.size()))) {
    return fail(ErrorCode::kDamaged, "a block of logs declares too little memory");
  }
  return HWY_DYNAMIC_DISPATCH(Decode)(shape, code, raw);
}

}  // namespace pith::logmix
#endif

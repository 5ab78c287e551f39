#include "codecs/text/mixing_coder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "codecs/entropy/byte_bits.h"

// The kernels: the baseline, SSE4 and AVX2. The wider ones measured no faster here.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codecs/text/mixing_coder.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "codecs/text/fast_model-inl.h"
#include "codecs/text/medium_model-inl.h"
#include "codecs/text/text_model-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::text {
namespace HWY_NAMESPACE {

using entropy::DecodeBits;
using entropy::EncodeBits;

template <int kLevel>
struct ModelOf {
  using Type = TextModel<kLevel>;
};
template <>
struct ModelOf<7> {
  using Type = FastModel;
};
template <>
struct ModelOf<8> {
  using Type = MediumModel;
};
template <int kLevel>
using Model = typename ModelOf<kLevel>::Type;

// A model with its memory. The calls are counted against the setup's size: what goes beyond it is
// refused, so that nothing is written behind the history.
template <int kLevel>
class Modeller {
 public:
  explicit Modeller(const MixingSetup& setup)
      : size_(setup.size),
        sizes_(Model<kLevel>::sizes_for(setup.size)),
        arena_(memory(setup.size)) {
    if (!arena_.valid()) return;
    history_ = arena_.template take<uint8_t>(setup.size + kSlack).data();
    model_ = std::make_unique<Model<kLevel>>(history_, sizes_, arena_);
    model_->state().set_stride(setup.stride);
    model_->state().set_code(setup.code);
  }

  static uint64_t memory(size_t size) {
    return model::Arena::part(size + kSlack) +
           Model<kLevel>::arena_bytes(Model<kLevel>::sizes_for(size));
  }

  bool valid() const { return arena_.valid(); }
  bool holds(size_t more) const { return more <= size_ - model_->state().position; }
  TextState& state() { return model_->state(); }
  ByteView last(size_t count) const {
    return {reinterpret_cast<const std::byte*>(history_) + model_->state().position - count, count};
  }

  template <class Coder>
  void code_byte(Coder& coder) {
    model_->code_byte(coder);
  }

  void prime(ByteView bytes) {
    EncodeBits nowhere{entropy::BinaryEncoder(MutableBytes{})};
    for (const std::byte byte : bytes.first(holds(bytes.size()) ? bytes.size() : 0)) {
      nowhere.byte = static_cast<uint32_t>(byte);
      model_->code_byte(nowhere);
    }
  }

 private:
  static constexpr size_t kSlack = 16;
  size_t size_;
  typename Model<kLevel>::Sizes sizes_;
  model::Arena arena_;
  uint8_t* history_ = nullptr;
  std::unique_ptr<Model<kLevel>> model_;
};

template <int kLevel>
class Encoder : public MixingEncoder {
 public:
  Encoder(const MixingSetup& setup, MutableBytes out)
      : modeller_(setup), bits_{entropy::BinaryEncoder(out)} {}

  bool valid() const { return modeller_.valid(); }
  void set_words(const WordAlphabet& words) override { modeller_.state().set_words(words); }
  void prime(ByteView bytes) override { modeller_.prime(bytes); }

  bool encode(ByteView bytes) override {
    if (!modeller_.holds(bytes.size())) return false;
    for (const std::byte byte : bytes) {
      bits_.byte = static_cast<uint32_t>(byte);
      modeller_.code_byte(bits_);
      if (bits_.coder.overflowed()) return false;
    }
    return true;
  }

  std::optional<size_t> finish() override {
    bits_.coder.finish();
    if (bits_.coder.overflowed()) return std::nullopt;
    return bits_.coder.size();
  }

 private:
  Modeller<kLevel> modeller_;
  EncodeBits bits_;
};

template <int kLevel>
class Decoder : public MixingDecoder {
 public:
  Decoder(const MixingSetup& setup, ByteView payload)
      : modeller_(setup), bits_{entropy::BinaryDecoder(payload)} {}

  bool valid() const { return modeller_.valid(); }
  void set_words(const WordAlphabet& words) override { modeller_.state().set_words(words); }
  void prime(ByteView bytes) override { modeller_.prime(bytes); }

  Result<ByteView> decode(size_t count) override {
    const auto damaged = [] {
      return fail(ErrorCode::kDamaged, "the code of a text block ends too early");
    };
    if (!modeller_.holds(count)) return damaged();
    for (size_t i = 0; i < count; ++i) {
      modeller_.code_byte(bits_);
      // Up to four zeros are left out at the end; a payload that lacks more is cut short.
      if (bits_.coder.missing() > 4) return damaged();
    }
    return modeller_.last(count);
  }

  bool at_end() const override { return bits_.coder.all_read(); }

 private:
  Modeller<kLevel> modeller_;
  DecodeBits bits_;
};

template <class Interface, class Made, class... Arguments>
std::unique_ptr<Interface> make(Arguments... arguments) {
  auto made = std::make_unique<Made>(arguments...);
  if (!made->valid()) return nullptr;
  return made;
}

std::unique_ptr<MixingEncoder> MakeEncoder(const MixingSetup& setup, MutableBytes out) {
  switch (setup.shape) {
    case 7:
      return make<MixingEncoder, Encoder<7>>(setup, out);
    case 8:
      return make<MixingEncoder, Encoder<8>>(setup, out);
    default:
      return make<MixingEncoder, Encoder<9>>(setup, out);
  }
}

std::unique_ptr<MixingDecoder> MakeDecoder(const MixingSetup& setup, ByteView payload) {
  switch (setup.shape) {
    case 7:
      return make<MixingDecoder, Decoder<7>>(setup, payload);
    case 8:
      return make<MixingDecoder, Decoder<8>>(setup, payload);
    default:
      return make<MixingDecoder, Decoder<9>>(setup, payload);
  }
}

uint64_t Memory(const MixingSetup& setup) {
  // The model and its coder lie beside the arena.
  constexpr uint64_t kObjects = 64 * 1024;
  switch (setup.shape) {
    case 7:
      return Modeller<7>::memory(setup.size) + kObjects;
    case 8:
      return Modeller<8>::memory(setup.size) + kObjects;
    default:
      return Modeller<9>::memory(setup.size) + kObjects;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pith::text
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pith::text {

HWY_EXPORT(MakeEncoder);
HWY_EXPORT(MakeDecoder);
HWY_EXPORT(Memory);

uint64_t mixing_memory(const MixingSetup& setup) { return HWY_DYNAMIC_DISPATCH(Memory)(setup); }

Result<std::unique_ptr<MixingEncoder>> make_mixing_encoder(const MixingSetup& setup,
                                                           MutableBytes out) {
  auto encoder = HWY_DYNAMIC_DISPATCH(MakeEncoder)(setup, out);
  if (!encoder) return fail(ErrorCode::kLimit, "not enough memory for the text model");
  return encoder;
}

Result<std::unique_ptr<MixingDecoder>> make_mixing_decoder(const MixingSetup& setup,
                                                           ByteView payload, MemoryBudget& budget) {
  if (!budget.reserve(mixing_memory(setup))) {
    return fail(ErrorCode::kDamaged, "a text block declares too little memory");
  }
  auto decoder = HWY_DYNAMIC_DISPATCH(MakeDecoder)(setup, payload);
  if (!decoder) return fail(ErrorCode::kLimit, "not enough memory for the text model");
  return decoder;
}

}  // namespace pith::text
#endif

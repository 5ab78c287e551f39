#include "codecs/text/mixing_coder.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include "codecs/entropy/binary_coder.h"

// The kernels: the baseline, SSE4 and AVX2. The wider ones measured no faster here.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codecs/text/mixing_coder.cpp"
#include "hwy/foreach_target.h"
// After foreach_target.h:
#include "codecs/text/fast_model-inl.h"
#include "codecs/text/text_model-inl.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace pith::text {
namespace HWY_NAMESPACE {

struct EncodeBits {
  entropy::BinaryEncoder coder;
  uint32_t byte = 0;
  uint32_t code(int position, uint32_t p) {
    const uint32_t bit = (byte >> position) & 1;
    coder.encode(bit != 0, p);
    return bit;
  }
  bool code_equal(uint32_t expected, uint32_t p) {
    coder.encode(byte == expected, p);
    return byte == expected;
  }
};

struct DecodeBits {
  entropy::BinaryDecoder coder;
  uint32_t code(int, uint32_t p) { return coder.decode(p) ? 1 : 0; }
  bool code_equal(uint32_t, uint32_t p) { return coder.decode(p); }
};

template <int kLevel>
struct ModelOf {
  using Type = TextModel<kLevel>;
};
template <>
struct ModelOf<7> {
  using Type = FastModel;
};
template <int kLevel>
using Model = typename ModelOf<kLevel>::Type;

// The bytes that the model sees: the primer, then those that are coded.
template <int kLevel>
struct Bench {
  Bench(const MixingInput& input, size_t size)
      : sizes(Model<kLevel>::sizes_for(input.primer.size() + size)),
        arena(model::Arena::part(input.primer.size() + size + kSlack) +
              Model<kLevel>::arena_bytes(sizes)) {}

  static constexpr size_t kSlack = 16;
  typename Model<kLevel>::Sizes sizes;
  model::Arena arena;
};

template <class AnyModel>
void run_primer(AnyModel& model, ByteView primer) {
  EncodeBits nowhere{entropy::BinaryEncoder(MutableBytes{})};
  for (const std::byte byte : primer) {
    nowhere.byte = static_cast<uint32_t>(byte);
    model.code_byte(nowhere);
  }
}

template <int kLevel>
Result<bool> encode_with(const MixingInput& input, ByteView bytes, const WordAlphabet* words,
                         size_t words_from, size_t room, ByteBuffer& out) {
  Bench<kLevel> bench(input, bytes.size());
  if (!bench.arena.valid()) return fail(ErrorCode::kLimit, "not enough memory for the model");
  const auto history =
      bench.arena.template take<uint8_t>(input.primer.size() + bytes.size() + bench.kSlack);
  const auto model = std::make_unique<Model<kLevel>>(history.data(), bench.sizes, bench.arena);
  run_primer(*model, input.primer);
  const size_t begin = out.size();
  out.resize(begin + room);
  EncodeBits bits{entropy::BinaryEncoder(MutableBytes(out).subspan(begin))};
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (words != nullptr && i == words_from) model->state().set_words(*words);
    bits.byte = static_cast<uint32_t>(bytes[i]);
    model->code_byte(bits);
    if (bits.coder.overflowed()) return false;
  }
  bits.coder.finish();
  if (bits.coder.overflowed()) return false;
  out.resize(begin + bits.coder.size());
  return true;
}

Result<bool> Encode(const MixingInput& input, ByteView bytes, const WordAlphabet* words,
                    size_t words_from, size_t room, ByteBuffer& out) {
  switch (input.shape) {
    case 7:
      return encode_with<7>(input, bytes, words, words_from, room, out);
    case 8:
      return encode_with<8>(input, bytes, words, words_from, room, out);
    default:
      return encode_with<9>(input, bytes, words, words_from, room, out);
  }
}

template <int kLevel>
class Decoder : public MixingDecoder {
 public:
  Decoder(const MixingInput& input, ByteView payload, size_t size)
      : bench_(input, size), bits_{entropy::BinaryDecoder(payload)} {
    if (!bench_.arena.valid()) return;
    history_ = bench_.arena.template take<uint8_t>(input.primer.size() + size + bench_.kSlack);
    model_ = std::make_unique<Model<kLevel>>(history_.data(), bench_.sizes, bench_.arena);
    run_primer(*model_, input.primer);
  }

  bool valid() const { return bench_.arena.valid(); }
  void set_words(const WordAlphabet& words) override { model_->state().set_words(words); }

  Result<ByteView> decode(size_t count) override {
    const size_t from = model_->state().position;
    for (size_t i = 0; i < count; ++i) {
      model_->code_byte(bits_);
      // Four zeros may be missing at the end; a payload that lacks more is cut short.
      if (bits_.coder.missing() > 4) {
        return fail(ErrorCode::kDamaged, "the text model's code ends too early");
      }
    }
    return ByteView(reinterpret_cast<const std::byte*>(history_.data()) + from, count);
  }

  bool at_end() const override { return bits_.coder.all_read(); }

 private:
  Bench<kLevel> bench_;
  std::span<uint8_t> history_;
  std::unique_ptr<Model<kLevel>> model_;
  DecodeBits bits_;
};

template <int kLevel>
std::unique_ptr<MixingDecoder> make_decoder(const MixingInput& input, ByteView payload,
                                            size_t size) {
  auto decoder = std::make_unique<Decoder<kLevel>>(input, payload, size);
  if (!decoder->valid()) return nullptr;
  return decoder;
}

std::unique_ptr<MixingDecoder> MakeDecoder(const MixingInput& input, ByteView payload,
                                           size_t size) {
  switch (input.shape) {
    case 7:
      return make_decoder<7>(input, payload, size);
    case 8:
      return make_decoder<8>(input, payload, size);
    default:
      return make_decoder<9>(input, payload, size);
  }
}

template <int kLevel>
uint64_t memory_of(size_t total) {
  return model::Arena::part(total + Bench<kLevel>::kSlack) +
         Model<kLevel>::arena_bytes(Model<kLevel>::sizes_for(total)) + sizeof(Model<kLevel>);
}

uint64_t Memory(int shape, size_t total) {
  switch (shape) {
    case 7:
      return memory_of<7>(total);
    case 8:
      return memory_of<8>(total);
    default:
      return memory_of<9>(total);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace pith::text
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace pith::text {

HWY_EXPORT(Encode);
HWY_EXPORT(MakeDecoder);
HWY_EXPORT(Memory);

uint64_t mixing_memory(int shape, size_t primer, size_t size) {
  return HWY_DYNAMIC_DISPATCH(Memory)(shape, primer + size);
}

Result<bool> mixing_encode(const MixingInput& input, ByteView bytes, const WordAlphabet* words,
                           size_t words_from, size_t room, ByteBuffer& out) {
  return HWY_DYNAMIC_DISPATCH(Encode)(input, bytes, words, words_from, room, out);
}

Result<std::unique_ptr<MixingDecoder>> make_mixing_decoder(const MixingInput& input,
                                                           ByteView payload, size_t size,
                                                           MemoryBudget& budget) {
  if (!budget.reserve(mixing_memory(input.shape, input.primer.size(), size))) {
    return fail(ErrorCode::kDamaged, "a block of the text model declares too little memory");
  }
  auto decoder = HWY_DYNAMIC_DISPATCH(MakeDecoder)(input, payload, size);
  if (!decoder) return fail(ErrorCode::kLimit, "not enough memory for the model");
  return decoder;
}

}  // namespace pith::text
#endif

#include "codecs/tensor/model_coder.h"

#include "codecs/tensor/payload.h"
#include "codecs/tensor/raw_bits.h"

namespace pith::tensor {

ModelEncoder::ModelEncoder(int log, size_t most)
    : out_(most), encoder_(MutableBytes(out_).subspan(1)), model_(log) {
  out_[0] = static_cast<std::byte>(log);
}

Result<std::unique_ptr<ModelEncoder>> ModelEncoder::make(int log, size_t most) {
  std::unique_ptr<ModelEncoder> made(new ModelEncoder(log, std::max<size_t>(most, 64)));
  if (!made->model_.valid()) return fail(ErrorCode::kLimit, "not enough memory for a model");
  return made;
}

void ModelEncoder::encode(Kind kind, uint32_t row, bool goes_on, ByteView words, ByteBuffer& raw) {
  const NumberFormat format = model_format(kind);
  RawWriter writer(raw);
  if (!goes_on) model_.begin(format, row);
  for (size_t i = 0; i < words.size(); i += format.width) {
    uint64_t word = 0;
    std::memcpy(&word, words.data() + i, format.width);
    model_.code(
        word,
        [&](bool bit, uint32_t p) {
          encoder_.encode(bit, p);
          return bit;
        },
        [&](uint64_t value, int bits) {
          writer.put(value, bits);
          return value;
        });
  }
  writer.finish();
}

ByteBuffer ModelEncoder::finish() {
  encoder_.finish();
  out_.resize(1 + encoder_.size());
  return std::move(out_);
}

Result<std::unique_ptr<ModelDecoder>> ModelDecoder::make(ByteView section, MemoryBudget& budget) {
  if (section.empty()) return damaged("it has no modelled section");
  const auto log = static_cast<int>(section[0]);
  if (log > kMaxModelLog || !budget.reserve(WeightModel::memory(log))) {
    return damaged("it declares too little memory");
  }
  std::unique_ptr<ModelDecoder> made(new ModelDecoder(log, section.subspan(1)));
  if (!made->model_.valid()) return fail(ErrorCode::kLimit, "not enough memory for a model");
  return made;
}

Result<void> ModelDecoder::decode(Kind kind, uint32_t row, bool goes_on, ByteView raw,
                                  size_t& raw_used, MutableBytes words) {
  const NumberFormat format = model_format(kind);
  RawReader reader(raw);
  if (goes_on && last_ != std::pair(kind, row)) return damaged("a modelled column");
  if (!goes_on) model_.begin(format, row);
  last_ = {kind, row};
  for (size_t i = 0; i < words.size(); i += format.width) {
    const uint64_t word = model_.code(
        0, [&](bool, uint32_t p) { return decoder_.decode(p); },
        [&](uint64_t, int bits) { return reader.get(bits); });
    std::memcpy(words.data() + i, &word, format.width);
    if (reader.is_short() || decoder_.missing() > 4) return damaged("a modelled column");
  }
  raw_used = reader.used();
  return {};
}

}  // namespace pith::tensor

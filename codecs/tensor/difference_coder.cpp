#include "codecs/tensor/difference_coder.h"

#include "codecs/tensor/payload.h"
#include "codecs/tensor/prediction.h"
#include "codecs/tensor/raw_bits.h"
#include "codecs/tensor/weight_model.h"

namespace pith::tensor {
namespace {

uint64_t load(ByteView words, size_t width, size_t at) {
  uint64_t word = 0;
  std::memcpy(&word, words.data() + at, width);
  return word;
}

}  // namespace

NumberFormat difference_format(Kind kind, const NumberFormat& column) {
  return kind == Kind::kF8 ? model_format(kind) : column;
}

DifferenceEncoder::DifferenceEncoder(bool thorough, size_t most)
    : out_(most), encoder_(MutableBytes(out_).subspan(1)), model_(thorough) {
  out_[0] = static_cast<std::byte>(thorough ? 1 : 0);
}

Result<std::unique_ptr<DifferenceEncoder>> DifferenceEncoder::make(bool thorough, size_t most) {
  std::unique_ptr<DifferenceEncoder> made(
      new DifferenceEncoder(thorough, std::max<size_t>(most, 64)));
  if (!made->model_.valid()) return fail(ErrorCode::kLimit, "not enough memory for a model");
  return made;
}

void DifferenceEncoder::encode(const NumberFormat& format, uint32_t row, ByteView base,
                               ByteView words, ByteBuffer& raw) {
  RawWriter writer(raw);
  model_.begin(format, row, base);
  for (size_t i = 0; i < words.size(); i += format.width) {
    model_.code(
        load(words, format.width, i), load(base, format.width, i),
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

void DifferenceEncoder::encode_predicted(const NumberFormat& format, const Predictor& predictor,
                                         ByteView words, ByteBuffer& raw) {
  RawWriter writer(raw);
  const size_t count = words.size() / format.width;
  Prediction prediction(format, predictor, count);
  model_.begin(format, predictor.row, predictor.highest, count);
  for (size_t i = 0; i < words.size(); i += format.width) {
    const uint64_t word = load(words, format.width, i);
    model_.code(
        word, prediction.next(),
        [&](bool bit, uint32_t p) {
          encoder_.encode(bit, p);
          return bit;
        },
        [&](uint64_t value, int bits) {
          writer.put(value, bits);
          return value;
        });
    prediction.add(word);
  }
  writer.finish();
}

ByteBuffer DifferenceEncoder::finish() {
  encoder_.finish();
  out_.resize(1 + encoder_.size());
  return std::move(out_);
}

Result<std::unique_ptr<DifferenceDecoder>> DifferenceDecoder::make(ByteView section,
                                                                   MemoryBudget& budget) {
  if (section.empty() || section[0] > std::byte{1}) return damaged("its section of differences");
  const bool thorough = section[0] == std::byte{1};
  if (!budget.reserve(DifferenceModel::memory(thorough))) {
    return damaged("it declares too little memory");
  }
  std::unique_ptr<DifferenceDecoder> made(new DifferenceDecoder(thorough, section.subspan(1)));
  if (!made->model_.valid()) return fail(ErrorCode::kLimit, "not enough memory for a model");
  return made;
}

Result<void> DifferenceDecoder::decode(const NumberFormat& format, uint32_t row, ByteView base,
                                       ByteView raw, size_t& raw_used, MutableBytes words) {
  RawReader reader(raw);
  model_.begin(format, row, base);
  for (size_t i = 0; i < words.size(); i += format.width) {
    const uint64_t word = model_.code(
        0, load(base, format.width, i), [&](bool, uint32_t p) { return decoder_.decode(p); },
        [&](uint64_t, int bits) { return reader.get(bits); });
    std::memcpy(words.data() + i, &word, format.width);
    if (reader.is_short() || decoder_.missing() > 4) return damaged("a column of differences");
  }
  raw_used = reader.used();
  return {};
}

Result<void> DifferenceDecoder::decode_predicted(const NumberFormat& format,
                                                 const Predictor& predictor, ByteView raw,
                                                 size_t& raw_used, MutableBytes words) {
  RawReader reader(raw);
  const size_t count = words.size() / format.width;
  Prediction prediction(format, predictor, count);
  model_.begin(format, predictor.row, predictor.highest, count);
  for (size_t i = 0; i < words.size(); i += format.width) {
    const uint64_t word = model_.code(
        0, prediction.next(), [&](bool, uint32_t p) { return decoder_.decode(p); },
        [&](uint64_t, int bits) { return reader.get(bits); });
    std::memcpy(words.data() + i, &word, format.width);
    prediction.add(word);
    if (reader.is_short() || decoder_.missing() > 4) return damaged("a predicted column");
  }
  raw_used = reader.used();
  return {};
}

}  // namespace pith::tensor

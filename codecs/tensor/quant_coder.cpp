#include "codecs/tensor/quant_coder.h"

#include "codecs/entropy/binary_coder.h"
#include "codecs/tensor/ggml_blocks.h"
#include "codecs/tensor/payload.h"

namespace pith::tensor {
namespace {

constexpr size_t kScale = 2;  // bytes

uint16_t scale_of(const std::byte* block) {
  return static_cast<uint16_t>(static_cast<unsigned>(block[0]) | static_cast<unsigned>(block[1])
                                                                     << 8);
}

size_t block_size(bool q4) { return find_ggml_block(q4 ? kGgmlQ4_0 : kGgmlQ8_0)->bytes; }

// Low nibbles are the first half of the quants.
int quant_at(bool q4, const std::byte* block, size_t i) {
  if (!q4) return static_cast<int8_t>(block[kScale + i]);
  const auto byte = static_cast<unsigned>(block[kScale + i % 16]);
  return static_cast<int>(i < 16 ? byte & 15 : byte >> 4) - 8;
}

void put_quant(bool q4, std::byte* block, size_t i, int quant) {
  if (!q4) {
    block[kScale + i] = static_cast<std::byte>(quant);
  } else if (i < 16) {
    block[kScale + i] = static_cast<std::byte>(quant + 8);
  } else {
    block[kScale + i - 16] |= static_cast<std::byte>((quant + 8) << 4);
  }
}

}  // namespace

Result<std::unique_ptr<QuantCoder>> QuantCoder::make() {
  std::unique_ptr<QuantCoder> made(new QuantCoder);
  if (!made->model_.valid()) return fail(ErrorCode::kLimit, "not enough memory for a model");
  return made;
}

Result<std::unique_ptr<QuantCoder>> QuantCoder::make(MemoryBudget& budget) {
  if (!budget.reserve(QuantModel::memory())) return damaged("it declares too little memory");
  return make();
}

ByteBuffer QuantCoder::encode(bool q4, uint32_t row, bool goes_on, ByteView blocks) {
  // At most nine decisions a quant, of which hardly one takes more than a byte.
  ByteBuffer coded(blocks.size() * 16 + 64);
  entropy::BinaryEncoder encoder(coded);
  if (!goes_on) model_.begin(q4, row);
  const size_t unit = block_size(q4);
  for (size_t at = 0; at + unit <= blocks.size(); at += unit) {
    const std::byte* block = &blocks[at];
    model_.begin_block(scale_of(block));
    for (size_t i = 0; i < kQuantsOfBlock; ++i) {
      model_.code(quant_at(q4, block, i), [&](bool bit, uint32_t p) {
        encoder.encode(bit, p);
        return bit;
      });
    }
  }
  encoder.finish();
  assert(!encoder.overflowed());
  coded.resize(encoder.size());
  return coded;
}

Result<void> QuantCoder::decode(bool q4, uint32_t row, bool goes_on, ByteView coded,
                                MutableBytes blocks) {
  entropy::BinaryDecoder decoder(coded);
  if (goes_on && last_ != std::pair(q4, row)) return damaged("the quants of a part");
  if (!goes_on) model_.begin(q4, row);
  last_ = {q4, row};
  const size_t unit = block_size(q4);
  for (size_t at = 0; at + unit <= blocks.size(); at += unit) {
    std::byte* block = &blocks[at];
    model_.begin_block(scale_of(block));
    for (size_t i = 0; i < kQuantsOfBlock; ++i) {
      put_quant(q4, block, i, model_.code(0, [&](bool, uint32_t p) { return decoder.decode(p); }));
    }
    if (decoder.missing() > 4) return damaged("the quants of a part");
  }
  if (!decoder.all_read()) return damaged("the quants of a part");
  return {};
}

}  // namespace pith::tensor

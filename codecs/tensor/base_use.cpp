#include "codecs/tensor/base_use.h"

#include <algorithm>

#include "codecs/tensor/difference_coder.h"
#include "codecs/tensor/prediction.h"

namespace pith::tensor {
namespace {

// Where differences to the base do not take so much less than the words by themselves, in percent,
// the block is tried without a base as well.
constexpr uint64_t kClearGain = 5;
constexpr int kMostTrials = 3;

}  // namespace

Result<ByteBuffer> read_base(const BlockView& block) {
  ByteBuffer base;
  if (block.base == nullptr) return base;
  size_t at = 0;
  for (const Segment& segment : block.segments) {
    const auto size = static_cast<size_t>(segment.size);
    if (segment.layout.base) {
      if (base.empty()) base = ByteBuffer(block.bytes.size(), std::byte{0});
      PITH_TRY(block.base->read_at(*segment.layout.base, MutableBytes(base).subspan(at, size)));
    }
    at += size;
  }
  return base;
}

Result<BaseOutcome> use_base(std::span<Column> columns, bool thorough, size_t block_size,
                             const std::function<uint64_t(const Column&)>& alone) {
  BaseOutcome outcome;
  std::vector<size_t> chosen;
  for (size_t i = 0; i < columns.size(); ++i) {
    if (uses_base(columns[i])) outcome.used = true;
    if (!columns[i].base.empty() && !uses_base(columns[i])) chosen.push_back(i);
  }
  std::vector<ByteBuffer> raw;
  uint64_t with_base = 0;
  uint64_t without = 0;
  int trials = 0;
  for (bool again = true; again && !chosen.empty();) {
    PITH_ASSIGN(const auto coder, DifferenceEncoder::make(thorough, 2 * block_size + 64));
    std::vector<size_t> smaller;
    raw.assign(chosen.size(), {});
    with_base = without = 0;
    for (size_t k = 0; k < chosen.size(); ++k) {
      const Column& column = columns[chosen[k]];
      const size_t before = coder->size();
      coder->encode(difference_format(column.kind, column.format), column.row, column.base,
                    column.words, raw[k]);
      const uint64_t size = coder->size() - before + raw[k].size();
      const uint64_t other = alone(column);
      with_base += size;
      without += other;
      if (size <= other) smaller.push_back(chosen[k]);
    }
    if (coder->overflowed()) return outcome;
    again = smaller.size() < chosen.size() && ++trials < kMostTrials;
    if (again) {
      chosen = std::move(smaller);
    } else {
      outcome.differences = coder->finish();
    }
  }
  if (chosen.empty()) return outcome;
  for (size_t k = 0; k < chosen.size(); ++k) {
    Column& column = columns[chosen[k]];
    column.escapes.clear();
    column.sparse = false;
    column.dense = {};
    column.code = kColumnModelled;
    column.base_use = BaseUse::kDifferent;
    column.raw = std::move(raw[k]);
  }
  outcome.used = true;
  outcome.doubtful = with_base > without - without * kClearGain / 100;
  outcome.memory = DifferenceModel::memory(thorough);
  return outcome;
}

Result<PredictedOutcome> predict_by_differences(std::span<Column> columns, bool thorough,
                                                size_t block_size) {
  PredictedOutcome outcome;
  std::vector<Column*> predicted;
  for (Column& column : columns) {
    if (column.code == kColumnPredicted) predicted.push_back(&column);
  }
  if (predicted.empty()) return outcome;
  PITH_ASSIGN(const auto coder, DifferenceEncoder::make(thorough, 2 * block_size + 64));
  std::vector<ByteBuffer> raw(predicted.size());
  size_t before = 0;
  size_t after = 0;
  size_t words = 0;
  for (size_t k = 0; k < predicted.size(); ++k) {
    const Column& column = *predicted[k];
    coder->encode_predicted(column.format, column.predictor, column.words, raw[k]);
    before += column.predicted.size() + column.raw.size();
    after += raw[k].size();
    words = std::max(words, column.words.size() / column.format.width);
  }
  after += coder->size() + 8;
  if (coder->overflowed() || after >= before) return outcome;
  for (size_t k = 0; k < predicted.size(); ++k) {
    predicted[k]->predicted = {};
    predicted[k]->raw = std::move(raw[k]);
  }
  outcome.differences = coder->finish();
  outcome.memory = DifferenceModel::memory(thorough) + Prediction::memory(words);
  return outcome;
}

void write_base(const Piece& piece, uint64_t& end, ByteWriter& out) {
  if (!piece.base) {
    write_varint(out, 0);
    return;
  }
  const bool back = *piece.base < end;
  const uint64_t distance = back ? end - *piece.base : *piece.base - end;
  write_varint(out, 1 + (distance << 1 | (back ? 1 : 0)));
  end = *piece.base + piece.size;
}

}  // namespace pith::tensor

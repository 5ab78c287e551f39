// The columns of a block as the encoder sees them, from the bytes to the way each is written.
#pragma once

#include <deque>
#include <vector>

#include "base/segment.h"
#include "codecs/codec.h"
#include "codecs/entropy/rans.h"
#include "codecs/tensor/payload.h"
#include "codecs/tensor/predicted.h"
#include "codecs/tensor/window.h"

namespace pith::tensor {

struct Column {
  Kind kind = Kind::kPlain;  // of its part; of scales, kF16
  size_t piece = 0;          // its number
  NumberFormat format;
  ByteView words;  // of the column
  uint64_t code = kColumnPlain;
  ByteView base;  // the words of the base; empty if there is none, or if it is of no use
  BaseUse base_use = BaseUse::kNone;
  // What follows is for columns that are split.
  Survey sample;
  bool sparse = false;
  ByteBuffer zeros;          // a bit for each word, if zeros are left out
  ByteBuffer dense_storage;  // the words without zeros
  ByteView dense;            // what is split: the words, or those without zeros
  Window window;
  Split split;
  std::vector<Escape> escapes;  // positions in `dense`
  size_t symbols_at = 0;        // in the symbols of the block
  ByteBuffer raw;               // bits
  entropy::Histogram histogram{};
  uint8_t coder = 0;
  // For prediction: words in a row and in a plane of the tensor, 0 where there is none.
  uint32_t row = 0;
  uint32_t plane = 0;
  uint32_t model_row = 0;  // the same for the model, which wants rows that are not too short
  bool goes_on = false;    // modelled as more of the tensor of the modelled column before
  Predictor predictor;
  ByteBuffer predicted;

  // For scales whose quants are modelled: the blocks, the quants in a row, and the outcome.
  ByteView blocks;
  uint32_t quant_row = 0;
  bool quants_go_on = false;  // as more of the part before
  ByteBuffer quants;

  size_t count() const { return dense.size() / format.width; }
};

// A part and its columns.
struct Item {
  Part part;
  Form form = Form::kFields;
  size_t first = 0;
  size_t columns = 0;
  bool has_base = false;  // its piece has one
};

// A block, taken apart.
struct Layouted {
  std::vector<Piece> pieces;
  std::vector<Item> items;
  std::vector<Column> columns;
  std::deque<ByteBuffer> storage;  // of columns that do not lie in the block as they are
  size_t largest_room = 0;         // what decoding gathers parts from
  size_t base_room = 0;            // what decoding reads the base into, and gathers it
};

// `base`: as many bytes as the block has, those of the base where segments have one; empty if none
// has.
Layouted lay_out(const BlockView& block, Level level, ByteView base);

// From now on the zeros of the column are apart, and `dense` are the other words.
void leave_out_zeros(Column& column);

// The record of the column's escapes. Positions count all words, zeros included.
void write_escapes(const Column& column, ByteWriter& out);

// The record of the quants that go with a column of scales.
void write_quants(const Column& scales, ByteWriter& out);

// The size that zstd would give `bytes`, judged from a sample of at most `most` bytes; in 1/256.
uint32_t zstd_ratio(ByteView bytes, size_t most, int level);

}  // namespace pith::tensor

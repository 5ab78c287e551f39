// The Burrows-Wheeler transform of a block and its inverse.
//
// The rows are the suffixes of the text, the empty one included, in lexicographic order: row 0 is
// the empty suffix, rows 1 to n the others. The last column holds for every row the byte before its
// suffix; the row of the whole text, which has none, is left out, so that the column has n bytes.
//
// The inverse follows the links from the row of suffix p to that of suffix p + 1, each a cache
// miss. So the text is cut into pieces that are restored side by side: the row at which each begins
// is stored.
//
// Source: Burrows and Wheeler, A block-sorting lossless data compression algorithm (1994).
#pragma once

#include <array>

#include "base/bytes.h"
#include "base/memory_budget.h"
#include "base/result.h"
#include "codecs/bwt/sort_order.h"
#include "codecs/model/arena.h"

namespace pith::bwt {

// A link and its byte share 32 bits: rows are less than 2^24.
inline constexpr size_t kMaxText = (size_t{1} << 24) - 1;

inline constexpr size_t kMaxPieces = 16;
// Pieces that a text of this size is cut into; each but the last is piece_size() bytes long.
size_t piece_count(size_t text_size);
size_t piece_size(size_t text_size);

// The row of the suffix at which each piece begins; the first is the row of the whole text.
using PieceRows = std::array<uint32_t, kMaxPieces>;

// What the forward transform works in; valid() unless memory runs out. Afterwards its first bytes
// are the last column, and as many bytes behind them are free for use.
class SortSpace {
 public:
  explicit SortSpace(size_t text_size)
      : text_size_(text_size), arena_(text_size * sizeof(int32_t)) {
    if (valid()) suffixes_ = arena_.take<int32_t>(text_size).data();
  }

  bool valid() const { return arena_.valid(); }
  int32_t* suffixes() { return suffixes_; }
  MutableBytes column() { return {bytes(), text_size_}; }
  MutableBytes behind_column() { return {bytes() + text_size_, text_size_}; }

 private:
  std::byte* bytes() { return reinterpret_cast<std::byte*>(suffixes_); }

  size_t text_size_;
  model::Arena arena_;
  int32_t* suffixes_ = nullptr;
};

// Bytes that sorting allocates, the SortSpace included.
uint64_t forward_memory(size_t text_size);

// 1 to kMaxText bytes. kLimit when memory runs out.
Result<PieceRows> forward(ByteView text, SortSpace& space);

// Bytes that inverse() reserves from the budget.
uint64_t inverse_memory(size_t text_size);

// `text` holds the last column and is replaced by the text. For a column and rows that forward()
// does not make, either fails with kDamaged or fills the text with something.
// `bytes`: what each byte of the column stands for in the text.
Result<void> inverse(MutableBytes text, const PieceRows& rows, const ByteMap& bytes,
                     MemoryBudget& budget);

}  // namespace pith::bwt

#include "codecs/bwt/transform.h"

#include <divsufsort.h>

#include <algorithm>

namespace pith::bwt {
namespace {

// Counts, starts of buckets: what libdivsufsort allocates beside the suffix array.
constexpr uint64_t kSortBuckets = (256 + 65536) * sizeof(int32_t);

// The more of the links lie outside the cache, the more of them have to be under way at once.
constexpr size_t kFewPieces = 4;
constexpr size_t kSomePieces = 8;

constexpr size_t at_least(size_t size, size_t pieces) {
  return size / pieces + (size % pieces != 0);
}

// links[row] for rows 1 to n: link << 8 | byte, the byte being that of the row's suffix. Row 0
// leads back to the whole text, so that no walk leaves the table, and one that comes there early
// does not end there.
void make_links(ByteView column, uint32_t whole_row, const ByteMap& bytes, uint32_t* links) {
  std::array<uint32_t, 256> next{};
  for (const std::byte byte : column) ++next[static_cast<size_t>(byte)];
  uint32_t row = 1;
  for (uint32_t& count : next) {
    const uint32_t first = row;
    row += count;
    count = first;
  }
  links[0] = whole_row << 8;
  const auto place = [&](size_t begin, size_t end, uint32_t shift) {
    for (size_t i = begin; i < end; ++i) {
      const auto byte = static_cast<uint32_t>(column[i]);
      links[next[byte]++] =
          (static_cast<uint32_t>(i) + shift) << 8 | static_cast<uint32_t>(bytes[byte]);
    }
  };
  place(0, whole_row, 0);
  place(whole_row, column.size(), 1);
}

// Restores `Pieces` pieces side by side; every piece must end where the next begins.
template <size_t Pieces>
bool follow(const uint32_t* links, const PieceRows& rows, MutableBytes text) {
  const size_t piece = at_least(text.size(), Pieces);
  const size_t last_piece = text.size() - piece * (Pieces - 1);
  std::array<uint32_t, Pieces> at;
  std::copy_n(rows.begin(), Pieces, at.begin());
  std::byte* out = text.data();
  for (size_t i = 0; i < last_piece; ++i) {
    for (size_t p = 0; p < Pieces; ++p) {
      const uint32_t link = links[at[p]];
      out[p * piece + i] = static_cast<std::byte>(link & 0xFF);
      at[p] = link >> 8;
    }
  }
  for (size_t p = 0; p + 1 < Pieces; ++p) {
    for (size_t i = last_piece; i < piece; ++i) {
      const uint32_t link = links[at[p]];
      out[p * piece + i] = static_cast<std::byte>(link & 0xFF);
      at[p] = link >> 8;
    }
    if (at[p] != rows[p + 1]) return false;
  }
  return at[Pieces - 1] == 0;
}

}  // namespace

size_t piece_count(size_t text_size) {
  if (text_size < size_t{1} << 14) return 1;
  if (text_size < size_t{1} << 18) return kFewPieces;
  if (text_size < size_t{1} << 21) return kSomePieces;
  return kMaxPieces;
}

size_t piece_size(size_t text_size) { return at_least(text_size, piece_count(text_size)); }

uint64_t forward_memory(size_t text_size) {
  return uint64_t{text_size} * sizeof(int32_t) + kSortBuckets;
}

Result<PieceRows> forward(ByteView text, SortSpace& space) {
  if (!space.valid()) return fail(ErrorCode::kLimit, "not enough memory to sort a block");
  const auto size = checked_cast<int32_t>(text.size());
  int32_t* suffixes = space.suffixes();
  if (divsufsort(reinterpret_cast<const sauchar_t*>(text.data()), suffixes, size) != 0) {
    return fail(ErrorCode::kLimit, "not enough memory to sort a block");
  }
  // The column takes the place of the suffixes: its byte of row r is written when the suffixes of
  // rows 1 to r have been read, r <= 4 · (r - 1) + 3.
  PieceRows rows{};
  const auto piece = static_cast<uint32_t>(piece_size(text.size()));
  std::byte* column = space.column().data();
  auto suffix = static_cast<uint32_t>(suffixes[0]);
  *column++ = text.back();
  for (uint32_t row = 1;; ++row) {
    if (suffix % piece == 0) rows[suffix / piece] = row;
    if (suffix != 0) *column++ = text[suffix - 1];
    if (row == text.size()) break;
    suffix = static_cast<uint32_t>(suffixes[row]);
  }
  return rows;
}

uint64_t inverse_memory(size_t text_size) { return (uint64_t{text_size} + 1) * sizeof(uint32_t); }

Result<void> inverse(MutableBytes text, const PieceRows& rows, const ByteMap& bytes,
                     MemoryBudget& budget) {
  const auto damaged = [] { return fail(ErrorCode::kDamaged, "a bwt block does not decode"); };
  const size_t pieces = piece_count(text.size());
  for (size_t p = 0; p < pieces; ++p) {
    if (rows[p] == 0 || rows[p] > text.size()) return damaged();
  }
  const uint64_t memory = inverse_memory(text.size());
  if (!budget.reserve(memory)) {
    return fail(ErrorCode::kDamaged, "a bwt block declares too little memory");
  }
  model::Arena arena(memory);
  if (!arena.valid()) return fail(ErrorCode::kLimit, "not enough memory to restore a block");
  uint32_t* const links = arena.take<uint32_t>(text.size() + 1).data();
  make_links(text, rows[0], bytes, links);
  bool restored = false;
  switch (pieces) {
    case 1:
      restored = follow<1>(links, rows, text);
      break;
    case kFewPieces:
      restored = follow<kFewPieces>(links, rows, text);
      break;
    case kSomePieces:
      restored = follow<kSomePieces>(links, rows, text);
      break;
    default:
      restored = follow<kMaxPieces>(links, rows, text);
      break;
  }
  budget.release(memory);
  if (!restored) return damaged();
  return {};
}

}  // namespace pith::bwt

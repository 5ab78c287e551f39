#include "codecs/bwt/block.h"

#include "base/byte_reader.h"

namespace pith::bwt {
namespace {

constexpr int kRowBytes = 3;

}  // namespace

uint64_t encode_memory(size_t size) { return forward_memory(size) + kColumnModelMemory; }

uint64_t decode_memory(size_t size) { return std::max(inverse_memory(size), kColumnModelMemory); }

Result<bool> encode(ByteView in, int effort, size_t room, ByteBuffer& out) {
  const size_t pieces = piece_count(in.size());
  const size_t head = 1 + kRowBytes * pieces;
  if (room < head) return false;
  SortSpace space(in.size());
  PITH_ASSIGN(const PieceRows rows, forward(in, space));
  const size_t begin = out.size();
  out.push_back(static_cast<std::byte>(effort));
  for (size_t p = 0; p < pieces; ++p) {
    for (int i = 0; i < kRowBytes; ++i) out.push_back(static_cast<std::byte>(rows[p] >> (8 * i)));
  }
  if (!encode_column(space.column(), effort, space.behind_column(), room - head, out)) {
    out.resize(begin);
    return false;
  }
  return true;
}

Result<void> decode(ByteView payload, MutableBytes out, MemoryBudget& budget) {
  const auto damaged = [] { return fail(ErrorCode::kDamaged, "a bwt block does not decode"); };
  if (out.empty() || out.size() > kMaxText) return damaged();
  ByteReader reader(payload);
  const int effort = reader.u8();
  PieceRows rows{};
  for (size_t p = 0; p < piece_count(out.size()); ++p) {
    rows[p] = reader.u16();
    rows[p] |= uint32_t{reader.u8()} << 16;
  }
  if (!reader.ok()) return damaged();
  PITH_TRY(decode_column(reader.rest(), effort, out, budget));
  return inverse(out, rows, budget);
}

}  // namespace pith::bwt

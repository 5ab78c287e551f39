#include "codecs/bwt/block.h"

#include "base/byte_reader.h"

namespace pith::bwt {
namespace {

// The first byte: the effort in its lower half, the sort order in its upper half.
constexpr int kOrderShift = 4;
constexpr size_t kRowBytes = 3;
constexpr size_t kMaxAlphabet = 256;

Result<PieceRows> sort(ByteView in, SortOrder order, SortSpace& space) {
  if (order == SortOrder::kByValue) return forward(in, space);
  const ByteMap places = places_of(order);
  ByteBuffer text(in.size());
  for (size_t i = 0; i < in.size(); ++i) text[i] = places[static_cast<size_t>(in[i])];
  return forward(text, space);
}

}  // namespace

// The text in another order, the sort and the model.
uint64_t encode_memory(size_t size) {
  return size + forward_memory(size) + column_model_memory(kMaxAlphabet);
}

uint64_t decode_memory(size_t size) {
  return std::max(inverse_memory(size), column_model_memory(std::min(size, kMaxAlphabet)));
}

uint64_t decode_memory(ByteView payload, size_t size) {
  const size_t alphabet = static_cast<size_t>(payload[1 + kRowBytes * piece_count(size)]) + 1;
  return std::max(inverse_memory(size), column_model_memory(alphabet));
}

Result<bool> encode(ByteView in, int effort, size_t room, ByteBuffer& out) {
  const size_t pieces = piece_count(in.size());
  const size_t head = 1 + kRowBytes * pieces;
  if (room < head) return false;
  SortSpace space(in.size());
  const SortOrder order = choose_sort_order(in);
  PITH_ASSIGN(const PieceRows rows, sort(in, order, space));
  const size_t begin = out.size();
  out.push_back({});  // the effort and the sort order, below
  for (size_t p = 0; p < pieces; ++p) {
    for (size_t i = 0; i < kRowBytes; ++i)
      out.push_back(static_cast<std::byte>(rows[p] >> (8 * i)));
  }
  if (!encode_column(space.column(), effort, space.behind_column(), room - head, out)) {
    out.resize(begin);
    return false;
  }
  out[begin] = static_cast<std::byte>(effort | static_cast<int>(order) << kOrderShift);
  return true;
}

Result<void> decode(ByteView payload, MutableBytes out, MemoryBudget& budget) {
  const auto damaged = [] { return fail(ErrorCode::kDamaged, "a bwt block does not decode"); };
  if (out.empty() || out.size() > kMaxText) return damaged();
  ByteReader reader(payload);
  const int first = reader.u8();
  const int effort = first & ((1 << kOrderShift) - 1);
  const int order = first >> kOrderShift;
  PieceRows rows{};
  for (size_t p = 0; p < piece_count(out.size()); ++p) {
    rows[p] = reader.u16();
    rows[p] |= uint32_t{reader.u8()} << 16;
  }
  if (!reader.ok() || order >= kSortOrders) return damaged();
  PITH_TRY(decode_column(reader.rest(), effort, out, budget));
  return inverse(out, rows, inverse_of(places_of(SortOrder{static_cast<uint8_t>(order)})), budget);
}

}  // namespace pith::bwt

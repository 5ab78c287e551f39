#include "codecs/bwt/column_coder.h"

#include <numeric>

#include "codecs/bwt/column_model.h"
#include "codecs/entropy/binary_coder.h"

namespace pith::bwt {
namespace {

// Where the model meets the arithmetic coder: code() takes the bit or gives it.
class Writer {
 public:
  explicit Writer(MutableBytes out) : encoder_(out) {}
  bool code(bool bit, uint32_t probability) {
    encoder_.encode(bit, probability);
    return bit;
  }
  entropy::BinaryEncoder& encoder() { return encoder_; }

 private:
  entropy::BinaryEncoder encoder_;
};

class Reader {
 public:
  explicit Reader(ByteView in) : decoder_(in) {}
  bool code(bool, uint32_t probability) { return decoder_.decode(probability); }
  const entropy::BinaryDecoder& decoder() const { return decoder_; }

 private:
  entropy::BinaryDecoder decoder_;
};

// Symbols in the order of their next occurrence.
class SymbolOrder {
 public:
  uint8_t& operator[](size_t rank) { return symbols_[rank]; }
  uint8_t operator[](size_t rank) const { return symbols_[rank]; }

  void move_front_to(size_t rank) {
    const uint8_t symbol = symbols_[0];
    for (size_t i = 0; i < rank; ++i) symbols_[i] = symbols_[i + 1];
    symbols_[rank] = symbol;
  }
  // Returns the rank that the symbol had.
  uint8_t move_to_front(uint8_t symbol) {
    uint8_t rank = 0;
    for (uint8_t moved = symbol;; ++rank) {
      std::swap(moved, symbols_[rank]);
      if (moved == symbol) return rank;
    }
  }

 private:
  std::array<uint8_t, 256 + 2> symbols_{};  // the last two are only looked at
};

template <int Effort>
class ColumnModel {
 public:
  // `order`: the bytes of the alphabet.
  ColumnModel(const SymbolOrder& order, size_t alphabet)
      : order_(order), lengths_(alphabet), ranks_(alphabet) {
    std::array<bool, 256> present{};
    for (size_t i = 0; i < alphabet; ++i) present[order[i]] = true;
    uint8_t number = 0;
    for (size_t byte = 0; byte < 256; ++byte) {
      if (present[byte]) numbers_[byte] = number++;
    }
  }

  std::byte symbol() const { return static_cast<std::byte>(order_[0]); }

  template <class Coder>
  uint32_t code_length(Coder& coder, uint32_t length) {
    run_ = {numbers_[order_[0]], numbers_[order_[1]], numbers_[order_[2]]};
    SymbolHistory& symbol = symbols_[run_.symbol];
    length_ = lengths_.code(coder, length, run_, symbol, history_);
    symbol.add_length(length_);
    return length_;
  }

  // Moves on to the next run.
  template <class Coder>
  uint32_t code_rank(Coder& coder, uint32_t rank) {
    SymbolHistory& symbol = symbols_[run_.symbol];
    rank = ranks_.code(coder, rank, length_, run_, symbol, symbols_[run_.next], history_);
    symbol.add_rank(rank);
    history_.add(length_, rank);
    order_.move_front_to(rank);
    return rank;
  }

 private:
  using Settings = EffortSettings<Effort>;

  SymbolOrder order_;
  std::array<uint8_t, 256> numbers_{};
  std::array<SymbolHistory, 256> symbols_{};
  RunHistory history_;
  RunContext run_;
  uint32_t length_ = 0;
  LengthModel<Settings> lengths_;
  RankModel<Settings> ranks_;
};

struct ColumnRanks {
  ByteView ranks;        // of every run, in order
  bool repeats = false;  // many of those above kSmallRank are the last one of their symbol again
};

// Writes the ranks to the end of `space`; `order` becomes the order of the symbols at the start of
// the column.
ColumnRanks find_ranks(ByteView column, MutableBytes space, SymbolOrder& order) {
  constexpr uint8_t kSmallRank = 4;
  constexpr size_t kOften = 8;  // one of so many
  std::array<uint8_t, 256> next{};
  std::array<size_t, 2> large{};  // those that differ from the symbol's next one, those that do not
  size_t begin = space.size();
  for (size_t end = column.size(); end > 0;) {
    const auto symbol = static_cast<uint8_t>(column[end - 1]);
    const uint8_t rank = order.move_to_front(symbol);
    large[next[symbol] == rank] += rank >= kSmallRank;
    next[symbol] = rank;
    space[--begin] = static_cast<std::byte>(rank);
    do {
      --end;
    } while (end > 0 && column[end - 1] == static_cast<std::byte>(symbol));
  }
  return {space.subspan(begin), large[1] * kOften > large[0] + large[1]};
}

template <int Effort>
void encode_runs(ByteView column, ByteView ranks, const SymbolOrder& order, size_t alphabet,
                 Writer& writer) {
  const auto model = std::make_unique<ColumnModel<Effort>>(order, alphabet);
  for (size_t at = 0; !writer.encoder().overflowed();) {
    size_t end = at + 1;
    while (end < column.size() && column[end] == column[at]) ++end;
    model->code_length(writer, static_cast<uint32_t>(end - at));
    at = end;
    if (at == column.size()) break;
    model->code_rank(writer, static_cast<uint32_t>(ranks.front()));
    ranks = ranks.subspan(1);
  }
}

template <int Effort>
bool decode_runs(Reader& reader, const SymbolOrder& order, size_t alphabet, MutableBytes column) {
  const auto model = std::make_unique<ColumnModel<Effort>>(order, alphabet);
  for (;;) {
    const std::byte symbol = model->symbol();
    const uint32_t length = model->code_length(reader, 0);
    if (length > column.size()) return false;
    std::fill_n(column.begin(), length, symbol);
    column = column.subspan(length);
    if (column.empty()) return true;
    if (alphabet == 1 || model->code_rank(reader, 0) >= alphabet) return false;
  }
}

}  // namespace

bool encode_column(ByteView column, int& effort, MutableBytes work, size_t room, ByteBuffer& out) {
  std::array<bool, 256> present{};
  for (const std::byte byte : column) present[static_cast<size_t>(byte)] = true;
  SymbolOrder order;
  size_t alphabet = 0;
  for (size_t byte = 0; byte < 256; ++byte) {
    if (present[byte]) order[alphabet++] = static_cast<uint8_t>(byte);
  }
  if (room < 1 + alphabet) return false;
  const auto [ranks, repeats] = find_ranks(column, work, order);
  if (repeats) effort = kRecordEffort;

  out.push_back(static_cast<std::byte>(alphabet - 1));
  for (size_t i = 0; i < alphabet; ++i) out.push_back(static_cast<std::byte>(order[i]));
  const size_t begin = out.size();
  out.resize(begin + room - 1 - alphabet);
  Writer writer(MutableBytes(out).subspan(begin));
  switch (effort) {
    case 1:
      encode_runs<1>(column, ranks, order, alphabet, writer);
      break;
    case 2:
      encode_runs<2>(column, ranks, order, alphabet, writer);
      break;
    case 3:
      encode_runs<3>(column, ranks, order, alphabet, writer);
      break;
    default:
      encode_runs<kRecordEffort>(column, ranks, order, alphabet, writer);
      break;
  }
  writer.encoder().finish();
  out.resize(begin + writer.encoder().size());
  return !writer.encoder().overflowed();
}

Result<void> decode_column(ByteView payload, int effort, MutableBytes column,
                           MemoryBudget& budget) {
  const auto damaged = [] { return fail(ErrorCode::kDamaged, "a bwt block does not decode"); };
  if (payload.empty()) return damaged();
  const size_t alphabet = static_cast<size_t>(payload[0]) + 1;
  if (payload.size() < 1 + alphabet) return damaged();
  SymbolOrder order;
  std::array<bool, 256> present{};
  for (size_t i = 0; i < alphabet; ++i) {
    order[i] = static_cast<uint8_t>(payload[1 + i]);
    if (std::exchange(present[order[i]], true)) return damaged();
  }
  if (!budget.reserve(column_model_memory(alphabet))) {
    return fail(ErrorCode::kDamaged, "a bwt block declares too little memory");
  }
  Reader reader(payload.subspan(1 + alphabet));
  bool decoded = false;
  switch (effort) {
    case 1:
      decoded = decode_runs<1>(reader, order, alphabet, column);
      break;
    case 2:
      decoded = decode_runs<2>(reader, order, alphabet, column);
      break;
    case 3:
      decoded = decode_runs<3>(reader, order, alphabet, column);
      break;
    case kRecordEffort:
      decoded = decode_runs<kRecordEffort>(reader, order, alphabet, column);
      break;
    default:
      return damaged();
  }
  budget.release(column_model_memory(alphabet));
  if (!decoded || reader.decoder().missing() > 4) return damaged();
  return {};
}

}  // namespace pith::bwt

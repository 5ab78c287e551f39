#include "codecs/cloud/tokens.h"

#include <algorithm>
#include <memory>
#include <numeric>

#include "base/varint.h"
#include "codecs/cloud/records.h"
#include "codecs/entropy/frequency_coder.h"
#include "codecs/entropy/log2_table.h"
#include "codecs/entropy/rans.h"

namespace pith::cloud {
namespace {

using entropy::Frequencies;
using entropy::Histogram;

// What a table takes, about, in 1/4096 bit.
constexpr uint64_t kTableCost = uint64_t{24} << 12;
constexpr uint64_t kSymbolCost = uint64_t{5} << 12;
constexpr uint8_t kMaxLanesLog = 7;

// Contexts that share a table.
struct Group {
  Histogram counts{};
  uint64_t total = 0;
  uint64_t cost = 0;
  size_t first = 0;  // context
};

// Merges neighbours of a slot as long as that saves something, or there are too many.
class Grouping {
 public:
  // `symbols`: more than the largest one.
  Grouping(std::span<const Histogram> counts, size_t first, size_t symbols) : symbols_(symbols) {
    for (size_t i = 0; i < counts.size(); ++i) {
      const uint64_t total = std::accumulate(counts[i].begin(), counts[i].end(), uint64_t{0});
      if (total == 0 && !groups_.empty()) continue;  // joins the group before
      groups_.push_back({.counts = counts[i], .total = total, .cost = 0, .first = first + i});
      groups_.back().cost = cost_of(groups_.back());
    }
    for (size_t i = 0; i + 1 < groups_.size(); ++i) {
      gains_.push_back(gain(groups_[i], groups_[i + 1]));
      order_.push_back(i);
    }
    order_.push_back(groups_.size() - 1);
  }

  std::vector<Group> merge(size_t most) {
    while (!gains_.empty()) {
      const auto best =
          static_cast<size_t>(std::max_element(gains_.begin(), gains_.end()) - gains_.begin());
      if (gains_[best] < 0 && order_.size() <= most) break;
      Group& both = groups_[order_[best]];
      both = merged(both, groups_[order_[best + 1]]);
      order_.erase(order_.begin() + static_cast<std::ptrdiff_t>(best) + 1);
      gains_.erase(gains_.begin() + static_cast<std::ptrdiff_t>(best));
      if (best < gains_.size()) gains_[best] = gain(both, groups_[order_[best + 1]]);
      if (best > 0) gains_[best - 1] = gain(groups_[order_[best - 1]], both);
    }
    std::vector<Group> left;
    for (const size_t at : order_) left.push_back(groups_[at]);
    return left;
  }

 private:
  uint64_t cost_of(const Group& group) const {
    if (group.total == 0) return 0;
    uint64_t cost = group.total * entropy::log2_fixed(group.total) + kTableCost;
    for (size_t s = 0; s < symbols_; ++s) {
      const uint32_t count = group.counts[s];
      if (count > 0) cost += kSymbolCost - count * uint64_t{entropy::log2_fixed(count)};
    }
    return cost;
  }
  Group merged(const Group& a, const Group& b) const {
    Group both{.counts = a.counts, .total = a.total + b.total, .cost = 0, .first = a.first};
    for (size_t s = 0; s < symbols_; ++s) both.counts[s] += b.counts[s];
    both.cost = cost_of(both);
    return both;
  }
  int64_t gain(const Group& a, const Group& b) const {
    return static_cast<int64_t>(a.cost + b.cost) - static_cast<int64_t>(merged(a, b).cost);
  }

  size_t symbols_;
  std::vector<Group> groups_;
  std::vector<size_t> order_;   // those that are left
  std::vector<int64_t> gains_;  // of merging one of them with the next
};

int bits_kept(uint64_t total) { return total < 1500 ? 3 : total < 15000 ? 4 : 6; }

// A run of bits, one for each context: does a table begin there?
ByteBuffer pack_bits(const std::vector<bool>& bits) {
  ByteBuffer packed((bits.size() + 7) / 8, std::byte{0});
  for (size_t i = 0; i < bits.size(); ++i) {
    if (bits[i]) packed[i / 8] |= std::byte{1} << (i % 8);
  }
  return packed;
}

size_t contexts_of(std::span<const uint16_t> slots) {
  return std::accumulate(slots.begin(), slots.end(), size_t{0});
}

}  // namespace

TokenRecorder::TokenRecorder(std::span<const uint16_t> slots, size_t tokens)
    : slots_(slots.begin(), slots.end()) {
  assert(contexts_of(slots) <= kMaxContexts);
  tokens_.reserve(tokens);
  counts_.resize(contexts_of(slots_));
}

size_t TokenRecorder::finish(size_t slots, ByteBuffer& out) {
  slots_.resize(slots);
  const auto counts = std::span(counts_).first(contexts_of(slots_));
  const size_t symbol_bound = largest_ + size_t{1};
  std::vector<Frequencies> frequencies;
  std::vector<uint8_t> kept;
  std::vector<uint8_t> table_of(counts.size());
  std::vector<bool> begins(counts.size());
  size_t first = 0;
  size_t used_slots = 0;
  for (const uint16_t slot : slots_) used_slots += slot > 0 ? 1 : 0;
  for (const uint16_t slot : slots_) {
    if (slot == 0) continue;
    // The slots that follow get a table each at least.
    --used_slots;
    const size_t most = kMaxTokenTables - frequencies.size() - used_slots;
    const auto groups = Grouping(counts.subspan(first, slot), first, symbol_bound).merge(most);
    for (size_t g = 0; g < groups.size(); ++g) {
      const size_t end = g + 1 < groups.size() ? groups[g + 1].first : first + slot;
      begins[groups[g].first] = true;
      for (size_t i = groups[g].first; i < end; ++i) {
        table_of[i] = static_cast<uint8_t>(frequencies.size());
      }
      Histogram its_counts = groups[g].counts;
      if (groups[g].total == 0) its_counts[0] = 1;
      const int bits = bits_kept(groups[g].total);
      frequencies.push_back(entropy::rounded(entropy::normalise(its_counts), bits));
      kept.push_back(static_cast<uint8_t>(bits));
    }
    first += slot;
  }
  std::vector<entropy::EncodeTable> tables;
  tables.reserve(frequencies.size());
  for (const Frequencies& table : frequencies) tables.emplace_back(table);

  // The symbols of each table in a row.
  std::vector<size_t> ends(tables.size());
  for (size_t i = 0; i < counts.size(); ++i) {
    for (const uint32_t count : counts[i]) ends[table_of[i]] += count;
  }
  std::vector<size_t> sizes = ends;
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<size_t> at(tables.size());
  for (size_t t = 0; t < tables.size(); ++t) at[t] = ends[t] - sizes[t];
  std::vector<uint8_t> symbols(tokens_.size());
  for (const uint32_t token : tokens_) {
    symbols[at[table_of[token >> 8]]++] = static_cast<uint8_t>(token);
  }

  // Those of a table with a single symbol take nothing.
  uint64_t coded = 0;
  for (size_t t = 0; t < tables.size(); ++t) coded += tables[t].single ? 0 : sizes[t];
  const size_t lanes = entropy::lanes_for(coded);
  std::vector<uint16_t> room(static_cast<size_t>(coded) + entropy::kSpareWords);
  entropy::RansEncoder rans(room, lanes, entropy::best_kernel());
  for (size_t t = tables.size(); t-- > 0;) {
    if (tables[t].single) continue;
    coded -= sizes[t];
    rans.encode(std::span(symbols).subspan(ends[t] - sizes[t], sizes[t]), coded, tables[t]);
  }

  ByteBuffer packed_tables;
  entropy::encode_frequencies(frequencies, kept, packed_tables);
  const ByteBuffer raw = raw_.finish();
  ByteWriter writer(out);
  writer.bytes(pack_bits(begins));
  for (const size_t size : sizes) write_varint(writer, size);
  write_varint(writer, packed_tables.size());
  write_varint(writer, rans.words().size());
  writer.u8(static_cast<uint8_t>(std::countr_zero(lanes)));
  writer.bytes(packed_tables);
  for (const uint32_t state : rans.states()) writer.u32(state);
  out.reserve(out.size() + 2 * rans.words().size() + raw.size());
  for (const uint16_t word : rans.words()) writer.u16(word);
  writer.bytes(raw);
  return symbols.size();
}

uint64_t TokenDecoder::memory(std::span<const uint16_t> slots) {
  return std::min(contexts_of(slots), kMaxTokenTables) * (sizeof(Row) + 2 * sizeof(Frequencies)) +
         2 * contexts_of(slots) + sizeof(entropy::DecodeTable) + 2048;
}

Result<TokenDecoder> TokenDecoder::make(std::span<const uint16_t> slots, ByteView section,
                                        MemoryBudget& budget) {
  TokenDecoder decoder;
  ByteReader in(section);
  const size_t contexts = contexts_of(slots);
  const ByteView begins = in.bytes((contexts + 7) / 8);
  if (!in.ok()) return damaged("the head of its tokens");
  size_t tables = 0;
  size_t context = 0;
  decoder.table_of_.resize(contexts);
  for (const uint16_t slot : slots) {
    for (size_t i = 0; i < slot; ++i, ++context) {
      const bool begin = (static_cast<uint32_t>(begins[context / 8]) >> (context % 8) & 1) != 0;
      if (begin) ++tables;
      if ((i == 0 && !begin) || tables > kMaxTokenTables) return damaged("its contexts");
      decoder.table_of_[context] = static_cast<uint8_t>(tables - 1);
    }
  }
  std::vector<size_t> sizes(tables);
  uint64_t symbols = 0;
  for (size_t& size : sizes) {
    const uint64_t its = read_varint(in);
    if (its > budget.left() - std::min(symbols, budget.left())) return damaged("its symbols");
    size = static_cast<size_t>(its);
    symbols += its;
  }
  const uint64_t frequencies_size = read_varint(in);
  const uint64_t words = read_varint(in);
  const uint8_t lanes_log = in.u8();
  const ByteView packed = in.bytes(frequencies_size);
  if (!in.ok() || lanes_log > kMaxLanesLog) return damaged("the head of its tokens");
  const ByteView states = in.bytes(uint64_t{4} << lanes_log);
  if (!in.ok() || words > in.remaining() / 2) return damaged("the head of its tokens");
  const ByteView word_bytes = in.bytes(words * 2);
  decoder.raw_ = RawBitReader(in.rest());
  PITH_ASSIGN(const auto frequencies, entropy::decode_frequencies(packed, tables));
  if (!budget.reserve(symbols)) return damaged("it declares too little memory");
  decoder.symbols_.resize(static_cast<size_t>(symbols));
  entropy::RansDecoder rans(states, word_bytes, entropy::best_kernel());
  uint8_t* at = decoder.symbols_.data();
  for (size_t t = 0; t < tables; ++t) {
    decoder.rows_.push_back({.at = at, .end = at + sizes[t]});
    if (sizes[t] == 0) continue;
    const auto table = std::make_unique<entropy::DecodeTable>(frequencies[t]);
    rans.decode({at, sizes[t]}, *table);
    at += sizes[t];
  }
  if (!rans.finished()) return damaged("its words");
  return decoder;
}

bool TokenDecoder::finished() const {
  return !damaged_ && raw_.finished() &&
         std::all_of(rows_.begin(), rows_.end(), [](const Row& row) { return row.at == row.end; });
}

}  // namespace pith::cloud

#include "codecs/cloud/tokens.h"

#include <algorithm>
#include <numeric>

#include "codecs/cloud/records.h"
#include "codecs/cloud/varint.h"
#include "codecs/entropy/frequency_coder.h"
#include "codecs/entropy/log2_table.h"

namespace pith::cloud {
namespace {

using entropy::Frequencies;
using entropy::Histogram;
using entropy::kRansBits;
using entropy::kRansLow;
using entropy::kRansTotal;

// What a table takes, about, in 1/4096 bit.
constexpr uint64_t kTableCost = uint64_t{24} << 12;
constexpr uint64_t kSymbolCost = uint64_t{5} << 12;

// Contexts that share a table.
struct Group {
  Histogram counts{};
  uint64_t total = 0;
  uint64_t cost = 0;
  size_t first = 0;  // context
};

uint64_t entropy_of(const Histogram& counts, uint64_t total) {
  if (total == 0) return 0;
  uint64_t cost = total * entropy::log2_fixed(total);
  for (const uint32_t count : counts) {
    if (count > 0) cost -= count * uint64_t{entropy::log2_fixed(count)};
  }
  return cost;
}

uint64_t cost_of(const Group& group) {
  if (group.total == 0) return 0;
  uint64_t symbols = 0;
  for (const uint32_t count : group.counts) symbols += count > 0 ? 1 : 0;
  return entropy_of(group.counts, group.total) + kTableCost + symbols * kSymbolCost;
}

Group merged(const Group& a, const Group& b) {
  Group both{.counts = a.counts, .total = a.total + b.total, .cost = 0, .first = a.first};
  for (size_t s = 0; s < both.counts.size(); ++s) both.counts[s] += b.counts[s];
  both.cost = cost_of(both);
  return both;
}

// Merges neighbours of a slot as long as that saves something, or there are too many.
std::vector<Group> group_contexts(std::span<const Histogram> counts, size_t first, size_t most) {
  std::vector<Group> groups;
  for (size_t i = 0; i < counts.size(); ++i) {
    const uint64_t total = std::accumulate(counts[i].begin(), counts[i].end(), uint64_t{0});
    if (total == 0 && !groups.empty()) continue;  // joins the group before
    Group group{.counts = counts[i], .total = total, .cost = 0, .first = first + i};
    group.cost = cost_of(group);
    groups.push_back(group);
  }
  const auto gain = [&](size_t i) {
    return static_cast<int64_t>(groups[i].cost + groups[i + 1].cost) -
           static_cast<int64_t>(merged(groups[i], groups[i + 1]).cost);
  };
  std::vector<int64_t> gains;
  for (size_t i = 0; i + 1 < groups.size(); ++i) gains.push_back(gain(i));
  while (!gains.empty()) {
    const auto best =
        static_cast<size_t>(std::max_element(gains.begin(), gains.end()) - gains.begin());
    if (gains[best] < 0 && groups.size() <= most) break;
    groups[best] = merged(groups[best], groups[best + 1]);
    groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(best) + 1);
    gains.erase(gains.begin() + static_cast<std::ptrdiff_t>(best));
    if (best < gains.size()) gains[best] = gain(best);
    if (best > 0) gains[best - 1] = gain(best - 1);
  }
  return groups;
}

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
}

void TokenRecorder::finish(size_t slots, ByteBuffer& out) {
  slots_.resize(slots);
  std::vector<Histogram> counts(contexts_of(slots_));
  for (const uint32_t token : tokens_) ++counts[token >> 8][token & 0xFF];
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
    const auto groups = group_contexts(std::span(counts).subspan(first, slot), first, most);
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

  std::vector<uint16_t> words(tokens_.size() + 1);
  uint16_t* at = words.data() + words.size();
  std::array<uint32_t, 2> states = {kRansLow, kRansLow};
  for (size_t i = tokens_.size(); i-- > 0;) {
    const entropy::EncodeTable& table = tables[table_of[tokens_[i] >> 8]];
    const uint32_t symbol = tokens_[i] & 0xFF;
    const uint32_t entry = table.entry[symbol];
    const uint32_t frequency = entry & 0xFFFF;
    uint32_t x = states[i & 1];
    // By arithmetic: whether a word is due cannot be foreseen, a branch would often be wrong.
    const auto due = static_cast<uint32_t>(x >= uint64_t{frequency} << 20);
    at[-1] = static_cast<uint16_t>(x);
    at -= due;
    x >>= 16 * due;
    if (frequency < kRansTotal) {
      auto quotient = static_cast<uint32_t>((uint64_t{x} * table.reciprocal[symbol]) >> 32);
      uint32_t rest = x - quotient * frequency;
      if (rest >= frequency) {
        rest -= frequency;
        ++quotient;
      }
      x = (quotient << kRansBits) + rest + (entry >> 16);
    }
    states[i & 1] = x;
  }
  const auto count = static_cast<size_t>(words.data() + words.size() - at);

  ByteBuffer packed_tables;
  entropy::encode_frequencies(frequencies, kept, packed_tables);
  const ByteBuffer raw = raw_.finish();
  ByteWriter writer(out);
  writer.bytes(pack_bits(begins));
  write_varint(writer, packed_tables.size());
  write_varint(writer, count);
  writer.bytes(packed_tables);
  for (const uint32_t state : states) writer.u32(state);
  out.reserve(out.size() + 2 * count + raw.size());
  for (size_t i = 0; i < count; ++i) writer.u16(at[i]);
  writer.bytes(raw);
}

uint64_t TokenDecoder::memory(std::span<const uint16_t> slots) {
  return std::min(contexts_of(slots), kMaxTokenTables) * (sizeof(Table) + 2 * sizeof(Frequencies)) +
         2 * contexts_of(slots) + 1024;
}

Result<TokenDecoder> TokenDecoder::make(std::span<const uint16_t> slots, ByteView section) {
  TokenDecoder decoder;
  ByteReader in(section);
  const size_t contexts = contexts_of(slots);
  const ByteView begins = in.bytes((contexts + 7) / 8);
  const uint64_t frequencies_size = read_varint(in);
  const uint64_t words = read_varint(in);
  const ByteView packed = in.bytes(frequencies_size);
  decoder.state_ = in.u32();
  decoder.other_ = in.u32();
  if (!in.ok() || words > in.remaining() / 2) return damaged("the head of its tokens");
  decoder.words_ = in.bytes(words * 2);
  decoder.raw_ = RawBitReader(in.rest());

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
  PITH_ASSIGN(const auto frequencies, entropy::decode_frequencies(packed, tables));
  decoder.tables_.resize(tables);
  for (size_t t = 0; t < tables; ++t) {
    Table& table = decoder.tables_[t];
    uint32_t start = 0;
    for (size_t s = 0; s < 256; ++s) {
      const uint32_t frequency = frequencies[t][s];
      table.entry[s] = start << 16 | frequency;
      std::fill_n(table.symbols.begin() + start, frequency, static_cast<uint8_t>(s));
      start += frequency;
    }
  }
  return decoder;
}

bool TokenDecoder::finished() const {
  return !damaged_ && word_ == words_.size() && raw_.finished() && state_ == kRansLow &&
         other_ == kRansLow;
}

}  // namespace pith::cloud

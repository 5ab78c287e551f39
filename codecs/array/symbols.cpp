#include "codecs/array/symbols.h"

#include <algorithm>
#include <array>

#include "base/varint.h"
#include "codecs/array/plan.h"
#include "codecs/array/token.h"
#include "codecs/entropy/frequency_coder.h"
#include "codecs/entropy/log2_table.h"

namespace pith::array {
namespace {

using entropy::EncodeTable;
using entropy::Frequencies;
using entropy::Histogram;

// Bits of a frequency that are kept: more where a table is used more often.
uint8_t kept_bits(uint64_t symbols) {
  return symbols < 1000 ? 2 : symbols < 8000 ? 3 : symbols < 50000 ? 5 : 7;
}

constexpr size_t kNumberContexts = 8;
size_t number_context(uint8_t token) {
  return token < 4 ? token : token < 16 ? 4 + token / 8 : token < 64 ? 6 : 7;
}

}  // namespace

uint64_t symbols_cost(std::span<const Histogram> histograms) {
  uint64_t cost = 0;
  for (const Histogram& histogram : histograms) {
    uint64_t total = 0;
    for (const uint32_t count : histogram) total += count;
    if (total == 0) continue;
    cost += total * entropy::log2_fixed(total);
    for (const uint32_t count : histogram) {
      if (count > 0) cost -= uint64_t{count} * entropy::log2_fixed(count);
    }
  }
  return cost;
}

SymbolTable::SymbolTable(const Frequencies& frequencies) : symbols{}, ranges{} {
  single = entropy::is_single(frequencies, symbol);
  if (single) return;
  uint32_t start = 0;
  for (size_t s = 0; s < frequencies.size(); ++s) {
    ranges[s] = start << 16 | frequencies[s];
    std::fill_n(symbols.begin() + start, frequencies[s], static_cast<uint8_t>(s));
    start += frequencies[s];
  }
}

void write_symbols(std::span<const uint8_t> symbols, std::span<const uint8_t> contexts,
                   size_t count, ByteWriter& out) {
  std::vector<Histogram> histograms(count, Histogram{});
  for (size_t i = 0; i < symbols.size(); ++i) ++histograms[contexts[i]][symbols[i]];
  std::vector<Frequencies> frequencies;
  std::vector<uint8_t> bits;
  std::vector<EncodeTable> tables;
  std::vector<uint8_t> numbers(count, 0);  // of the tables
  std::vector<uint8_t> used((count + 7) / 8, 0);
  for (size_t context = 0; context < count; ++context) {
    const Histogram& histogram = histograms[context];
    uint64_t total = 0;
    for (const uint32_t n : histogram) total += n;
    if (total == 0 && context > 0) continue;
    used[context / 8] |= static_cast<uint8_t>(1U << context % 8);
    numbers[context] = static_cast<uint8_t>(tables.size());
    bits.push_back(kept_bits(total));
    Frequencies table{};
    table[0] = static_cast<uint16_t>(entropy::kRansTotal);
    if (total > 0) table = entropy::rounded(entropy::normalise(histogram), bits.back());
    frequencies.push_back(table);
    tables.emplace_back(table);
  }
  ByteBuffer coded;
  entropy::encode_frequencies(frequencies, bits, coded);

  // Tables of one symbol leave the states alone and do not count for the lanes.
  size_t lanes_used = 0;
  for (size_t i = 0; i < symbols.size(); ++i)
    lanes_used += tables[numbers[contexts[i]]].single ? 0 : 1;
  std::vector<uint16_t> words(lanes_used + 1);
  uint16_t* at = words.data() + words.size();
  std::array<uint32_t, kSymbolLanes> states{};
  states.fill(entropy::kRansLow);
  size_t number = lanes_used;
  for (size_t i = symbols.size(); i-- > 0;) {
    const EncodeTable& table = tables[numbers[contexts[i]]];
    if (table.single) continue;
    uint32_t& state = states[--number % kSymbolLanes];
    const uint32_t entry = table.entry[symbols[i]];
    const uint32_t frequency = entry & 0xFFFF;
    uint32_t x = state;
    const auto due = static_cast<uint32_t>(x >= uint64_t{frequency} << 20);
    at[-1] = static_cast<uint16_t>(x);
    at -= due;
    x >>= 16 * due;
    auto quotient = static_cast<uint32_t>((uint64_t{x} * table.reciprocal[symbols[i]]) >> 32);
    uint32_t rest = x - quotient * frequency;
    if (rest >= frequency) {
      rest -= frequency;
      ++quotient;
    }
    state = (quotient << entropy::kRansBits) + rest + (entry >> 16);
  }
  const auto word_count = static_cast<size_t>(words.data() + words.size() - at);
  for (const uint8_t byte : used) out.u8(byte);
  write_varint(out, coded.size());
  write_varint(out, word_count);
  out.bytes(coded);
  for (const uint32_t state : states) out.u32(state);
  for (size_t i = 0; i < word_count; ++i) out.u16(at[i]);
}

Result<SymbolReader> SymbolReader::open(ByteReader& in, size_t contexts, MemoryBudget& budget) {
  SymbolReader reader;
  size_t tables = 0;
  uint8_t used = 0;
  for (size_t context = 0; context < contexts; ++context) {
    if (context % 8 == 0) used = in.u8();
    if ((used >> context % 8 & 1) != 0) {
      reader.numbers_[context] = static_cast<uint8_t>(tables++);
    } else {
      reader.all_have_tables_ = false;
    }
  }
  if (tables == 0) return damaged("its tables");
  const uint64_t table_bytes = read_varint(in);
  const uint64_t words = read_varint(in);
  const ByteView coded = in.bytes(table_bytes);
  if (!in.ok() || words > in.remaining()) return damaged("its symbols");
  if (!budget.reserve(memory(contexts))) return damaged("it takes more memory than declared");
  PITH_ASSIGN(const auto frequencies, entropy::decode_frequencies(coded, tables));
  reader.tables_.reserve(tables);
  for (const Frequencies& table : frequencies) reader.tables_.emplace_back(table);
  for (uint32_t& state : reader.begin_.states_) state = in.u32();
  const ByteView view = in.bytes(words * 2);
  if (!in.ok()) return damaged("it is too short");
  reader.begin_.at_ = view.data();
  reader.begin_.end_ = view.data() + view.size();
  return reader;
}

bool SymbolCursor::finished() const {
  return !short_ && at_ == end_ && std::all_of(states_.begin(), states_.end(), [](uint32_t x) {
    return x == entropy::kRansLow;
  });
}

uint64_t numbers_memory() { return SymbolReader::memory(kNumberContexts); }

void write_numbers(std::span<const uint64_t> numbers, ByteWriter& out) {
  std::vector<uint8_t> symbols(numbers.size());
  std::vector<uint8_t> contexts(numbers.size());
  BitWriter raw;
  uint8_t before = 0;
  for (size_t i = 0; i < numbers.size(); ++i) {
    contexts[i] = static_cast<uint8_t>(number_context(before));
    symbols[i] = before = token_of(numbers[i]);
    const int bits = raw_bits_of(before);
    raw.put(numbers[i] & ((uint64_t{1} << bits) - 1), bits);
  }
  write_symbols(symbols, contexts, kNumberContexts, out);
  const ByteBuffer& bits = raw.finish();
  write_varint(out, bits.size());
  out.bytes(bits);
}

Result<void> read_numbers(ByteReader& in, MemoryBudget& budget, std::span<uint64_t> numbers) {
  PITH_ASSIGN(const auto reader, SymbolReader::open(in, kNumberContexts, budget));
  SymbolCursor symbols = reader.begin();
  const uint64_t size = read_varint(in);
  const ByteView bits = in.bytes(size);
  if (!in.ok()) return damaged("it is too short");
  BitReader raw(bits);
  uint8_t before = 0;
  for (uint64_t& number : numbers) {
    before = symbols.next(reader.table_of(number_context(before)));
    number = number_of(before, raw.take(raw_bits_of(before)));
  }
  budget.release(numbers_memory());
  if (!symbols.finished() || !raw.all_read()) return damaged("its numbers");
  return {};
}

}  // namespace pith::array

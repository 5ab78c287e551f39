#include "codecs/las/token_streams.h"

#include <algorithm>
#include <array>

#include "base/byte_reader.h"
#include "base/byte_writer.h"
#include "codecs/entropy/frequency_coder.h"
#include "codecs/entropy/log2_table.h"
#include "codecs/entropy/rans.h"
#include "codecs/las/damage.h"

namespace pith::las {
namespace {

using entropy::Frequencies;
using entropy::Histogram;

constexpr uint8_t kTableBits = 5;  // of a frequency, after the leading one

// Bits that a table and its symbols take, in 1/4096.
uint64_t price_of(const Histogram& histogram) {
  uint64_t total = 0;
  for (const uint32_t count : histogram) total += count;
  if (total == 0) return 0;
  const uint64_t whole = entropy::log2_fixed(total);
  uint64_t bits = 16 << 12;
  for (const uint32_t count : histogram) {
    if (count == 0) continue;
    bits += count * (whole - entropy::log2_fixed(count)) + (7 << 12);
  }
  return bits;
}

// A run of contexts that share a table.
struct Cluster {
  Histogram histogram{};
  size_t contexts = 0;
  uint64_t price = 0;
};

Cluster together(const Cluster& one, const Cluster& two) {
  Cluster both = one;
  for (size_t s = 0; s < 256; ++s) both.histogram[s] += two.histogram[s];
  both.contexts += two.contexts;
  both.price = price_of(both.histogram);
  return both;
}

// Merges neighbours as long as that saves.
void merge(std::vector<Cluster>& clusters) {
  const auto saved_at = [&](size_t i) {
    const uint64_t apart = clusters[i].price + clusters[i + 1].price;
    return static_cast<int64_t>(apart) -
           static_cast<int64_t>(together(clusters[i], clusters[i + 1]).price);
  };
  std::vector<int64_t> saved;  // by merging each with the next
  for (size_t i = 0; i + 1 < clusters.size(); ++i) saved.push_back(saved_at(i));
  while (!saved.empty()) {
    const auto best = std::max_element(saved.begin(), saved.end());
    if (*best < 0) return;
    const auto at = static_cast<size_t>(best - saved.begin());
    clusters[at] = together(clusters[at], clusters[at + 1]);
    clusters.erase(clusters.begin() + static_cast<std::ptrdiff_t>(at) + 1);
    saved.erase(best);
    if (at < saved.size()) saved[at] = saved_at(at);
    if (at > 0) saved[at - 1] = saved_at(at - 1);
  }
}

}  // namespace

void TokenWriter::finish(ByteBuffer& out, entropy::Kernel kernel) {
  ByteWriter writer(out);
  std::vector<Frequencies> tables;
  std::vector<size_t> table_of;  // of each context
  ByteBuffer runs;
  ByteWriter run_writer(runs);
  size_t context = 0;
  for (const uint16_t contexts : plan_.contexts) {
    std::vector<Cluster> clusters(contexts);
    for (size_t i = 0; i < contexts; ++i) {
      entropy::count_symbols(rows_[context + i], clusters[i].histogram);
      clusters[i].contexts = 1;
      clusters[i].price = price_of(clusters[i].histogram);
    }
    merge(clusters);
    for (const Cluster& cluster : clusters) {
      write_varint(run_writer, cluster.contexts);
      const bool used = cluster.price > 0;
      for (size_t i = 0; i < cluster.contexts; ++i, ++context) {
        write_varint(run_writer, rows_[context].size());
        table_of.push_back(tables.size());
      }
      if (used) {
        tables.push_back(entropy::rounded(entropy::normalise(cluster.histogram), kTableBits));
      }
    }
  }
  std::vector<entropy::EncodeTable> encoders;
  encoders.reserve(tables.size());
  for (const Frequencies& table : tables) encoders.emplace_back(table);
  // Where a table has one symbol, rANS leaves its lanes alone.
  const auto is_coded = [&](size_t i) {
    return !rows_[i].empty() && !encoders[table_of[i]].single;
  };
  uint64_t symbols = 0;
  for (size_t i = 0; i < rows_.size(); ++i) symbols += is_coded(i) ? rows_[i].size() : 0;
  const size_t lanes = entropy::lanes_for(symbols);
  std::vector<uint16_t> room(symbols + entropy::kSpareWords);
  entropy::RansEncoder rans(room, lanes, kernel);
  uint64_t first = symbols;
  for (size_t i = rows_.size(); i-- > 0;) {
    if (!is_coded(i)) continue;
    first -= rows_[i].size();
    rans.encode(rows_[i], first, encoders[table_of[i]]);
  }
  ByteBuffer frequencies;
  if (!tables.empty()) {
    const std::vector<uint8_t> bits(tables.size(), kTableBits);
    entropy::encode_frequencies(tables, bits, frequencies);
  }
  ByteBuffer raw = raw_.finish();
  writer.u8(static_cast<uint8_t>(std::countr_zero(lanes)));
  write_varint(writer, tables.size());
  write_varint(writer, runs.size());
  write_varint(writer, frequencies.size());
  write_varint(writer, raw.size());
  write_varint(writer, rans.words().size());
  writer.bytes(runs);
  writer.bytes(frequencies);
  writer.bytes(raw);
  for (const uint32_t state : rans.states()) writer.u32(state);
  for (const uint16_t word : rans.words()) writer.u16(word);
}

uint64_t TokenReader::memory(const TokenPlan& plan, uint64_t most) {
  constexpr uint64_t kRowMemory = sizeof(Row) + 64;
  return most + plan.total() * (2 * sizeof(Frequencies) + kRowMemory) +
         sizeof(entropy::DecodeTable) + 4096;
}

Result<TokenReader> TokenReader::make(const TokenPlan& plan, ByteView payload, uint64_t most,
                                      entropy::Kernel kernel) {
  ByteReader reader(payload);
  const uint32_t lanes_log = reader.u8();
  const uint64_t table_count = read_varint(reader);
  const uint64_t runs_size = read_varint(reader);
  const uint64_t frequencies_size = read_varint(reader);
  const uint64_t raw_size = read_varint(reader);
  const uint64_t words = read_varint(reader);
  ByteReader runs(reader.bytes(runs_size));
  const ByteView frequencies = reader.bytes(frequencies_size);
  const ByteView raw = reader.bytes(raw_size);
  if (!reader.ok() || lanes_log > 7 || table_count > plan.total() ||
      words > reader.remaining() / 2) {
    return damaged("its sections");
  }
  const ByteView states = reader.bytes(uint64_t{4} << lanes_log);
  const ByteView word_bytes = reader.bytes(2 * words);
  if (!reader.finished()) return damaged("its streams");
  std::vector<Frequencies> tables;
  if (table_count > 0) {
    PITH_ASSIGN(tables, entropy::decode_frequencies(frequencies, static_cast<size_t>(table_count)));
  } else if (!frequencies.empty()) {
    return damaged("its tables");
  }
  TokenReader result(raw);
  result.rows_.resize(plan.total());
  // Runs of contexts, and how many symbols each context has.
  std::vector<size_t> table_of(plan.total());
  uint64_t symbols = 0;
  size_t context = 0;
  size_t table = 0;
  for (const uint16_t contexts : plan.contexts) {
    const size_t end = context + contexts;
    while (context < end) {
      const uint64_t together = read_varint(runs);
      if (together == 0 || together > end - context) return damaged("its contexts");
      uint64_t in_cluster = 0;
      for (uint64_t i = 0; i < together; ++i, ++context) {
        const uint64_t size = read_varint(runs);
        if (!runs.ok() || size > most - symbols) return damaged("its number of symbols");
        result.rows_[context] = {static_cast<size_t>(symbols), static_cast<size_t>(symbols + size)};
        table_of[context] = table;
        symbols += size;
        in_cluster += size;
      }
      if (in_cluster > 0) ++table;
    }
  }
  if (!runs.finished() || table != tables.size()) return damaged("its runs");
  result.symbols_.resize(static_cast<size_t>(symbols));
  entropy::RansDecoder rans(states, word_bytes, kernel);
  size_t made = SIZE_MAX;
  std::vector<entropy::DecodeTable> decoder;  // one at a time: it is large
  for (size_t i = 0; i < result.rows_.size(); ++i) {
    const Row& row = result.rows_[i];
    if (row.at == row.end) continue;
    if (table_of[i] != made) {
      made = table_of[i];
      decoder.clear();
      decoder.emplace_back(tables[made]);
    }
    rans.decode(std::span(result.symbols_).subspan(row.at, row.end - row.at), decoder[0]);
  }
  if (!rans.finished()) return damaged("its words");
  return result;
}

bool TokenReader::finished() const {
  if (short_ || !raw_.finished()) return false;
  return std::all_of(rows_.begin(), rows_.end(), [](const Row& row) { return row.at == row.end; });
}

}  // namespace pith::las
